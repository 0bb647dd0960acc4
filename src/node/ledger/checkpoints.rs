//! The checkpoints of this node's own ledger: signs them, keeps the newest one beside the store, and compares them with what partners show.

pub(in crate::node) use crate::node::ledger::Ledger;

use std::sync::atomic::Ordering;

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        ledger::{LedgerKey, of_origin, origin},
        statement::{Envelope, StatementKind},
    },
    ledger::{
        heads::AlarmKind,
        note::{Checkpoint, LogKey, Note},
    },
    node::{
        ledger::{rank::rank, start::ShownMeaning, take::MOST_EPOCHS},
        task::lost,
    },
    seal::raw::RawKey,
    store::{
        StoreError,
        ledger::{LedgerChange, LedgerRecord, LedgerRecordKind, LedgerState},
    },
    wire,
};

/// The message to whoever wants something done while entries are lost.
pub(in crate::node) const BEHIND: &str = "this node's ledger is behind a head that it has signed: an older store was put in its place; an administrator settles \
    that with `watchfire ledger settle --reason \"...\"`";

/// The same for partners.
pub(in crate::node) const BEHIND_THERE: &str =
    "the sender's ledger is behind its witnesses; the feed goes on once its administrator has settled that";

impl Ledger {
    /// The name of this node's ledger. It contains the ledger's epoch.
    pub fn ledger_origin(&self) -> String {
        origin(self.identity.domain(), self.epoch.load(Ordering::Relaxed))
    }

    /// Starts the ledger: reads where it stands and what is held of partners, and checks whether the store is older than the head beside
    /// it.
    pub(crate) async fn begin_ledger(&self, found_head: Option<&[u8]>, next_key: Option<RawKey>) -> Result<(), Fault> {
        let state = self.store.ledger().await?;
        self.epoch.store(state.epoch, Ordering::Relaxed);
        self.finish_key(next_key).await?;
        self.start.begin(self.clock.now());
        self.loss.note(!state.behind.is_empty());
        if let Some(found) = found_head {
            match Note::parse(found) {
                Ok(note) => self.compare_own(None, &note, None, &state).await?,
                Err(fault) => tracing::error!(%fault, "the head beside the store can't be read and is passed over"),
            }
        }
        if self.is_behind() {
            tracing::error!(reason = %Reason::BehindWitnesses, BEHIND);
        }
        self.watch_partners().await?;
        match self.own_ledger_key().await {
            // A node whose signing certificate has expired, or whose clock is not right yet, starts all the same. It takes what comes,
            // and shows partners its ledger once it has a good certificate.
            Err(fault) if fault.reason == Reason::Unavailable => {
                tracing::error!(reason = %fault.reason, what = %fault.message, "the ledger's key is not signed yet");
                Ok(())
            }
            signed => signed.map(drop),
        }
    }

    /// The name and the key under which this node signs its ledger.
    pub(in crate::node) fn own_log_key(&self) -> LogKey {
        let epoch = self.epoch.load(Ordering::Relaxed);
        LogKey { name: origin(self.identity.domain(), epoch), public: self.ledger_key().public_key() }
    }

    /// The statement of the ledger's key, with a signature that is good now.
    pub(in crate::node) async fn own_ledger_key(&self) -> Result<Envelope, Fault> {
        let own = self.own_log_key();
        let epoch = self.epoch.load(Ordering::Relaxed);
        let now = self.clock.now();
        if let Some(envelope) = self.own_key_statement(epoch).await?
            && wire::ledger::decode_key(&envelope.payload).is_ok_and(|k| k.origin == own.name && k.public == own.public)
        {
            // While this node's certificate has expired, the statement is used as it is, because partners know the key already.
            return Ok(self.identity.signed_by_a_good_key(envelope.clone(), now).unwrap_or(envelope));
        }
        let key = LedgerKey { origin: own.name, public: own.public, epoch, created: now, succession: None };
        let envelope = self.identity.sign(StatementKind::LedgerKey, wire::ledger::encode_key(&key))?;
        let value = wire::envelope::encode(&envelope);
        let record = LedgerRecord { kind: LedgerRecordKind::Key, of: None, number: epoch.into(), value };
        self.store
            .put_ledger_records(vec![record], vec![crate::node::ledger::keys::key_changed(now, &own.public)])
            .await?;
        Ok(envelope)
    }

