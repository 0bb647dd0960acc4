//! Receipts: what this node answers to releases. What partners answer to those of this node is taken in `take`.

mod take;
mod way;

pub(super) use way::claimed;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::Node;
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Role, StatementId, TrustDomain},
        receipt::{Receipt, ReceiptKind},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    seal::statement::path_hash,
    store::{
        ReceivedEntry, StoreError,
        receipts::{ReceiptTarget, UnansweredEntries},
    },
    wire,
};

/// How many entries one receipt answers at most.
const BATCH: u32 = 1024;
/// For how long arrivals are gathered before they are answered.
const GATHERING: Duration = Duration::from_millis(500);
/// How long to wait after the store has failed.
const PAUSE: Duration = Duration::from_secs(5);

/// What is said of releases.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub kind: ReceiptKind,
    pub reason: Option<String>,
    pub role: Option<Role>,
    pub recall: Option<StatementId>,
}

impl Said {
    /// With nothing else.
    pub fn only(kind: ReceiptKind) -> Self {
        Self { kind, reason: None, role: None, recall: None }
    }
}

impl Node {
    /// The receipts for what of these entries is kept from users, encoded, for the outbox: one for each reason, and for what
    /// came through hubs one for each entry.
    pub(super) fn quarantine_receipts(
        &self,
        partner: &TrustDomain,
        entries: &[ReceivedEntry],
        now: Time,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let mut by_reason: BTreeMap<&str, Vec<StatementId>> = BTreeMap::new();
        let mut receipts = vec![];
        for entry in entries {
            let Some(reason) = &entry.reason else { continue };
            // What did not verify is not passed on as a proof of anything.
            if entry.provenance.is_empty() || entry.content.is_none() {
                by_reason.entry(reason).or_default().push(entry.release_id);
                continue;
            }
            let said = Said { reason: Some(reason.clone()), ..Said::only(ReceiptKind::Quarantined) };
            let path = (&entry.provenance[..], &entry.release[..]);
            receipts.push(self.signed(&said, partner, vec![entry.release_id], Some(path), now)?);
        }
        for (reason, releases) in by_reason {
            receipts.push(self.receipt(partner, ReceiptKind::Quarantined, Some(reason.to_owned()), releases, now)?);
        }
        Ok(receipts)
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
        self.signed(&Said { reason, ..Said::only(kind) }, partner, releases, None, now)
    }

    /// A receipt about releases of `sender`; with the way by which they came, where that was through hubs.
    pub(super) fn signed(
        &self,
        said: &Said,
        sender: &TrustDomain,
        releases: Vec<StatementId>,
        way: Option<(&[Vec<u8>], &[u8])>,
        now: Time,
    ) -> Result<Vec<u8>, Fault> {
        let Said { kind, reason, role, recall } = said.clone();
        let mut path: Vec<Envelope> = vec![];
        if let Some((before, last)) = way {
            path =
                before.iter().map(Vec::as_slice).chain([last]).map(wire::envelope::decode).collect::<Result<_, _>>()?;
        }
        let named = (!path.is_empty()).then(|| path_hash(&path));
        let about = Receipt::about(sender.clone(), kind, releases, now);
        let receipt = Receipt { reason, role, recall, path: named, ..about };
        let envelope = self.sign(StatementKind::Receipt, wire::receipt::encode(&receipt))?;
        Ok(wire::envelope::encode(&Envelope { path, ..envelope }))
    }

    /// What is said of arrivals, to everybody from whom they came: of what a sender gave of its own together, of what came
    /// through hubs one by one, and then to the originator too, where it is a partner.
    pub(super) fn answers(
        &self,
        arrived: &[ReceiptTarget],
        said: &Said,
        now: Time,
    ) -> Result<Vec<(TrustDomain, Vec<u8>)>, Fault> {
        let mut own: BTreeMap<&TrustDomain, Vec<StatementId>> = BTreeMap::new();
        let mut post = vec![];
        let directory = self.directory();
        for one in arrived {
            if one.provenance.is_empty() {
                own.entry(&one.sender).or_default().push(one.release_id);
                continue;
            }
            let way = Some((&one.provenance[..], &one.release[..]));
            let receipt = self.signed(said, &one.sender, vec![one.release_id], way, now)?;
            if one.originator != one.sender && directory.active(&one.originator).is_ok() {
                post.push((one.originator.clone(), receipt.clone()));
            }
            post.push((one.sender.clone(), receipt));
        }
        for (sender, releases) in own {
            for some in releases.chunks(BATCH as usize) {
                post.push((sender.clone(), self.signed(said, sender, some.to_vec(), None, now)?));
            }
        }
        Ok(post)
    }

    /// Answers what was stored, for ever: a while after it came, so that many entries share a receipt. Up to where that was
    /// done is kept with the receipts, so that a crash repeats and loses nothing.
    pub async fn answer_for_ever(self: Arc<Self>) {
        let mut arrivals = self.live.arrivals();
        loop {
            arrivals.mark_unchanged();
            match self.answer_all().await {
                Ok(()) => _ = arrivals.changed().await,
                Err(fault) => {
                    tracing::warn!(reason = %fault.reason, "what was stored could not be answered");
                    tokio::time::sleep(PAUSE).await;
                }
            }
            tokio::time::sleep(GATHERING).await;
        }
    }

    /// Answers everything that was stored so far.
    ///
    /// # Errors
    /// Store faults; the next turn goes on where this one ended.
    pub async fn answer_all(&self) -> Result<(), Fault> {
        let directory = self.directory();
        for partner in self.store.to_answer().await? {
            // Who is suspended is answered once it is resumed.
            if directory.active(&partner).is_ok() {
                self.answer_partner(&partner).await?;
            }
        }
        Ok(())
    }

    /// What of one partner can't be read any more holds up the answers to no other.
    async fn answer_partner(&self, partner: &TrustDomain) -> Result<(), Fault> {
        loop {
            match self.answer_some(partner).await {
                Ok(true) => {}
                Err(fault) if fault.reason != Reason::StoreCorrupt || self.store.failure().is_some() => {
                    return Err(fault);
                }
                Ok(false) | Err(_) => return Ok(()),
            }
        }
    }

    /// `false` where nothing is left to answer.
    async fn answer_some(&self, partner: &TrustDomain) -> Result<bool, Fault> {
        let UnansweredEntries { after, until, arrived } = self.store.unanswered(partner, BATCH).await?;
        if until == after {
            return Ok(false);
        }
        let post = self.answers(&arrived, &Said::only(ReceiptKind::Stored), self.now())?;
        let mut told: Vec<TrustDomain> = post.iter().map(|(partner, _)| partner.clone()).collect();
        told.dedup();
        match self.store.answered(partner, after, until, post).await {
            // Another replica did it.
            Err(StoreError::Conflict) => return Ok(true),
            other => other?,
        }
        told.iter().for_each(|partner| self.live.of(partner).post());
        Ok(true)
    }
}
