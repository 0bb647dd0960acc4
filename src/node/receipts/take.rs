//! Receipts: what partners answer to this node's releases, and what comes from organisations behind them.

use crate::{
    domain::{
        event::{AnsweredRelease, Deed, Event},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        receipt::{Receipt, ReceiptKind},
        statement::{Envelope, StatementKind},
    },
    node::{
        handed_over::{only_by, verify_handed},
        receipts::{
            Receipts,
            route::{ReceiptRoute, claimed},
        },
    },
    seal::{
        chains::VerificationTime,
        rules,
        verify::{Verified, verify},
    },
    store::receipts::{HolderReport, ReceiptRecord, ReleaseRef},
    wire,
};

/// The longest name of a reason that is kept.
const LONGEST_REASON: usize = 64;

/// Receipts that are passed on: partners and envelopes.
type Post = Vec<(TrustDomain, Vec<u8>)>;

impl Receipts {
    /// Takes a receipt that a partner hands over. It is the partner's own, or it is from an organisation behind the partner and shows the
    /// way by which the content got there.
    ///
    /// # Errors
    /// Whatever verification refuses; `INVALID_ARGUMENT` where the path beside it is not the one that it names; `WRONG_DOMAIN` where it
    /// is signed for another organisation, or is not about this node's releases; `NOT_FOUND` where it names a release that the partner
    /// was not given, whether that release is another partner's or does not exist.
    pub async fn take_receipt(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let Some(route) = ReceiptRoute::of(&wire::receipt::decode(&envelope.payload)?, envelope)? else {
            only_by(&[partner], envelope)?;
            return self.take_own(partner, envelope, None, vec![]).await;
        };
        let signer = claimed(envelope)?;
        if signer != route.holder {
            let what = "the receipt is signed for the holder by another organisation";
            return Err(Fault::new(Reason::WrongDomain, what));
        }
        let not_ours = || Fault::at(Reason::NotFound, "path", "the receipt names a release that you were not given");
        let own = route.hops.iter().position(|h| h.giver == *self.identity.domain()).ok_or_else(not_ours)?;
        let hop = route.hops.get(own).ok_or_else(not_ours)?;
        let next = &hop.release.recipient;
        if *partner != route.holder && partner != next {
            return Err(not_ours());
        }
        let released = self.store.released(next, &[hop.id]).await?;
        if !released.iter().all(|r| r.manifest_id == route.manifest) || released.is_empty() {
            return Err(not_ours());
        }
        // The receipt goes on towards the originator, back along the route that the content came.
        let on = self.giver_of(&route, own).await?.filter(|giver| self.directory.current().get(giver).is_some());
        let post: Post = on.map(|giver| (giver, wire::envelope::encode(envelope))).into_iter().collect();
        if *next == route.holder {
            return self.take_own(partner, envelope, Some(&released), post).await;
        }
        self.take_from_behind(partner, envelope, &route, own, post).await
    }

    /// Who gave this node what it released on this route. Each release names the content of the one before by its id, so the contents are
    /// genuine if the own release is. The signatures on them are not proved by that, and don't count here.
    async fn giver_of(&self, route: &ReceiptRoute, own: usize) -> Result<Option<TrustDomain>, Fault> {
        match own {
            0 => Ok(None),
            1 => Ok(self.store.by_manifest(&route.manifest, true).await?.map(|record| record.originator)),
            _ => Ok(route.hops.get(own - 2).map(|hop| hop.release.recipient.clone())),
        }
    }

    /// Takes a receipt that the partner has signed about what this node gave it.
    async fn take_own(
        &self,
        partner: &TrustDomain,
        envelope: &Envelope,
        shown: Option<&[ReleaseRef]>,
        post: Post,
    ) -> Result<(), Fault> {
        let verified = verify_handed(envelope, &rules::RECEIPT, &self.trust.active, self.clock.now())?;
        if !verified.signers().iter().all(|s| s.domain() == partner) {
            return Err(Fault::new(Reason::WrongDomain, "a receipt is handed over by the party that has signed it"));
        }
        let id = verified.id();
        let receipt = verified.into_content();
        if receipt.sender != *self.identity.domain() {
            let what = "the receipt answers another organisation's releases";
            return Err(Fault::at(Reason::WrongDomain, "sender", what));
        }
        check_reason(&receipt)?;
        let released = self.store.released(partner, &receipt.releases).await?;
        if released.len() != receipt.releases.len() || shown.is_some_and(|shown| *shown != released) {
            let what = "the receipt names a release that you were not given";
            return Err(Fault::at(Reason::NotFound, "release_ids", what));
        }
        match receipt.kind {
            ReceiptKind::Wanted => self.outbound.release_wanted(partner, released).await,
            ReceiptKind::Stored | ReceiptKind::Quarantined => {
                self.keep_answer(partner, id, receipt, released, envelope, post).await
            }
            _ => self.keep_own_report(partner, id, receipt, &released, envelope, post).await,
        }
    }

