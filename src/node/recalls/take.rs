//! A recall that comes from a partner. The partner is the originator itself, or passes the recall on because it gave the content.

use crate::{
    domain::{
        budget::NAMES,
        equivocation::{Equivocation, StatementSubject, Twice},
        fault::{Fault, Reason},
        ids::TrustDomain,
        recall::{Recall, RecallStanding, RecallState},
        statement::Envelope,
        time::Time,
    },
    node::{
        handed_over::{only_by, verify_arrived},
        recalls::{Recalls, issue::said},
    },
    seal::{
        rules, statement,
        verify::{MAX_SKEW_SECONDS, Verified},
    },
    store::{
        StoreError,
        equivocations::EquivocationProof,
        recalls::{ContentEffect, RecallName, RecallRecord, RecallStep, UnverifiedRecall},
        receipts::ReceiptTarget,
    },
    wire,
};

/// How many recalls that can't be verified are kept for each pair of the partner that handed them over and the originator that they name.
const MAX_UNVERIFIED: u32 = 256;

impl Recalls {
    /// Takes a recall, and sends it on to everybody to whom anything of the assessment was released. The recall may come before what it
    /// takes back, or when nothing of that is here. Whatever of it comes later is then refused. The same recall again changes nothing.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; whatever verification refuses of the partner's own recall. `NOT_YET` for a third organisation's recall that can't
    /// be verified, in the same words whatever is known here.
    pub async fn take_recall(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let catalogue = self.directory.version();
        self.directory.current().active(partner)?;
        let Recall { originator, assessment, recalled_at, .. } = wire::recall::decode(&envelope.payload)?;
        if originator == *self.identity.domain() {
            // It is this node's own recall, from a partner that had it from others.
            return Ok(());
        }
        // A recall that somebody else has signed is refused in the same words, whether the originator is known here or not.
        only_by(&[&originator], envelope)?;
        if recalled_at.seconds_since(self.clock.now()) > MAX_SKEW_SECONDS {
            let what = "the recall is from more than 5 minutes in the future; it is taken later";
            return Err(Fault::new(Reason::StatementFromFuture, what));
        }
        let name = RecallName { assessment, originator, from: partner.clone() };
        let arrived = self.first_arrival(&name, envelope).await?;
        let verified = match self.verify_recall(envelope, arrived) {
            Ok(verified) => self.require_introduced_alike(&verified).await.map(|()| verified),
            Err(fault) => Err(fault),
        };
        match verified {
            Ok(verified) => self.take_verified(partner, &verified, envelope, catalogue).await,
            Err(fault) if name.originator == *partner => Err(fault),
            Err(fault) => {
                if self.sessions.of(partner).allows_a_line(self.clock.now()) {
                    let reason = fault.reason;
                    tracing::warn!(%partner, %reason, "can't verify yet a recall that the partner handed over for another");
                }
                self.keep_unverified_recall(UnverifiedRecall {
                    name,
                    envelope: wire::envelope::encode(envelope),
                    at: arrived,
                })
                .await?;
                Err(Fault::new(Reason::NotYet, "the recall can't be verified yet; keep it, and offer it again"))
            }
        }
    }

    /// Keeps the recall if there is room for it. The sender keeps it, too. Until it is verified, nothing else of the assessment that the
    /// same partner hands over is shown.
    async fn keep_unverified_recall(&self, recall: UnverifiedRecall) -> Result<(), Fault> {
        let (partner, now) = (recall.name.from.clone(), self.clock.now());
        let live = self.sessions.of(&partner);
        let is_kept = self.store.keep_unverified_recall(recall, MAX_UNVERIFIED, NAMES * MAX_UNVERIFIED).await?;
        if !is_kept && live.allows_a_line(now) {
            tracing::warn!(%partner, "did not keep a recall that can't be verified yet: too many of this partner wait");
        }
        Ok(())
    }

