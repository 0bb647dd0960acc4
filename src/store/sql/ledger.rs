//! The ledger's tables: entries, the tree over them, the state, and the records that are stored in addition to the entries.

pub(in crate::store) mod append;
pub(super) mod entries;
mod ledger_store;
mod nodes;
mod records;
mod state;
mod verify;
