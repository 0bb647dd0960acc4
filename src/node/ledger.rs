//! The ledger at work: its checkpoints, what partners have seen of it, what is held of theirs, and what is done where something
//! is wrong.

mod alarm;
mod audit;
mod greet;
mod persons;
mod prove;
mod settle;
mod take;
mod watch;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

pub use alarm::Alarm;
pub use audit::{Found, HeadView, Listed, WitnessView};
pub use prove::{NoteKnown, Step};
pub use settle::Settlement;
pub use take::Next;

use super::{Node, fault::lost};
use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        ledger::{LedgerKey, of_origin, origin},
        statement::{Envelope, StatementKind},
    },
    ledger::{
        heads::AlarmKind,
        note::{Checkpoint, LogKey, Note},
    },
    seal::{hash::sha256, random, raw::RawKey},
    store::ledger::{Kept, KeptRecord, LedgerChange, LedgerState},
    wire,
};

/// Writes the newest checkpoint beside the store, so that it is there when an older store is.
pub type KeepHead = Arc<dyn Fn(&[u8]) -> Result<(), String> + Send + Sync>;

/// What the ledger is made of; `app` wires it.
pub struct LedgerParts {
    /// What its notes are signed with.
    pub key: RawKey,
    /// Between two checkpoints it grows by a multiple of this.
    pub quantum: u32,
    /// The newest checkpoint, as it was written beside the store.
    pub found_head: Option<Vec<u8>>,
    /// Writes the newest one there.
    pub keep_head: KeepHead,
}

/// The ledger's part of a node.
pub(super) struct Ledger {
    key: Arc<RawKey>,
    quantum: u32,
    keep_head: KeepHead,
    epoch: AtomicU32,
    /// Nothing is served: entries are lost that this node has signed.
    is_behind: AtomicBool,
    /// One checkpoint at a time, and none while it is settled.
    signing: tokio::sync::Mutex<()>,
    alarming: tokio::sync::Mutex<()>,
    settling: tokio::sync::Mutex<()>,
    watch: watch::Watch,
    persons: persons::Persons,
}

impl Ledger {
    /// Without anything known yet.
    ///
    /// # Errors
    /// Where the operating system has no random bytes.
    pub(super) fn new(key: RawKey, quantum: u32, keep_head: KeepHead) -> Result<Self, Fault> {
        Ok(Self {
            key: Arc::new(key),
            quantum,
            keep_head,
            epoch: AtomicU32::new(1),
            is_behind: AtomicBool::new(false),
            signing: tokio::sync::Mutex::default(),
            alarming: tokio::sync::Mutex::default(),
            settling: tokio::sync::Mutex::default(),
            watch: watch::Watch::new(random::bytes()?),
            persons: persons::Persons::default(),
        })
    }
}

/// What is said to whoever wants something done meanwhile.
const BEHIND: &str = "this node's ledger is behind a head that it has signed: an older store was put in its place; an administrator settles \
    that with `watchfire ledger settle --reason \"...\"`";
/// The same, to partners.
const BEHIND_THERE: &str =
    "the sender's ledger is behind its witnesses; the feed goes on once its administrator has settled that";

impl Node {
    /// Takes the ledger up: where it stands, what is held of partners, and whether the store is older than the head beside it.
    pub(super) async fn begin_ledger(&self, found_head: Option<&[u8]>) -> Result<(), Fault> {
        let state = self.store.ledger().await?;
        self.ledger.epoch.store(state.epoch, Ordering::Relaxed);
        self.ledger.is_behind.store(!state.behind.is_empty(), Ordering::Relaxed);
        if let Some(found) = found_head {
            match Note::parse(found) {
                Ok(note) => self.compare_own(None, &note, &state).await?,
                Err(fault) => tracing::error!(%fault, "the head beside the store can't be read and is passed over"),
            }
        }
        if self.is_behind() {
            tracing::error!(reason = %Reason::BehindWitnesses, BEHIND);
        }
        self.watch_partners().await?;
        match self.own_ledger_key().await {
            // A node that comes back after its signing certificate has ended, or before its clock is right, starts all the same:
            // it takes what comes, and greets partners with its ledger once it has a good certificate.
            Err(fault) if fault.reason == Reason::Unavailable => {
                tracing::error!(reason = %fault.reason, message = %fault.message, "the ledger's key is not signed yet");
                Ok(())
            }
            signed => signed.map(drop),
        }
    }

    /// Under what name and by what key this node signs its ledger.
    pub(super) fn own_log_key(&self) -> LogKey {
        let epoch = self.ledger.epoch.load(Ordering::Relaxed);
        LogKey { name: origin(self.domain(), epoch), public: self.ledger.key.public_key() }
    }

