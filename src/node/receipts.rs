//! Receipts: what this node answers to releases, and what partners answer to those of this node.

use std::collections::BTreeMap;

use super::Node;
use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        release::{Receipt, ReceiptKind},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    seal::{rules, verify::verify},
    store::{ReceiptRecord, ReceivedEntry, Released},
    wire,
};

/// The longest name of a reason that is kept.
const LONGEST_REASON: usize = 64;

impl Node {
    /// The receipts for what of these entries is kept from users: one for each reason, encoded, for the outbox.
    pub(super) fn quarantine_receipts(
        &self,
        partner: &TrustDomain,
        entries: &[ReceivedEntry],
        now: Time,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let mut by_reason: BTreeMap<&str, Vec<StatementId>> = BTreeMap::new();
        for entry in entries {
            if let Some(reason) = &entry.reason {
                by_reason.entry(reason).or_default().push(entry.release_id);
            }
        }
        let receipts = by_reason.into_iter().map(|(reason, releases)| {
            self.receipt(partner, ReceiptKind::Quarantined, Some(reason.to_owned()), releases, now)
        });
        receipts.collect()
    }

    /// A receipt by this node, encoded, for the outbox.
    pub(super) fn receipt(
        &self,
        partner: &TrustDomain,
        kind: ReceiptKind,
        reason: Option<String>,
        releases: Vec<StatementId>,
        now: Time,
    ) -> Result<Vec<u8>, Fault> {
        let receipt = Receipt { sender: partner.clone(), kind, releases, at: now, reason };
        let envelope = self.sign(StatementKind::Receipt, wire::release::encode_receipt(&receipt))?;
        Ok(wire::envelope::encode(&envelope))
    }

    /// Takes a partner's receipt about releases that were given to it.
    ///
    /// # Errors
    /// Whatever verification refuses; `WRONG_DOMAIN` where it is not the partner's, or not about this node's releases;
    /// `NOT_FOUND` where it names a release that the partner was not given, be it another's or nobody's.
    pub async fn take_receipt(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let verified = verify(envelope, &rules::RECEIPT, self.chains(), self.now())?;
        if !verified.signers().iter().all(|s| s.domain() == partner) {
            return Err(Fault::new(Reason::WrongDomain, "a receipt is handed over by the party that has signed it"));
        }
        let id = verified.id();
        let receipt = verified.into_content();
        if receipt.sender != *self.domain() {
            let what = "the receipt answers another organisation's releases";
            return Err(Fault::at(Reason::WrongDomain, "sender", what));
        }
        check_reason(&receipt)?;
        let released = self.store.released(partner, &receipt.releases).await?;
        if released.len() != receipt.releases.len() {
            let what = "the receipt names a release that you were not given";
            return Err(Fault::at(Reason::NotFound, "release_ids", what));
        }
        let numbers: Vec<u64> = released.iter().map(|r| r.sequence).take(8).collect();
        let record = self.answered(partner, id, &receipt, released, envelope);
        let new = self.store.save_receipt(partner, record).await?;
        if new > 0 && receipt.kind == ReceiptKind::Quarantined {
            let reason = receipt.reason.unwrap_or_default();
            tracing::warn!(
                %partner,
                entries = new,
                first_numbers = ?numbers,
                reason,
                "the partner keeps from its users what was released to it; see `watchfire feed status`"
            );
        }
        Ok(())
    }

    fn answered(
        &self,
        partner: &TrustDomain,
        id: StatementId,
        receipt: &Receipt,
        released: Vec<Released>,
        envelope: &Envelope,
    ) -> ReceiptRecord {
        let now = self.now();
        let answer = |release: Released| {
            let deed = Deed::Answered {
                manifest: release.manifest_id,
                partner: partner.clone(),
                sequence: release.sequence,
                release: release.id,
                receipt: id,
                kind: receipt.kind,
                reason: receipt.reason.clone(),
            };
            (release.sequence, Event { at: now, by: None, deed })
        };
        ReceiptRecord {
            id,
            envelope: wire::envelope::encode(envelope),
            kind: receipt.kind,
            reason: receipt.reason.clone(),
            at: receipt.at,
            answers: released.into_iter().map(answer).collect(),
        }
    }
}

/// A refusal names its reason, as one of the stable names that this or a later version knows: no free text from a
/// partner stands in the ledger and on screens.
fn check_reason(receipt: &Receipt) -> Result<(), Fault> {
    let is_name = |name: &str| {
        (1..=LONGEST_REASON).contains(&name.len()) && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    let is_well = match (receipt.kind, &receipt.reason) {
        (ReceiptKind::Quarantined, Some(reason)) => is_name(reason),
        (ReceiptKind::Quarantined, None) => false,
        (ReceiptKind::Stored, reason) => reason.is_none(),
    };
    if is_well {
        return Ok(());
    }
    let what = "a receipt of what is kept from users has a stable reason in capitals, any other has none";
    Err(Fault::at(Reason::InvalidArgument, "reason", what))
}