    /// Signs a checkpoint and writes it beside the store. It signs nothing while entries are lost. It also signs nothing after a start
    /// until partners have said what they hold, because a head of a size that was signed before would be a fork. Returns `false` if
    /// nothing was signed.
    ///
    /// # Errors
    /// Store faults.
    pub async fn sign_checkpoint(&self) -> Result<bool, Fault> {
        let _signing = self.signing.lock().await;
        if self.is_behind() {
            return Ok(false);
        }
        if !self.may_sign().await? {
            self.mark().await?;
            return Ok(false);
        }
        let sign = self.note_maker();
        match self.store.checkpoint(self.quantum.into(), self.clock.now(), Box::new(sign)).await {
            Err(StoreError::Conflict) => {
                self.loss.reload(&*self.store).await?;
                if !self.is_behind() {
                    tracing::error!(
                        "another process has changed the ledger's key, so that this one signs no heads; put the new key in its place, and start \
                         this process anew"
                    );
                }
                Ok(false)
            }
            note => {
                self.keep_beside(note?).await?;
                Ok(true)
            }
        }
    }

    /// Writes a note of the current ledger beside the store before there is a first head, and shows it to nobody. So it is noticed too if
    /// a damaged store loses what is acknowledged meanwhile.
    async fn mark(&self) -> Result<(), Fault> {
        let state = self.store.ledger().await?;
        if self.marked.swap(state.size, Ordering::Relaxed) == state.size {
            return Ok(());
        }
        match self.note_maker()(state.epoch, state.size, &state.root) {
            Some(note) => self.keep_beside(note).await,
            None => Ok(()),
        }
    }

    /// A function that signs a note of an epoch, size and root, if the key is of that epoch.
    fn note_maker(&self) -> impl Fn(u32, u64, &[u8; 32]) -> Option<Vec<u8>> + Send + use<> {
        let (domain, key) = (self.identity.domain().clone(), self.ledger_key());
        let of_key = self.epoch.load(Ordering::Relaxed);
        move |epoch, size, root| {
            if epoch != of_key {
                return None;
            }
            let checkpoint = Checkpoint { origin: origin(&domain, epoch), size, root: *root };
            Some(Note::sign(checkpoint, &key).to_string().into_bytes())
        }
    }