    /// When this recall first came from this partner. A key that has ended since then still proves what it proved at that time.
    async fn first_arrival(&self, name: &RecallName, envelope: &Envelope) -> Result<Time, Fault> {
        let Some(kept) = self.store.unverified_recall(name).await? else { return Ok(self.clock.now()) };
        let before = wire::envelope::decode(&kept.envelope)?;
        Ok(if statement::id(&before) == statement::id(envelope) { kept.at } else { self.clock.now() })
    }

    /// Verifies a recall. A recall only takes away, so recalls of suspended and forgotten organisations count as well. A recall takes
    /// nothing back if its signer's key counts only on another organisation's word.
    fn verify_recall(&self, envelope: &Envelope, arrived: Time) -> Result<Verified<Recall>, Fault> {
        let verified = verify_arrived(envelope, &rules::RECALL, &self.trust.stored, arrived, self.clock.now())?;
        match verified.on_word_of() {
            None => Ok(verified),
            Some(_) => {
                let what =
                    "the key that signed the recall ended long ago; its own organisation must say when it was made";
                Err(Fault::new(Reason::ChainInvalid, what))
            }
        }
    }

    /// Checks a recall that is verified through a partner's introduction. It counts only for what is shown by the same introduction. It
    /// takes back nothing that is not here, and nothing that waits.
    async fn require_introduced_alike(&self, verified: &Verified<Recall>) -> Result<(), Fault> {
        let recall = verified.content();
        let Some(by) = self.directory.introduced_by(&recall.originator) else { return Ok(()) };
        let arrivals = self.store.arrivals_of(&recall.originator, &recall.assessment, None).await?;
        if arrivals.iter().any(|arrived| !arrived.quarantined) {
            return Ok(());
        }
        let what =
            format!("the originator is held on the introduction of `{by}` alone, and nothing of it was shown by that");
        Err(Fault::new(Reason::ChainInvalid, what))
    }

    /// Tries again to verify the recalls that could not be verified.
    pub(in crate::node) async fn prove_recalls(&self) -> Result<(), Fault> {
        for name in self.store.unverified_recall_names().await? {
            self.directory.decide_again(|| Box::pin(self.prove_recall(&name))).await?;
        }
        Ok(())
    }

    /// Like [`Self::prove_recalls`], for the holder of the turn to change the catalogue.
    pub(in crate::node) async fn prove_recalls_in_turn(&self) -> Result<(), Fault> {
        for name in self.store.unverified_recall_names().await? {
            self.prove_recall(&name).await?;
        }
        Ok(())
    }

    async fn prove_recall(&self, name: &RecallName) -> Result<(), Fault> {
        let catalogue = self.directory.version();
        let unverified = match self.store.unverified_recall(name).await {
            Err(StoreError::Damaged(_)) => return Ok(()),
            found => found?,
        };
        let Some(unverified) = unverified else { return Ok(()) };
        let Ok(envelope) = wire::envelope::decode(&unverified.envelope) else { return Ok(()) };
        let Ok(verified) = self.verify_recall(&envelope, unverified.at) else { return Ok(()) };
        if self.require_introduced_alike(&verified).await.is_err() {
            return Ok(());
        }
        match self.take_verified(&name.from, &verified, &envelope, catalogue).await {
            // This recall stays unread and waits for a backup. The others are still handled.
            Err(fault) if fault.reason == Reason::StoreCorrupt && self.store.failure().is_none() => return Ok(()),
            taken => taken?,
        }
        self.store.forget_unverified_recall(name).await?;
        self.sessions.examine_all_again();
        Ok(())
    }

