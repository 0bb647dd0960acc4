//! The gRPC services for the organisation's own people and programs, and the client that the command line uses.
//!
//! Each noun has a file with its service, the handlers of its calls, and the form in which it shows its things. The handlers only translate:
//! `node` decides everything.

mod agreements;
mod approvals;
mod argument;
mod assessment_list;
mod assessment_view;
mod assessments;
mod attachments;
mod call;
pub mod client;
mod console;
mod decisions;
mod drafts;
pub mod effect;
mod explain;
mod feed;
mod filter;
mod introductions;
mod ledger;
mod node;
mod page;
mod partners;
mod people;
mod personal;
mod recalls;
mod receipts;
mod requests;
mod rules;
pub mod service;
mod stream;
mod trust;
