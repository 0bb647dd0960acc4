//! What partners' nodes say to each other over the peer listener: the Exchange service, and the follower that dials.
//! Thin: everything is decided in `node`.

pub mod follower;
pub mod hello;
mod ledger;
mod lists;
pub mod link;
pub mod service;
pub mod statements;
