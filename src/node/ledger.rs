//! The ledger in operation: its checkpoints, what partners have seen of it, and what is held of their ledgers.

pub mod rank;
pub mod audit;
pub mod begin;
pub mod checkpoints;
pub mod greet;
pub mod invited;
pub mod keys;
pub mod last_heard;
pub mod loss;
pub mod open_alarms;
pub mod partner_ledgers;
pub mod parts;
pub mod prove;
pub mod reported_people;
pub mod settle;
pub mod sign_ins;
pub mod start;
pub mod take;
pub mod views;

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64},
};

use arc_swap::ArcSwap;

use crate::{
    domain::time::Clock,
    node::{
        alarms::Alarms,
        bundles::Bundles,
        directory::PartnerDirectory,
        ledger::{
            last_heard::LastHeard,
            loss::LedgerLoss,
            partner_ledgers::PartnerLedgers,
            parts::{KeepHead, KeepKey},
            start::StartWait,
        },
        own_identity::OwnIdentity,
        people::People,
        revocations::RevocationLists,
        sessions::PartnerSessions,
        trust_in_force::TrustInForce,
    },
    seal::raw::RawKey,
    store::Store,
};

/// The ledger in operation: checkpoints, witnesses, audits, and what happens after a loss.
pub struct Ledger {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) bundles: Arc<Bundles>,
    pub(crate) people: Arc<People>,
    pub(crate) revocations: Arc<RevocationLists>,
    /// The key that signs the ledger's notes. The store decides: nothing is signed with it if the store is in another epoch than `epoch`. A
    /// second process whose key another one has changed signs nothing until it is started anew.
    pub(crate) key: ArcSwap<RawKey>,
    /// Stores the key.
    pub(crate) keep_key: KeepKey,
    /// What partners have shown since the start. A second process would have its own: each waits for what partners tell it.
    pub(crate) start: StartWait,
    /// Between two checkpoints the ledger grows by a multiple of this.
    pub(crate) quantum: u32,
    /// Writes the newest checkpoint beside the store.
    pub(crate) keep_head: KeepHead,
    /// The size in the note that was last written beside the store before the first head. The store decides; this only saves work.
    pub(crate) marked: AtomicU64,
    /// The epoch of `key`. The store decides, as for the key.
    pub(crate) epoch: AtomicU32,
    /// Whether entries are lost that this node has signed.
    pub(crate) loss: Arc<LedgerLoss>,
    /// Held while a checkpoint is signed, the key is changed or the ledger is settled, so that one happens at a time. The store decides; this
    /// only saves work: a change of the ledger's state names the state that it was decided on, and a head is signed for the epoch of the key.
    pub(crate) signing: tokio::sync::Mutex<()>,
    /// What is known of partners' ledgers. A second process would have its own; see [`PartnerLedgers`].
    pub(crate) watch: PartnerLedgers,
    /// When each person was last heard. The store decides; this only saves work: a sign-in within the last 15 minutes is recorded once.
    pub(crate) last_heard: LastHeard,
}
