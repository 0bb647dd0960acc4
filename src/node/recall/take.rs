//! A recall that comes from a partner: from the originator itself, or passed on by whoever gave its content.

use super::{super::Node, said};
use crate::{
    domain::{
        budget::NAMES,
        equivocation::{Equivocation, Subject, Twice},
        fault::{Fault, Reason},
        ids::TrustDomain,
        recall::{Recall, RecallStanding, RecallState},
        statement::Envelope,
        time::Time,
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

/// How many recalls that can't be verified are kept of one pair: who handed them over, and whose name they bear.
const MAX_UNPROVEN: u32 = 256;

impl Node {
    /// Takes a recall, also ahead of what it takes back, and where nothing of it is here: what comes later is refused then. It
    /// goes on to everybody to whom anything of it was released. The same again changes nothing.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; whatever verification refuses of the partner's own. `NOT_YET` for one of a third organisation that
    /// can't be verified, in the same words whatever is known here.
    pub async fn take_recall(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        self.directory().active(partner)?;
        let Recall { originator, assessment, recalled_at, .. } = wire::recall::decode(&envelope.payload)?;
        if originator == *self.domain() {
            // Its own, by way of whoever had it from others.
            return Ok(());
        }
        // Whoever else says that it is the originator's: in the same words, whether that is known here or not.
        self.only_by(&[&originator], envelope)?;
        if recalled_at.seconds_since(self.now()) > MAX_SKEW_SECONDS {
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
            Ok(verified) => self.take_verified(partner, (&verified, envelope)).await,
            Err(fault) if name.originator == *partner => Err(fault),
            Err(fault) => {
                if self.live.of(partner).allows_a_line(self.now()) {
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

    /// Keeps it where there is room for it; the sender keeps it, too. Nothing else that the same partner hands over of the
    /// assessment is shown meanwhile.
    async fn keep_unverified_recall(&self, recall: UnverifiedRecall) -> Result<(), Fault> {
        let (partner, now) = (recall.name.from.clone(), self.now());
        let live = self.live.of(&partner);
        let is_kept = self.store.keep_unverified_recall(recall, MAX_UNPROVEN, NAMES * MAX_UNPROVEN).await?;
        if !is_kept && live.allows_a_line(now) {
            tracing::warn!(%partner, "did not keep a recall that can't be verified yet: too many of this partner wait");
        }
        Ok(())
    }

    /// When this statement came first by this partner: a key that ended meanwhile proves what it proved then.
    async fn first_arrival(&self, name: &RecallName, envelope: &Envelope) -> Result<Time, Fault> {
        let Some(kept) = self.store.unverified_recall(name).await? else { return Ok(self.now()) };
        let before = wire::envelope::decode(&kept.envelope)?;
        Ok(if statement::id(&before) == statement::id(envelope) { kept.at } else { self.now() })
    }

    /// A recall only takes away, so that those of suspended and forgotten organisations count as well. One whose signer's
    /// key counts only on another organisation's word takes nothing back.
    fn verify_recall(&self, envelope: &Envelope, arrived: Time) -> Result<Verified<Recall>, Fault> {
        let verified = self.verify_arrived(envelope, &rules::RECALL, &self.held, arrived)?;
        match verified.on_word_of() {
            None => Ok(verified),
            Some(_) => {
                let what =
                    "the key that signed the recall ended long ago; its own organisation must say when it was made";
                Err(Fault::new(Reason::ChainInvalid, what))
            }
        }
    }

    /// A recall that is verified through a partner's introduction counts only for what is shown by the same introduction: it takes back
    /// nothing that is not here, and nothing that waits.
    async fn require_introduced_alike(&self, verified: &Verified<Recall>) -> Result<(), Fault> {
        let recall = verified.content();
        let Some(by) = self.introduced_by(&recall.originator) else { return Ok(()) };
        let arrivals = self.store.arrivals_of(&recall.originator, &recall.assessment, None).await?;
        if arrivals.iter().any(|arrived| !arrived.quarantined) {
            return Ok(());
        }
        let what =
            format!("the originator is held on the introduction of `{by}` alone, and nothing of it was shown by that");
        Err(Fault::new(Reason::ChainInvalid, what))
    }

    /// Looks again at recalls that could not be verified.
    pub(in crate::node) async fn prove_recalls(&self) -> Result<(), Fault> {
        for name in self.store.unverified_recall_names().await? {
            let unproven = match self.store.unverified_recall(&name).await {
                Err(StoreError::Damaged(_)) => continue,
                found => found?,
            };
            let Some(unproven) = unproven else { continue };
            let Ok(envelope) = wire::envelope::decode(&unproven.envelope) else { continue };
            let Ok(verified) = self.verify_recall(&envelope, unproven.at) else { continue };
            if self.require_introduced_alike(&verified).await.is_err() {
                continue;
            }
            match self.take_verified(&name.from, (&verified, &envelope)).await {
                // It stays sealed, and waits for a backup; the others go on.
                Err(fault) if fault.reason == Reason::StoreCorrupt && self.store.failure().is_none() => continue,
                taken => taken?,
            }
            self.store.forget_unverified_recall(&name).await?;
            self.live.examine_all_again();
        }
        Ok(())
    }

    async fn take_verified(
        &self,
        partner: &TrustDomain,
        (verified, envelope): (&Verified<Recall>, &Envelope),
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
        let step = self.taken(partner, (verified, envelope), standing, before, &arrived)?;
        let (record, had) = (step.record.clone(), !arrived.is_empty());
        self.apply(step).await?;
        // What waits of it is let go of.
        self.live.examine_taken_back(record.assessment);
        let (assessment, state, originator) = (record.assessment, record.standing.state, &record.originator);
        tracing::warn!(%partner, %originator, %assessment, %state, held = had, "an assessment was taken back");
        Ok(())
    }

    /// Two different recalls of one kind, both signed by the originator, prove that it has told its recipients different things. None where
    /// only an introduction vouches for who the originator is.
    async fn compare(
        &self,
        before: Option<&RecallRecord>,
        verified: &Verified<Recall>,
        envelope: &Envelope,
    ) -> Result<(), Fault> {
        let Recall { originator, assessment, kind, .. } = verified.content();
        let Some(before) = before.filter(|b| b.kind == *kind && b.id != verified.id()) else { return Ok(()) };
        if self.introduced_by(originator).is_some() {
            return Ok(());
        }
        let subject = Subject { originator: originator.clone(), assessment: *assessment, twice: Twice::Recall(*kind) };
        let found = Equivocation { subject, statements: [before.id, verified.id()], at: self.now() };
        let envelopes = [before.envelope.clone(), wire::envelope::encode(envelope)];
        self.store.keep_equivocation(EquivocationProof { found, envelopes }).await?;
        Ok(())
    }

    /// By the originator's own agreement where it gave it itself, else by those of all from whom users have it: one's word destroys
    /// nothing that another gave. Where nothing came, there is nothing to decide about.
    fn may_purge(&self, arrived: &[ReceiptTarget]) -> bool {
        let directory = self.directory();
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
        (verified, envelope): (&Verified<Recall>, &Envelope),
        standing: RecallStanding,
        before: Option<RecallRecord>,
        arrived: &[ReceiptTarget],
    ) -> Result<RecallStep, Fault> {
        let step = self.recall_step(verified, envelope, standing, (before, Some(partner)));
        let (record, now) = (&step.record, step.record.at);
        let said = said(&record.standing, record.id);
        let mut post = self.answers(arrived, &said, now)?;
        // Whoever tells gets an answer, also where nothing came from it.
        if !post.iter().any(|(to, _)| to == partner) {
            post.push((partner.clone(), self.signed(&said, partner, vec![], None, now)?));
        }
        let effect =
            if record.standing.state == RecallState::Purged { ContentEffect::Destroy } else { ContentEffect::Seal };
        let events = vec![self.recalled(record, None)];
        let except = vec![partner.clone(), record.originator.clone(), self.domain().clone()];
        Ok(RecallStep { effect, is_told: true, except, post, events, ..step })
    }
}
