//! The gRPC service for the organisation's own people and programs, and the client that the command line uses.
//! Thin: everything is decided in `node`.

mod agreements;
mod argument;
mod call;
pub mod client;
mod endings;
mod explain;
mod feed;
mod ledger;
mod lists;
mod partners;
mod people;
mod requests;
mod recall;
mod rules;
pub mod service;
mod view;
mod waiting;
