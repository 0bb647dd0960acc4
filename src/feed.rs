//! The protocol machines of a feed, without I/O: numbering what goes out, checking what comes in, waiting between tries.

pub mod ahead;
pub mod backoff;
pub mod inbound;
pub mod outbound;
