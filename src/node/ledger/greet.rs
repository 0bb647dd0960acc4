//! What this node tells a partner about ledgers.

use super::super::Node;
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    ledger::{greeting::Greeting, note::Note, pairs::Tag},
    store::ledger::{Kept, head_number},
};

impl Node {
    /// The words for a partner. `holds`: the size of this node's ledger that it has just said that it holds.
    ///
    /// # Errors
    /// Store faults.
    pub async fn greeting(&self, partner: &TrustDomain, holds: Option<u64>) -> Result<Greeting, Fault> {
        let mut greeting = Greeting { key: Some(self.own_ledger_key().await?), ..Greeting::default() };
        let held_there = holds.unwrap_or(self.ledger.watch.holds(partner));
        if let Some(own) = self.store.kept(Kept::Checkpoint, None, 1).await?.pop() {
            let head = Note::parse(&own.value)?.checkpoint;
            greeting.from =
                if holds.is_none() && held_there == 0 { self.cosigned_by(partner).await? } else { held_there };
            if greeting.from <= head.size {
                greeting.proof = self.store.consistency(greeting.from, head.size).await?;
            }
            greeting.note = own.value;
        }
        if let Some(head) = self.store.kept(Kept::Head, Some(partner), 1).await?.pop() {
            greeting.witnessed = head.value;
        }
        let directory = self.directory();
        let active: Vec<TrustDomain> = directory.all_active().map(|p| p.record.organisation.domain.clone()).collect();
        greeting.pairs = self.ledger.watch.pairs_for(partner, &active, self.now());
        greeting.contested = self.ledger.watch.contested(partner);
        Ok(greeting)
    }

    /// The size of this epoch's ledger that a partner has cosigned last; 0: none.
    pub(super) async fn cosigned_by(&self, partner: &TrustDomain) -> Result<u64, Fault> {
        let Some(record) = self.store.kept(Kept::Cosigned, Some(partner), 1).await?.pop() else { return Ok(0) };
        let head = Note::parse(&record.value)?.checkpoint;
        Ok(if head.origin == self.own_log_key().name { head.size } else { 0 })
    }

    /// The newest own note with the proof from a size on that this node has signed.
    ///
    /// # Errors
    /// `NOT_FOUND` for another size, store faults.
    pub async fn proof_from(&self, partner: &TrustDomain, from: u64) -> Result<(Vec<u8>, Vec<[u8; 32]>), Fault> {
        let none = || Fault::at(Reason::NotFound, "from_size", "there is no head of that size, or it is too old");
        let own = self.store.kept(Kept::Checkpoint, None, u32::MAX).await?;
        let newest = own.first().ok_or_else(none)?;
        let epoch = super::of_origin(&self.own_log_key().name).map_or(1, |(_, epoch)| epoch);
        // Between two heads nothing is told.
        let is_head = own.iter().any(|r| r.number == head_number(epoch, from));
        if !is_head && (from == 0 || self.cosigned_by(partner).await? != from) {
            return Err(none());
        }
        let size = Note::parse(&newest.value)?.checkpoint.size;
        Ok((newest.value.clone(), self.store.consistency(from, size).await?))
    }

    /// The note of a third organisation that a tag stands for, which only its partners can make.
    ///
    /// # Errors
    /// `NOT_FOUND`, store faults.
    pub async fn note_by_tag(&self, tag: &Tag) -> Result<Vec<u8>, Fault> {
        let none = || Fault::at(Reason::NotFound, "tag", "there is no head of that tag");
        let seen = self.ledger.watch.tagged(tag).ok_or_else(none)?;
        self.held_note(&seen.of, seen.number).await?.ok_or_else(none)
    }

    /// A head that is held of a partner, by its number, with its own signature alone: who else has cosigned it is not told.
    pub(super) async fn held_note(&self, of: &TrustDomain, number: u64) -> Result<Option<Vec<u8>>, Fault> {
        let held = self.store.kept(Kept::Head, Some(of), u32::MAX).await?;
        let Some(record) = held.into_iter().find(|r| r.number == number) else { return Ok(None) };
        Ok(Some(Note::parse(&record.value)?.bare().to_string().into_bytes()))
    }
}
