//! Drafts that the node keeps for its people: each text as it was typed, finished or not, with everybody's revisions.

pub mod change;
pub mod read;
pub mod share;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{own_identity::OwnIdentity, people::People},
    store::Store,
};

/// Drafts that the node keeps.
pub struct Drafts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) people: Arc<People>,
    /// Held during a change, so that this process makes one at a time. A second process would have its own; the store then refuses the later of two
    /// changes, and it is made again on what is there by then.
    pub(crate) changing: tokio::sync::Mutex<()>,
}
