//! The store's SQL. It is written once, in the dialect that SQLite and PostgreSQL share, and runs over a [driver](driver::Driver).
//!
//! `query.rs` and `value.rs` are the small layer between statements and a driver, `dialect.rs` names what differs between
//! databases, and `transaction.rs` says what a transaction consists of. Each other file has the statements and the transactions of
//! one subject.

pub(super) mod damages;
mod agreements;
mod answers;
mod approvals;
mod arrival;
mod assessments;
mod attached;
mod attachments;
mod browser_sessions;
mod bundles;
mod catalogue;
mod catalogue_store;
mod dialect;
mod drafts;
pub(super) mod driver;
mod equivocations;
mod extracts;
mod forward;
mod holders;
mod introductions;
mod keys;
pub(super) mod ledger;
mod lists;
mod lock;
mod manifests;
mod outbox;
mod partners;
mod peers;
mod pending_verification;
mod pending_work;
mod people;
mod personal;
mod publish;
mod purge;
mod quarantine;
pub(super) mod query;
pub(super) mod queue;
mod recalls;
mod receipts;
mod receive;
mod release;
mod requests;
mod roots;
mod rules;
mod search;
pub(super) mod store;
mod store_impl;
mod subject_states;
mod timers;
pub(super) mod transaction;
mod unverified;
pub(super) mod value;
mod words;
