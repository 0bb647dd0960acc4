//! The gRPC service for the organisation's own people and programs, and the client that the command line uses.
//! Thin: everything is decided in `node`.

mod agreements;
mod argument;
mod assessments;
mod attachments;
mod bundles;
mod call;
pub mod client;
mod endings;
mod evidence;
mod explain;
mod feed;
mod introductions;
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