    /// The statement of the ledger's key, with a signature that is good now.
    async fn own_ledger_key(&self) -> Result<Envelope, Fault> {
        let own = self.own_log_key();
        let epoch = self.ledger.epoch.load(Ordering::Relaxed);
        let now = self.now();
        let held = self.store.kept(Kept::Key, None, 1).await?.pop();
        if let Some(envelope) = held.and_then(|r| wire::envelope::decode(&r.value).ok())
            && wire::ledger::decode_key(&envelope.payload).is_ok_and(|k| k.origin == own.name && k.public == own.public)
        {
            // While the own certificate has ended, the statement as it is: partners know the key already.
            return Ok(self.signed_by_a_good_key(envelope.clone(), now).unwrap_or(envelope));
        }
        let key = LedgerKey { origin: own.name, public: own.public, epoch, created: now };
        let envelope = self.sign(StatementKind::LedgerKey, wire::ledger::encode_key(&key))?;
        let value = wire::envelope::encode(&envelope);
        let record = KeptRecord { kind: Kept::Key, of: None, number: epoch.into(), value };
        let deed = Deed::KeyChanged { key: "ledger".to_owned(), digest: Sha256(sha256(&[&own.public])) };
        self.store.keep(vec![record], vec![Event { at: now, by: None, deed }]).await?;
        Ok(envelope)
    }

    /// Signs a checkpoint, and writes it beside the store. Nothing while entries are lost: a head of a size that was signed before
    /// would be a fork.
    ///
    /// # Errors
    /// Store faults.
    pub async fn sign_checkpoint(&self) -> Result<(), Fault> {
        let _signing = self.ledger.signing.lock().await;
        if self.is_behind() {
            return Ok(());
        }
        let (domain, key) = (self.domain().clone(), self.ledger.key.clone());
        let sign = move |epoch: u32, size: u64, root: &[u8; 32]| {
            let checkpoint = Checkpoint { origin: origin(&domain, epoch), size, root: *root };
            Note::sign(checkpoint, &key).to_string().into_bytes()
        };
        let note = self.store.checkpoint(self.ledger.quantum.into(), self.now(), Box::new(sign)).await?;
        let keep = self.ledger.keep_head.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || keep(&note)).await.map_err(lost)? {
            tracing::error!(error, "the newest head could not be written beside the store");
        }
        Ok(())
    }

    /// Whether entries are lost that this node has signed.
    pub fn is_behind(&self) -> bool {
        self.ledger.is_behind.load(Ordering::Relaxed)
    }

    /// Nothing is changed while entries are lost that this node has signed.
    ///
    /// # Errors
    /// `BEHIND_WITNESSES`.
    pub fn may_change(&self) -> Result<(), Fault> {
        if self.is_behind() { Err(Fault::new(Reason::BehindWitnesses, BEHIND)) } else { Ok(()) }
    }

    /// Nothing goes out while entries are lost that this node has signed.
    pub(super) fn may_feed(&self) -> Result<(), Fault> {
        if self.is_behind() { Err(Fault::new(Reason::BehindWitnesses, BEHIND_THERE)) } else { Ok(()) }
    }

    /// Compares a note that this node's key has signed with what is here. `by`: the partner who showed it; `None`: it stood beside
    /// the store. A note of another key, or of an epoch that was settled, says nothing.
    async fn compare_own(&self, by: Option<&TrustDomain>, note: &Note, state: &LedgerState) -> Result<(), Fault> {
        let head = &note.checkpoint;
        let Some((domain, epoch)) = of_origin(&head.origin) else { return Ok(()) };
        let key = LogKey { name: head.origin.clone(), public: self.ledger.key.public_key() };
        if domain != *self.domain() || note.verify(&key).is_err() {
            tracing::warn!(
                partner = by.map(ToString::to_string),
                "a note was shown as this node's own that it has not signed"
            );
            return Ok(());
        }
        if self.is_lost(epoch, head, state).await? { self.fall_behind(by, note).await } else { Ok(()) }
    }

    /// Whether an own head is of this epoch or a later one, and its entries are not here.
    async fn is_lost(&self, epoch: u32, head: &Checkpoint, state: &LedgerState) -> Result<bool, Fault> {
        let here = if epoch == state.epoch { self.store.ledger_root(head.size).await? } else { None };
        Ok(epoch >= state.epoch && here != Some(head.root))
    }

    async fn fall_behind(&self, by: Option<&TrustDomain>, note: &Note) -> Result<(), Fault> {
        let _signing = self.ledger.signing.lock().await;
        // What was found may have been settled while the lock was waited for.
        let state = self.store.ledger().await?;
        if !self.is_lost(rank(note).0, &note.checkpoint, &state).await? {
            return Ok(());
        }
        self.ledger.is_behind.store(true, Ordering::Relaxed);
        let known = Note::parse(&state.behind).ok().map(|n| rank(&n));
        if known.is_none_or(|known| rank(note) > known) {
            let lost = note.bare().to_string().into_bytes();
            self.store.change_ledger(LedgerChange::Behind(lost.clone()), vec![]).await?;
            let what = format!(
                "this node has signed a head of {} entries, and does not have them: an older store was put in its place; settle it with \
                 `watchfire ledger settle`",
                note.checkpoint.size
            );
            self.alarm(by, AlarmKind::Behind, what, vec![lost]).await?;
        }
        // What is under way ends; each stream finds out at its next look.
        for partner in self.directory().all_active() {
            let live = self.live.of(&partner.record.organisation.domain);
            live.end_stream();
            live.wake();
        }
        Ok(())
    }
}

/// Orders own notes: by epoch, then by size.
fn rank(note: &Note) -> (u32, u64) {
    let epoch = of_origin(&note.checkpoint.origin).map_or(0, |(_, epoch)| epoch);
    (epoch, note.checkpoint.size)
}
