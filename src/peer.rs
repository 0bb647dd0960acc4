//! What partners' nodes say to each other: the Exchange service, and the follower that dials partners. This layer is thin, because `node`
//! decides everything.

pub mod follower;
pub mod hello;
mod ledger;
mod lists;
pub mod link;
pub mod service;
pub mod statements;
