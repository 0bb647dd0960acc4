//! The key of this node's own ledger. Each epoch has a new key, and the key before hands over to it.

use std::sync::{Arc, atomic::Ordering};

use crate::{
    domain::{
        actor::{Administer, Authorized},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        ledger::{LedgerKey, Succession, origin},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    ledger::{
        greeting::EARLIER_KEYS,
        note::{LogKey, Note},
    },
    node::{ledger::Ledger, task::lost},
    seal::{hash::sha256, raw::RawKey},
    store::ledger::{LedgerChange, LedgerRecord, LedgerRecordKind, LedgerState},
    wire,
};

impl Ledger {
    /// The key that signs heads now.
    pub(in crate::node) fn ledger_key(&self) -> Arc<RawKey> {
        self.key.load_full()
    }

    /// Takes up a prepared key if the store is already in its epoch. This happens if the node stopped in between.
    pub(in crate::node) async fn finish_key(&self, next: Option<RawKey>) -> Result<(), Fault> {
        let Some(next) = next else { return Ok(()) };
        let epoch = self.epoch.load(Ordering::Relaxed);
        let told = self.own_key_statement(epoch).await?;
        let is_of_epoch = told.and_then(|e| wire::ledger::decode_key(&e.payload).ok()).map(|key| key.public);
        if is_of_epoch == Some(next.public_key()) {
            self.use_key(next).await?;
        }
        Ok(())
    }

    /// Signs with this key from now on. If it can't replace the old one, it stays beside it and is taken up at the next start.
    async fn use_key(&self, key: RawKey) -> Result<(), Fault> {
        self.key.store(Arc::new(key));
        let commit = self.keep_key.commit.clone();
        let moved = tokio::task::spawn_blocking(move || commit()).await.map_err(lost)?;
        if let Err(error) = moved {
            tracing::error!(
                error,
                "the new ledger key could not be put in the place of the old one; it lies beside it"
            );
        }
        Ok(())
    }

    /// This node's statement of its key in an epoch.
    pub(in crate::node) async fn own_key_statement(&self, epoch: u32) -> Result<Option<Envelope>, Fault> {
        let told = self.store.ledger_records(LedgerRecordKind::Key, None, u32::MAX).await?;
        let record = told.into_iter().find(|record| record.number == u64::from(epoch));
        record.map(|record| wire::envelope::decode(&record.value)).transpose()
    }

    /// The name and key of an earlier epoch of the own ledger.
    pub(in crate::node) async fn own_key_of(&self, epoch: u32) -> Result<Option<LogKey>, Fault> {
        if epoch == self.epoch.load(Ordering::Relaxed) {
            return Ok(Some(self.own_log_key()));
        }
        let Some(envelope) = self.own_key_statement(epoch).await? else { return Ok(None) };
        let key = wire::ledger::decode_key(&envelope.payload)?;
        Ok(Some(LogKey { name: key.origin, public: key.public }))
    }

    /// The statements of the own keys after epoch `held` and before the newest one, as far as a greeting has room.
    pub(in crate::node) async fn keys_between(&self, held: Option<u32>) -> Result<Vec<Envelope>, Fault> {
        let (Some(held), newest) = (held, self.epoch.load(Ordering::Relaxed)) else { return Ok(vec![]) };
        let mut keys = vec![];
        for epoch in held.saturating_add(1)..newest {
            if keys.len() < EARLIER_KEYS {
                keys.extend(self.own_key_statement(epoch).await?);
            }
        }
        Ok(keys)
    }

    /// Refuses to change the key before any partner has seen the present one, because partners follow from one key to the next.
    async fn require_seen_key(&self) -> Result<(), Fault> {
        if !self.may_sign().await? {
            let what = "the node has just started, and waits for its partners; try again in a minute";
            return Err(Fault::new(Reason::Unavailable, what));
        }
        let partners: Vec<TrustDomain> =
            self.directory.current().all_active().map(|p| p.record.organisation.domain.clone()).collect();
        for partner in &partners {
            if self.cosigned_by(partner).await? > 0 {
                return Ok(());
            }
        }
        let what = "no partner has seen a head by the key of now yet; try again once `ledger head` lists a witness";
        if partners.is_empty() { Ok(()) } else { Err(Fault::new(Reason::Unavailable, what)) }
    }

    /// Begins another epoch of the ledger with a new key. `state` is the state on which that was decided, and `catalogue` the version of the
    /// catalogue. The caller holds `signing`.
    pub(in crate::node) async fn next_epoch(
        &self,
        state: &LedgerState,
        epoch: u32,
        catalogue: Option<u64>,
        mut events: Vec<Event>,
    ) -> Result<(), Fault> {
        let pkcs8 = RawKey::generate().map_err(|e| Fault::new(Reason::Internal, e.to_string()))?;
        let key = RawKey::new(&pkcs8).map_err(|e| Fault::new(Reason::Internal, e.to_string()))?;
        let prepare = self.keep_key.prepare.clone();
        let prepared = tokio::task::spawn_blocking(move || prepare(&pkcs8)).await.map_err(lost)?;
        prepared.map_err(|error| {
            let what = format!(
                "the new ledger key can't be written beside the old one ({error}); let the node write there, and try again"
            );
            Fault::new(Reason::Unavailable, what)
        })?;
        let now = self.clock.now();
        let (before, next) = (self.own_log_key(), origin(self.identity.domain(), epoch));
        let public = key.public_key();
        let message = Succession::message(&before.name, &next, &public, state.size, &state.root);
        let signature = self.ledger_key().sign(&message);
        let succession = Some(Succession { size: state.size, root: state.root, signature });
        let told = LedgerKey { origin: next, public, epoch, created: now, succession };
        let envelope = self.identity.sign(StatementKind::LedgerKey, wire::ledger::encode_key(&told))?;
        let value = wire::envelope::encode(&envelope);
        let record = LedgerRecord { kind: LedgerRecordKind::Key, of: None, number: epoch.into(), value };
        events.push(key_changed(now, &public));
        let change = LedgerChange::Settled { epoch, key: Some(record) };
        self.store.change_ledger(state, change, catalogue, events).await?;
        self.epoch.store(epoch, Ordering::Relaxed);
        self.start.another_key();
        self.use_key(key).await
    }

    /// Signs heads with another key from now on, under the name of the next epoch. The old key hands over, so partners raise no alarm.
    /// Heads that somebody else signs with the old key no longer count.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `BEHIND_WITNESSES` while entries are lost; store faults.
    pub async fn rotate_ledger_key(&self, actor: &Authorized<Administer>) -> Result<String, Fault> {
        self.may_change()?;
        {
            self.require_seen_key().await?;
            let _signing = self.signing.lock().await;
            let state = self.store.ledger().await?;
            let epoch = state.epoch.saturating_add(1);
            if state.epoch != self.epoch.load(Ordering::Relaxed) {
                let what = "another process has changed the ledger's key; put the new key in its place, and start this process anew";
                return Err(Fault::new(Reason::Unavailable, what));
            }
            let event = Event::by(actor, self.clock.now(), Deed::LedgerKeyRotated { epoch });
            self.next_epoch(&state, epoch, None, vec![event]).await?;
            tracing::warn!(epoch, "the ledger is signed with another key from now on");
        }
        self.tell_epoch().await?;
        Ok(self.own_log_key().name)
    }

    /// Signs the first head of an epoch, and has the partners greeted again.
    pub(in crate::node) async fn tell_epoch(&self) -> Result<(), Fault> {
        self.sign_checkpoint().await?;
        for partner in self.directory.current().all_active() {
            let live = self.sessions.of(&partner.record.organisation.domain);
            self.watch.set_holds(&partner.record.organisation.domain, 0);
            live.post();
            live.wake();
        }
        Ok(())
    }
}

/// The event that says that another key signs the ledger.
pub(in crate::node) fn key_changed(at: Time, public: &[u8; 32]) -> Event {
    let deed = Deed::KeyChanged { key: "ledger".to_owned(), digest: Sha256(sha256(&[public])) };
    Event::of_node(at, deed)
}

/// Whether the key of the epoch before has handed over to this one.
pub(in crate::node) fn is_handed_over(before: &LedgerKey, now: &LedgerKey) -> bool {
    let Some(Succession { size, root, signature }) = &now.succession else { return false };
    let message = Succession::message(&before.origin, &now.origin, &now.public, *size, root);
    let verified =
        crate::seal::verify::verify_raw(crate::domain::statement::Suite::Ed25519, &before.public, &message, signature);
    before.epoch.checked_add(1) == Some(now.epoch) && verified.is_ok()
}

/// Whether a head of the epoch before is part of what was handed over.
pub(in crate::node) fn covers(now: &LedgerKey, held: &Note) -> bool {
    now.succession.as_ref().is_some_and(|s| {
        let head = &held.checkpoint;
        head.size < s.size || (head.size == s.size && head.root == s.root)
    })
}
