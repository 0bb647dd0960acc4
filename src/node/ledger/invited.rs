//! What an invitation says about a ledger. It is pinned with the partner, so that nobody can show another ledger first.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        ledger::LedgerKey,
        partner::Invitation,
        statement::Envelope,
    },
    ledger::{
        heads::AlarmKind,
        note::{LogKey, Note},
    },
    node::{
        directory::Partner,
        ledger::{
            Ledger,
            keys::{covers, is_handed_over},
            take::number_of,
        },
    },
    store::ledger::{LedgerRecord, LedgerRecordKind},
    wire,
};

impl Ledger {
    /// The statement of the own ledger's key, and the newest head without cosignatures. The head is empty if there is none yet.
    pub(in crate::node) async fn own_ledger_told(&self) -> Result<(Envelope, Vec<u8>), Fault> {
        let newest = self.store.ledger_records(LedgerRecordKind::Checkpoint, None, 1).await?.pop();
        let note = newest.map(|head| Note::parse(&head.value)).transpose()?;
        let note = note.filter(|note| note.checkpoint.origin == self.own_log_key().name);
        let note = note.map(|note| note.bare().to_string().into_bytes()).unwrap_or_default();
        Ok((self.own_ledger_key().await?, note))
    }

    /// Raises an alarm if a ledger goes on in another epoch without what is held of the one before.
    async fn alarm_of_epoch(
        &self,
        of: &TrustDomain,
        before: &LedgerKey,
        now: &LedgerKey,
        note: &[u8],
    ) -> Result<(), Fault> {
        let newest = self.store.ledger_records(LedgerRecordKind::Head, Some(of), 1).await?.pop();
        let Some(newest) = newest else { return Ok(()) };
        let held = Note::parse(&newest.value)?;
        if is_handed_over(before, now) && covers(now, &held) {
            return Ok(());
        }
        let what = format!(
            "its invitation names its ledger as `{}`, which is not proved to go on from the head of {} entries that is held; ask its administrators \
             what was lost",
            now.origin, held.checkpoint.size
        );
        let evidence = vec![held.bare().to_string().into_bytes(), note.to_vec()];
        self.alarms.alarm(Some(of), AlarmKind::NewEpoch, what, evidence).await?;
        Ok(())
    }

    /// Pins the ledger key of an invitation whose words were compared. A key that differs from the one before then raises no
    /// alarm. The invitation's head is taken if no head of that ledger is held; a later head must be proved from it.
    pub(in crate::node) async fn take_invited_ledger(
        &self,
        partner: &Partner,
        key: Option<LedgerKey>,
        invitation: &Invitation,
    ) -> Result<(), Fault> {
        let (Some(key), Some(envelope)) = (key, &invitation.ledger_key) else { return Ok(()) };
        let of = &partner.record.organisation.domain;
        let live = self.sessions.of(of);
        let _one = live.greeting.lock().await;
        let log_key = LogKey { name: key.origin.clone(), public: key.public };
        let held = self.store.ledger_records(LedgerRecordKind::Key, Some(of), 1).await?.pop();
        let before = held.map(|h| wire::ledger::decode_key(&wire::envelope::decode(&h.value)?.payload)).transpose()?;
        if before.as_ref().is_some_and(|before| before.epoch > key.epoch) {
            // The invitation is older than what the partner's hellos have said since.
            return Ok(());
        }
        if let Some(before) = before.as_ref().filter(|before| before.origin != key.origin) {
            // The invitation's words settle which key signs. They don't settle that entries are gone.
            self.alarm_of_epoch(of, before, &key, &invitation.ledger_note).await?;
        }
        let value = wire::envelope::encode(envelope);
        let record =
            LedgerRecord { kind: LedgerRecordKind::Key, of: Some(of.clone()), number: key.epoch.into(), value };
        self.store.put_ledger_records(vec![record], vec![]).await?;
        self.watch.set_key(of, log_key.clone());
        let Ok(note) = Note::parse(&invitation.ledger_note) else { return Ok(()) };
        match self.take_invited_head(partner, &log_key, note.bare()).await {
            // Another process has stored a head in the meantime. That head decides whether this one is taken.
            Err(fault) if fault.reason == Reason::Conflict => {
                self.take_invited_head(partner, &log_key, note.bare()).await
            }
            taken => taken,
        }
    }

    /// Takes a head if no head of that ledger is stored.
    async fn take_invited_head(&self, partner: &Partner, key: &LogKey, note: Note) -> Result<(), Fault> {
        let of = &partner.record.organisation.domain;
        let newest = self.store.ledger_records(LedgerRecordKind::Head, Some(of), 1).await?.pop();
        let number = number_of(&note.checkpoint)?;
        let has_none = newest.as_ref().is_none_or(|held| {
            held.number < number && Note::parse(&held.value).is_ok_and(|held| held.checkpoint.origin != key.name)
        });
        if has_none { self.witness(partner, note, newest).await } else { Ok(()) }
    }
}