    async fn take_verified(
        &self,
        partner: &TrustDomain,
        verified: &Verified<Recall>,
        envelope: &Envelope,
        catalogue: u64,
    ) -> Result<(), Fault> {
        let recall = verified.content();
        let _recalling = self.recalling.lock().await;
        let before = self.store.recall_of(&recall.originator, &recall.assessment).await?;
        self.compare(before.as_ref(), verified, envelope).await?;
        let arrived = self.store.arrivals_of(&recall.originator, &recall.assessment, None).await?;
        let may_purge = self.may_purge(&arrived);
        let Some(standing) = RecallStanding::after(before.as_ref().map(|b| &b.standing), recall.kind, may_purge) else {
            return Ok(());
        };
        let step = self.taken(partner, verified, envelope, standing, before, &arrived)?;
        let step = RecallStep { catalogue: Some(catalogue), ..step };
        let (record, had) = (step.record.clone(), !arrived.is_empty());
        self.apply(step).await?;
        // The node lets go of what waits of the assessment.
        self.sessions.examine_taken_back(record.assessment);
        let (assessment, state, originator) = (record.assessment, record.standing.state, &record.originator);
        tracing::warn!(%partner, %originator, %assessment, %state, held = had, "an assessment was taken back");
        Ok(())
    }

    /// Keeps proof of two different recalls of one kind that the originator has signed. They show that it has told its recipients
    /// different things. Nothing is proved if only an introduction vouches for who the originator is.
    async fn compare(
        &self,
        before: Option<&RecallRecord>,
        verified: &Verified<Recall>,
        envelope: &Envelope,
    ) -> Result<(), Fault> {
        let Recall { originator, assessment, kind, .. } = verified.content();
        let Some(before) = before.filter(|b| b.kind == *kind && b.id != verified.id()) else { return Ok(()) };
        if self.directory.introduced_by(originator).is_some() {
            return Ok(());
        }
        let subject =
            StatementSubject { originator: originator.clone(), assessment: *assessment, twice: Twice::Recall(*kind) };
        let found = Equivocation { subject, statements: [before.id, verified.id()], at: self.clock.now() };
        let envelopes = [before.envelope.clone(), wire::envelope::encode(envelope)];
        self.store.keep_equivocation(EquivocationProof { found, envelopes }).await?;
        Ok(())
    }

    /// Whether the agreements allow a purge. If the originator gave the assessment itself, its own agreement decides. Otherwise everybody
    /// from whom users have it must allow it, because one partner's word must not destroy what another gave. If nothing came, there is
    /// nothing to decide.
    fn may_purge(&self, arrived: &[ReceiptTarget]) -> bool {
        let directory = self.directory.current();
        let grants = |a: &ReceiptTarget| directory.active(&a.sender).is_ok_and(|p| p.purges_on_recall());
        let shown: Vec<&ReceiptTarget> = arrived.iter().filter(|a| !a.quarantined).collect();
        if shown.is_empty() {
            return arrived.iter().all(grants);
        }
        shown.iter().any(|a| a.sender == a.originator && grants(a)) || shown.iter().all(|a| grants(a))
    }

    fn taken(
        &self,
        partner: &TrustDomain,
        verified: &Verified<Recall>,
        envelope: &Envelope,
        standing: RecallStanding,
        before: Option<RecallRecord>,
        arrived: &[ReceiptTarget],
    ) -> Result<RecallStep, Fault> {
        let step = self.recall_step(verified, envelope, standing, before, Some(partner));
        let (record, now) = (&step.record, step.record.at);
        let said = said(&record.standing, record.id);
        let mut post = self.receipts.answers(arrived, &said, now)?;
        // The partner that brings the recall gets an answer even if nothing came from it.
        if !post.iter().any(|(to, _)| to == partner) {
            post.push((partner.clone(), self.receipts.signed(&said, partner, vec![], None, now)?));
        }
        let effect =
            if record.standing.state == RecallState::Purged { ContentEffect::Destroy } else { ContentEffect::Hide };
        let events = vec![self.recalled(record, None)];
        let except = vec![partner.clone(), record.originator.clone(), self.identity.domain().clone()];
        Ok(RecallStep { effect, is_told: true, except, post, events, ..step })
    }
}
