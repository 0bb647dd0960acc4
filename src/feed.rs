//! The state machines of a feed, without I/O: numbering outgoing entries, checking incoming ones, and waiting between attempts.

pub mod ahead;
pub mod backoff;
pub mod inbound;
pub mod outbound;