    async fn keep_answer(
        &self,
        partner: &TrustDomain,
        id: StatementId,
        receipt: Receipt,
        released: Vec<ReleaseRef>,
        envelope: &Envelope,
        post: Post,
    ) -> Result<(), Fault> {
        let told: Vec<TrustDomain> = post.iter().map(|(partner, _)| partner.clone()).collect();
        let numbers: Vec<u64> = released.iter().map(|r| r.sequence).take(8).collect();
        let is_by_a_revoked_key = receipt.reason.as_deref() == Some(&*Reason::CertificateRevoked.to_string());
        let manifests: Vec<StatementId> =
            released.iter().filter(|_| is_by_a_revoked_key).map(|r| r.manifest_id).collect();
        let record = self.answered(partner, id, &receipt, released, envelope, post);
        let new = self.store.save_receipt(partner, record).await?;
        told.iter().for_each(|partner| self.sessions.of(partner).post());
        if new > 0 && receipt.kind == ReceiptKind::Quarantined {
            let reason = receipt.reason.unwrap_or_default();
            tracing::warn!(
                %partner,
                entries = new,
                first_numbers = ?numbers,
                reason = &*reason,
                "the partner keeps from its users what was released to it; see `watchfire feed status`"
            );
            for prepared in self.cache.prepare(&manifests).await? {
                self.outbound.release_by_another_route(&prepared, Some(partner)).await?;
            }
        }
        Ok(())
    }

    fn answered(
        &self,
        partner: &TrustDomain,
        id: StatementId,
        receipt: &Receipt,
        released: Vec<ReleaseRef>,
        envelope: &Envelope,
        post: Post,
    ) -> ReceiptRecord {
        // Stored releases are recorded as a count and a range of numbers. All other answers name each release.
        let numbers = || released.iter().map(|r| r.sequence);
        let deed = match receipt.kind {
            ReceiptKind::Stored => Deed::Stored {
                partner: partner.clone(),
                receipt: id,
                releases: released.len() as u64,
                first: numbers().min().unwrap_or_default(),
                last: numbers().max().unwrap_or_default(),
            },
            _ => deed_of(partner, id, receipt, receipt.reason.clone(), &released),
        };
        ReceiptRecord {
            id,
            envelope: kept(envelope),
            kind: receipt.kind,
            reason: receipt.reason.clone(),
            at: receipt.at,
            answers: numbers().collect(),
            event: Event::of_node(self.clock.now(), deed),
            post,
        }
    }

    /// Keeps what the partner itself says, other than that it has stored or quarantined something.
    async fn keep_own_report(
        &self,
        partner: &TrustDomain,
        id: StatementId,
        receipt: Receipt,
        released: &[ReleaseRef],
        envelope: &Envelope,
        post: Post,
    ) -> Result<(), Fault> {
        // The ledger entry names each release, so each release counts. The first was counted when the receipt came. A receipt never
        // counts for more than the whole limit, so that it is taken at some time.
        let (rate, now) = (self.budgets.receipts(), self.clock.now());
        let more = (released.len() as u64).min(rate.at_once.into()).saturating_sub(1);
        if !self.sessions.of(partner).receipts(|spent| spent.allows_many(rate, partner, more, now)) {
            return Err(Fault::new(Reason::LimitExceeded, "receipts name too many releases of late; try again later"));
        }
        let mut versions: Vec<(StatementId, u64)> = released.iter().map(|r| (r.manifest_id, 0)).collect();
        versions.sort_unstable();
        versions.dedup();
        let event = |deed| Event::of_node(self.clock.now(), deed);
        let mut events = vec![];
        match receipt.recall {
            Some(recall) => match self.answered_recall(partner, id, &receipt, &recall, true).await? {
                Some(deed) => events.push(event(deed)),
                None => return self.pass_over_recall(partner).await,
            },
            // What people wrote does not go into the ledger.
            None => events.push(event(deed_of(partner, id, &receipt, None, released))),
        }
        let report = report(id, &receipt, envelope, partner, vec![], true, versions);
        self.keep_report(HolderReport { post, events, ..report }).await
    }

