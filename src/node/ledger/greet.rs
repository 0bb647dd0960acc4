//! Greetings: what this node tells a partner about ledgers.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    ledger::{
        greeting::Greeting,
        note::Note,
        views::{Base, EVERY, last_multiple},
    },
    node::{ledger::Ledger, task::lost},
    seal::random,
    store::ledger::{LedgerRecordKind, head_number},
    wire,
};

impl Ledger {
    /// The greeting for a partner. `holds` is the size of this node's ledger that the partner has just said it holds.
    ///
    /// # Errors
    /// Store faults.
    pub async fn greeting(&self, partner: &TrustDomain, holds: Option<u64>) -> Result<Greeting, Fault> {
        let mut greeting = Greeting { key: Some(self.own_ledger_key().await?), ..Greeting::default() };
        let held_there = holds.unwrap_or(self.watch.holds(partner));
        if let Some(own) = self.store.ledger_records(LedgerRecordKind::Checkpoint, None, 1).await?.pop() {
            let head = Note::parse(&own.value)?.checkpoint;
            greeting.from =
                if holds.is_none() && held_there == 0 { self.cosigned_by(partner).await? } else { held_there };
            if greeting.from <= head.size {
                greeting.proof = self.store.consistency(greeting.from, head.size).await?;
            }
            if let Some(size) = last_multiple(head.size) {
                greeting.base = self.own_base(size, head.size).await?;
            }
            greeting.answers = self.answers_for(partner, head.size).await?;
            greeting.note = own.value;
        }
        if let Some(head) = self.store.ledger_records(LedgerRecordKind::Head, Some(partner), 1).await?.pop() {
            greeting.witnessed = head.value;
        }
        greeting.earlier_keys = self.keys_between(self.watch.epoch_held(partner)).await?;
        if self.watch.shows_earlier_key(partner) {
            let held = self.store.ledger_records(LedgerRecordKind::Key, Some(partner), 1).await?.pop();
            greeting.your_key = held.map(|h| wire::envelope::decode(&h.value)).transpose()?;
        }
        greeting.questions = self.questions_for(partner)?;
        greeting.salt = random::bytes().map_err(lost)?;
        greeting.pairs = self.pairs_for(partner, greeting.salt)?;
        greeting.contested = self.watch.contested(partner);
        Ok(greeting)
    }

    /// The size of this epoch's ledger that a partner has cosigned last; 0 if it has cosigned none.
    pub(in crate::node) async fn cosigned_by(&self, partner: &TrustDomain) -> Result<u64, Fault> {
        let Some(record) = self.store.ledger_records(LedgerRecordKind::Cosigned, Some(partner), 1).await?.pop() else {
            return Ok(0);
        };
        let head = Note::parse(&record.value)?.checkpoint;
        Ok(if head.origin == self.own_log_key().name { head.size } else { 0 })
    }

    /// The newest own note, with the root at a size and the proof from there on. The size must be one that this node has signed, or a
    /// multiple of `EVERY`, at which everybody has the root.
    ///
    /// # Errors
    /// `NOT_FOUND` for another size, store faults.
    pub async fn proof_from(&self, partner: &TrustDomain, from: u64) -> Result<(Vec<u8>, Base), Fault> {
        let none = || Fault::at(Reason::NotFound, "from_size", "there is no head of that size, or it is too old");
        let own = self.store.ledger_records(LedgerRecordKind::Checkpoint, None, u32::MAX).await?;
        let newest = own.first().ok_or_else(none)?;
        let epoch = crate::domain::ledger::of_origin(&self.own_log_key().name).map_or(1, |(_, epoch)| epoch);
        // Between two heads, only multiples of `EVERY` are told.
        let number = head_number(epoch, from)?;
        let is_head = own.iter().any(|r| r.number == number) || from.is_multiple_of(EVERY);
        if from == 0 || (!is_head && self.cosigned_by(partner).await? != from) {
            return Err(none());
        }
        let size = Note::parse(&newest.value)?.checkpoint.size;
        let base = self.own_base(from, size).await?.ok_or_else(none)?;
        Ok((newest.value.clone(), base))
    }
}
