//! What is true with no computer around: names, times, places, markings, portions, agreements.
//! No I/O, no protobuf, no SQL, no clock and no randomness of its own.

pub mod fault;
pub mod ids;
pub mod time;
