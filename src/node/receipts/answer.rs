//! Receipts: this node's answers to releases. The module `take` takes partners' answers to this node's releases.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Role, StatementId, TrustDomain},
        receipt::{Receipt, ReceiptKind},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    node::receipts::Receipts,
    seal::statement::path_hash,
    store::{
        ReceivedContent, ReceivedEntry, StoreError,
        receipts::{ReceiptTarget, UnansweredEntries},
    },
    wire,
};

/// The most entries that one receipt answers.
const BATCH: u32 = 1024;

/// How long arrivals are gathered before they are answered.
const GATHERING: Duration = Duration::from_millis(500);

/// How long to wait after the store has failed.
const PAUSE: Duration = Duration::from_secs(5);

/// What a receipt says of releases.
#[derive(Debug, Clone)]
pub(in crate::node) struct Said {
    pub kind: ReceiptKind,
    pub reason: Option<String>,
    pub role: Option<Role>,
    pub recall: Option<StatementId>,
}

impl Said {
    /// A receipt's content with only a kind.
    pub fn only(kind: ReceiptKind) -> Self {
        Self { kind, reason: None, role: None, recall: None }
    }
}

impl Receipts {
    /// The receipts for those of these entries that are kept from users or only bring endorsements of what was published here, encoded,
    /// for the outbox. There is one for each reason, one for each entry that came through hubs, and one for the endorsements.
    pub(in crate::node) fn receipts_at_once(
        &self,
        partner: &TrustDomain,
        entries: &[ReceivedEntry],
        now: Time,
    ) -> Result<Vec<Vec<u8>>, Fault> {
        let mut by_reason: BTreeMap<&str, Vec<StatementId>> = BTreeMap::new();
        let mut receipts = vec![];
        for entry in entries {
            let Some(reason) = &entry.reason else { continue };
            // An entry that did not verify is not passed on as a proof of anything.
            let is_back = |c: &ReceivedContent| c.originator == *self.identity.domain();
            if entry.provenance.is_empty() || entry.content.as_ref().is_none_or(is_back) {
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
        // What came back is answered without its path, because a path that leads back to its first giver is refused.
        let back: Vec<StatementId> = entries.iter().filter(|e| e.came_back.is_some()).map(|e| e.release_id).collect();
        for some in back.chunks(BATCH as usize) {
            receipts.push(self.receipt(partner, ReceiptKind::Stored, None, some.to_vec(), now)?);
        }
        Ok(receipts)
    }

    /// A receipt by this node, encoded, for the outbox.
    pub(in crate::node) fn receipt(
        &self,
        partner: &TrustDomain,
        kind: ReceiptKind,
        reason: Option<String>,
        releases: Vec<StatementId>,
        now: Time,
    ) -> Result<Vec<u8>, Fault> {
        self.signed(&Said { reason, ..Said::only(kind) }, partner, releases, None, now)
    }

    /// A receipt about releases of `sender`. `route` holds the releases by which they came, if that was through hubs.
    pub(in crate::node) fn signed(
        &self,
        said: &Said,
        sender: &TrustDomain,
        releases: Vec<StatementId>,
        route: Option<(&[Vec<u8>], &[u8])>,
        now: Time,
    ) -> Result<Vec<u8>, Fault> {
        let Said { kind, reason, role, recall } = said.clone();
        let mut path: Vec<Envelope> = vec![];
        if let Some((before, last)) = route {
            path =
                before.iter().map(Vec::as_slice).chain([last]).map(wire::envelope::decode).collect::<Result<_, _>>()?;
        }
        let named = (!path.is_empty()).then(|| path_hash(&path));
        let about = Receipt::about(sender.clone(), kind, releases, now);
        let receipt = Receipt { reason, role, recall, path: named, ..about };
        let envelope = self.identity.sign(StatementKind::Receipt, wire::receipt::encode(&receipt))?;
        Ok(wire::envelope::encode(&Envelope { path, ..envelope }))
    }

    /// The receipts about arrivals for everybody from whom they came. A sender's own releases share receipts. What came through hubs has
    /// a receipt for each entry, which also goes to the originator if that is a partner.
    pub(in crate::node) fn answers(
        &self,
        arrived: &[ReceiptTarget],
        said: &Said,
        now: Time,
    ) -> Result<Vec<(TrustDomain, Vec<u8>)>, Fault> {
        let mut own: BTreeMap<&TrustDomain, Vec<StatementId>> = BTreeMap::new();
        let mut post = vec![];
        let directory = self.directory.current();
        for one in arrived {
            if one.provenance.is_empty() {
                own.entry(&one.sender).or_default().push(one.release_id);
                continue;
            }
            let route = Some((&one.provenance[..], &one.release[..]));
            let receipt = self.signed(said, &one.sender, vec![one.release_id], route, now)?;
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

    /// Answers what was stored. It never returns. It waits a while after an arrival, so that many entries share a receipt. The position
    /// is stored with the receipts, so that a crash repeats work and loses nothing.
    pub async fn answer_for_ever(self: Arc<Self>) {
        let mut arrivals = self.sessions.arrivals();
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
        let directory = self.directory.current();
        for partner in self.store.to_answer().await? {
            // A suspended partner is answered once it is resumed.
            if directory.active(&partner).is_ok() {
                self.answer_partner(&partner).await?;
            }
        }
        Ok(())
    }

    /// Answers one partner. Damaged records of one partner do not hold up the answers to others.
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

    /// Answers one batch. Returns `false` if nothing is left to answer.
    async fn answer_some(&self, partner: &TrustDomain) -> Result<bool, Fault> {
        let UnansweredEntries { after, until, arrived } = self.store.unanswered(partner, BATCH).await?;
        if until == after {
            return Ok(false);
        }
        let post = self.answers(&arrived, &Said::only(ReceiptKind::Stored), self.clock.now())?;
        let mut told: Vec<TrustDomain> = post.iter().map(|(partner, _)| partner.clone()).collect();
        told.dedup();
        match self.store.answered(partner, after, until, post).await {
            // Another replica did it.
            Err(StoreError::Conflict) => return Ok(true),
            other => other?,
        }
        told.iter().for_each(|partner| self.sessions.of(partner).post());
        Ok(true)
    }
}