    /// Takes a receipt about what came to its signer through hubs. If a signature on the route can't be checked because its organisation's
    /// bundle is not here, the receipt is kept as unverified.
    async fn take_from_behind(
        &self,
        partner: &TrustDomain,
        envelope: &Envelope,
        route: &ReceiptRoute,
        own: usize,
        post: Post,
    ) -> Result<(), Fault> {
        let receipt = wire::receipt::decode(&envelope.payload)?;
        let last = route.hops.last();
        if last.is_none_or(|l| receipt.sender != l.giver || receipt.releases != [l.id]) {
            return Err(Fault::at(
                Reason::InvalidArgument,
                "release_ids",
                "the receipt is not about the end of its path",
            ));
        }
        check_reason(&receipt)?;
        let verified = match self.verify_route(envelope, &receipt, route, own) {
            Ok(verified) => verified,
            Err(fault) if *partner == route.holder => return Err(fault),
            // Whoever hands it over is not told: the answer must not show who is a partner here.
            Err(fault) => {
                self.refusals.note_refusal(partner, StatementKind::Receipt, fault.reason).await;
                return Ok(());
            }
        };
        let now = self.clock.now();
        let id = crate::seal::statement::id(envelope);
        let deed = match receipt.recall {
            Some(recall) => match self.answered_recall(&route.holder, id, &receipt, &recall, verified).await? {
                Some(deed) => deed,
                None => return self.pass_over_recall(partner).await,
            },
            None => Deed::HolderAnswered {
                manifest: route.manifest,
                holder: route.holder.clone(),
                receipt: id,
                kind: receipt.kind,
                verified,
            },
        };
        let (through, versions) = (route.through(own), vec![(route.manifest, route.portions)]);
        let report = report(id, &receipt, envelope, &route.holder, through, verified, versions);
        self.keep_report(HolderReport { post, events: vec![Event::of_node(now, deed)], ..report }).await
    }

    /// Whether the signatures hold: the holder's, and those on the route from this node to it. `false` where one of them can't be checked
    /// because its organisation is not known here by its own words.
    fn verify_route(
        &self,
        envelope: &Envelope,
        receipt: &Receipt,
        route: &ReceiptRoute,
        own: usize,
    ) -> Result<bool, Fault> {
        let now = self.clock.now();
        // A signature of an organisation that is held on an introduction alone is neither accepted nor refused.
        let holds = |result: Result<bool, Fault>, of: &TrustDomain| match result {
            _ if self.directory.introduced_by(of).is_some() => Ok(false),
            Ok(true) => Ok(true),
            Ok(false) => Err(Fault::new(Reason::WrongDomain, "a statement is signed for an organisation by another")),
            Err(fault) if fault.reason == Reason::NotAPartner => Ok(false),
            Err(fault) => Err(fault),
        };
        let by = |signers: &[crate::domain::ids::SpiffeId], domain: &TrustDomain| {
            signers.iter().all(|s| s.domain() == domain)
        };
        let receipt_of = verify_handed(envelope, &rules::RECEIPT, &self.trust.known, self.clock.now());
        // A signature that counts on a hub's word alone is not the holder's own word.
        let mut is_own_word = receipt_of.as_ref().is_ok_and(|v| v.on_word_of().is_none());
        let mut verified = holds(receipt_of.map(|v: Verified<Receipt>| by(v.signers(), &route.holder)), &route.holder)?;
        for (place, (hop, envelope)) in route.hops.iter().zip(&envelope.path).enumerate().skip(own + 1) {
            // A release is verified as of the time that the next statement on the route states. The last such statement is the receipt.
            let (at, teller) = match route.hops.get(place + 1) {
                Some(next) => (next.release.logged_at, &next.giver),
                None => (receipt.at, &route.holder),
            };
            let release =
                verify(envelope, &rules::RELEASE, &self.trust.known, VerificationTime::from(now).stated(at, teller));
            is_own_word &= release.as_ref().is_ok_and(|v| v.on_word_of().is_none());
            verified &= holds(release.map(|v| by(v.signers(), &hop.giver)), &hop.giver)?;
        }
        Ok(verified && is_own_word)
    }

