//! Connections: mutual TLS, HTTP/2 and their limits; what the listeners for partners and for the organisation's own people
//! share. Who may connect is decided in `identity`; what is said over a connection is not known here.

mod addresses;
pub mod dialler;
pub mod gate;
pub mod limits;
pub mod listener;
mod live;
mod notes;
mod progress;
mod seats;
mod socket;
pub mod share;
mod strikes;

pub use live::Standing;