    async fn keep_beside(&self, note: Vec<u8>) -> Result<(), Fault> {
        let keep = self.keep_head.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || keep(&note)).await.map_err(lost)? {
            tracing::error!(error, "the newest head could not be written beside the store");
        }
        Ok(())
    }

    /// Signs the first checkpoint after a start, and shows it to partners at once. What nobody was shown is lost with the store.
    ///
    /// # Errors
    /// Store faults.
    pub async fn sign_first_checkpoint(&self) -> Result<bool, Fault> {
        let is_signed = self.sign_checkpoint().await?;
        if is_signed {
            self.directory.current().all_active().for_each(|p| self.sessions.of(&p.record.organisation.domain).post());
        }
        Ok(is_signed)
    }

    /// Whether entries are lost that this node has signed.
    pub fn is_behind(&self) -> bool {
        self.loss.is_lost()
    }

    /// Refuses a change while entries are lost that this node has signed.
    ///
    /// # Errors
    /// `BEHIND_WITNESSES`.
    pub fn may_change(&self) -> Result<(), Fault> {
        if self.is_behind() { Err(Fault::new(Reason::BehindWitnesses, BEHIND)) } else { Ok(()) }
    }

    /// Refuses to send while entries are lost that this node has signed.
    pub(in crate::node) fn may_feed(&self) -> Result<(), Fault> {
        if self.is_behind() { Err(Fault::new(Reason::BehindWitnesses, BEHIND_THERE)) } else { Ok(()) }
    }

    /// Compares a note that this node's key has signed with the ledger here. `by` is the partner that showed it; `None` means that it was
    /// beside the store. A note by another key, or of an epoch that was settled, says nothing.
    pub(in crate::node) async fn compare_own(
        &self,
        by: Option<&TrustDomain>,
        note: &Note,
        told: Option<&LogKey>,
        state: &LedgerState,
    ) -> Result<(), Fault> {
        let head = &note.checkpoint;
        let Some((domain, epoch)) = of_origin(&head.origin) else { return Ok(()) };
        let key = if domain == *self.identity.domain() { self.own_key_of(epoch).await? } else { None };
        // A later epoch may have been lost with the store, and its key with it.
        let newest = LogKey { name: head.origin.clone(), public: self.ledger_key().public_key() };
        // The key as a partner has it from this node itself.
        let key = key.or_else(|| told.filter(|told| told.name == head.origin).cloned());
        let key = key.or(Some(newest).filter(|_| domain == *self.identity.domain()));
        if epoch > state.epoch.saturating_add(MOST_EPOCHS) {
            return Ok(());
        }
        if key.is_none_or(|key| note.verify(&key).is_err()) {
            if by.is_none_or(|by| self.sessions.of(by).allows_a_line(self.clock.now())) {
                tracing::warn!(
                    partner = by.map(ToString::to_string),
                    "a note was shown as this node's own that it has not signed"
                );
            }
            return Ok(());
        }
        if !self.is_lost(epoch, head, state).await? {
            return Ok(());
        }
        let Some(partner) = by.filter(|_| !self.is_behind()) else { return self.fall_behind(by, note).await };
        let partners = self.directory.current().all_active().count();
        match self.start.shown(partner, note, partners) {
            ShownMeaning::Wait | ShownMeaning::KnownTwin => Ok(()),
            ShownMeaning::Lost(newest) => self.fall_behind(by, &newest).await,
            ShownMeaning::Twin => self.alarm_of_twin(partner, note).await,
        }
    }

    /// Whether heads may be signed since the start.
    pub(in crate::node) async fn may_sign(&self) -> Result<bool, Fault> {
        let partners: Vec<TrustDomain> =
            self.directory.current().all_active().map(|p| p.record.organisation.domain.clone()).collect();
        let (is_over, alone) = self.start.is_over(&partners, self.clock.now());
        for (partner, note) in alone {
            if self.start.shown(&partner, &note, partners.len()) == ShownMeaning::Twin {
                self.alarm_of_twin(&partner, &note).await?;
            }
        }
        Ok(is_over)
    }

    /// Raises the alarm that somebody else signs with this node's key. The exchange goes on.
    async fn alarm_of_twin(&self, by: &TrustDomain, note: &Note) -> Result<(), Fault> {
        let what = format!(
            "{by} holds a head of {} entries by this node's key that this node has not signed: a copy of this node runs, or its ledger key was \
             stolen; stop the copy, then `watchfire ledger rotate-key`",
            note.checkpoint.size
        );
        self.alarms
            .alarm(Some(self.identity.domain()), AlarmKind::Twin, what, vec![note.bare().to_string().into_bytes()])
            .await?;
        Ok(())
    }

    /// Whether one of this node's heads is of this epoch or a later one and its entries are not here.
    async fn is_lost(&self, epoch: u32, head: &Checkpoint, state: &LedgerState) -> Result<bool, Fault> {
        let here = if epoch == state.epoch { self.store.ledger_root(head.size).await? } else { None };
        Ok(epoch >= state.epoch && here != Some(head.root))
    }

    async fn fall_behind(&self, by: Option<&TrustDomain>, note: &Note) -> Result<(), Fault> {
        let _signing = self.signing.lock().await;
        // It may have been settled while this task waited for the lock.
        let state = self.store.ledger().await?;
        if !self.is_lost(rank(note).0, &note.checkpoint, &state).await? {
            return Ok(());
        }
        self.loss.note(true);
        let known = Note::parse(&state.behind).ok().map(|n| rank(&n));
        if known.is_none_or(|known| rank(note) > known) {
            let lost = note.bare().to_string().into_bytes();
            self.store.change_ledger(&state, LedgerChange::Behind(lost.clone()), None, vec![]).await?;
            let what = format!(
                "this node has signed a head of {} entries, and does not have them: an older store was put in its place; settle it with \
                 `watchfire ledger settle`",
                note.checkpoint.size
            );
            self.alarms.alarm(by, AlarmKind::Behind, what, vec![lost]).await?;
        }
        // Open streams end. Each feed finds out why at its next look.
        for partner in self.directory.current().all_active() {
            let live = self.sessions.of(&partner.record.organisation.domain);
            live.end_stream();
            live.wake();
        }
        Ok(())
    }
}