    /// Notes an answer to a recall that this node does not know, or of which the holder was given nothing, and changes nothing else.
    /// Every answer to a recall is only `received`, because another result would tell whether the recall has come here.
    async fn pass_over_recall(&self, partner: &TrustDomain) -> Result<(), Fault> {
        self.refusals.note_refusal(partner, StatementKind::Receipt, Reason::NotFound).await;
        Ok(())
    }

    /// The ledger's record of an answer to a recall. `None` where the recall is not known here, or the holder was given nothing of what
    /// it takes back.
    async fn answered_recall(
        &self,
        holder: &TrustDomain,
        id: StatementId,
        receipt: &Receipt,
        recall: &StatementId,
        verified: bool,
    ) -> Result<Option<Deed>, Fault> {
        let Some(record) = self.store.recall_named(recall).await? else { return Ok(None) };
        let known = self.store.holders(&record.originator, &record.assessment).await?;
        let is_given = known.given.iter().any(|given| given.holder == *holder);
        if !is_given && !known.reports.iter().any(|report| report.holder == *holder) {
            return Ok(None);
        }
        let (assessment, holder) = (record.assessment, holder.clone());
        Ok(Some(Deed::RecallAnswered {
            assessment,
            recall: *recall,
            holder,
            receipt: id,
            kind: receipt.kind,
            verified,
        }))
    }

    async fn keep_report(&self, report: HolderReport) -> Result<(), Fault> {
        let told: Vec<TrustDomain> = report.post.iter().map(|(partner, _)| partner.clone()).collect();
        if self.store.save_report(report).await? {
            told.iter().for_each(|partner| self.sessions.of(partner).post());
        }
        Ok(())
    }
}

/// What is kept of a receipt. Its path is left out: it was checked and passed on, nothing here reads it again, and the receipt names it.
fn kept(envelope: &Envelope) -> Vec<u8> {
    wire::envelope::encode(&envelope.without_path())
}

/// What the ledger keeps of a partner's answer.
fn deed_of(
    partner: &TrustDomain,
    receipt_id: StatementId,
    receipt: &Receipt,
    reason: Option<String>,
    released: &[ReleaseRef],
) -> Deed {
    let one = |r: &ReleaseRef| AnsweredRelease { manifest: r.manifest_id, sequence: r.sequence, release: r.id };
    Deed::Answered {
        partner: partner.clone(),
        receipt: receipt_id,
        kind: receipt.kind,
        reason,
        releases: released.iter().map(one).collect(),
    }
}

fn report(
    id: StatementId,
    receipt: &Receipt,
    envelope: &Envelope,
    holder: &TrustDomain,
    through: Vec<TrustDomain>,
    verified: bool,
    versions: Vec<(StatementId, u64)>,
) -> HolderReport {
    // What people wrote stays in the sealed envelope.
    let is_name = !receipt.kind.acknowledges();
    HolderReport {
        id,
        envelope: kept(envelope),
        holder: holder.clone(),
        through,
        kind: receipt.kind,
        role: receipt.role,
        reason: receipt.reason.clone().filter(|_| is_name),
        at: receipt.at,
        verified,
        versions,
        recall: receipt.recall,
        post: vec![],
        events: vec![],
    }
}

/// Checks the reason of a receipt. A refusal must give one of the stable names that this or a later version knows, so that no free text
/// from a partner's program gets into the ledger and on screens. What people wrote must be one line.
fn check_reason(receipt: &Receipt) -> Result<(), Fault> {
    let is_name = |name: &str| {
        (1..=LONGEST_REASON).contains(&name.len()) && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    let is_well = match (receipt.kind, &receipt.reason) {
        (ReceiptKind::Quarantined | ReceiptKind::Withdrawn, Some(reason)) => is_name(reason),
        (ReceiptKind::Quarantined, None) => false,
        (ReceiptKind::Declined, reason) => reason.is_some(),
        (ReceiptKind::Acting | ReceiptKind::Withdrawn, _) => true,
        (
            ReceiptKind::Stored
            | ReceiptKind::Read
            | ReceiptKind::Purged
            | ReceiptKind::Wanted
            | ReceiptKind::Expired
            | ReceiptKind::Revealed,
            reason,
        ) => reason.is_none(),
    };
    if is_well {
        return Ok(());
    }
    let what = "a receipt of what is kept from users has a stable reason in capitals, what is declined a line of text, \
                and what is stored, read or purged has none";
    Err(Fault::at(Reason::InvalidArgument, "reason", what))
}
