//! What is true with no computer around: names, times, places, markings, portions, agreements.
//! No I/O, no protobuf, no SQL, no clock and no randomness of its own.

pub mod admiralty;
pub mod fault;
pub mod framework;
pub mod group;
pub mod ids;
pub mod lexicon;
pub mod likelihood;
pub mod place;
pub mod time;
