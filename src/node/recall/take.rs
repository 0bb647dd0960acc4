//! A recall that comes from a partner: from the originator itself, or passed on by whoever gave its content.

use super::{
    super::{Node, carried::day_of},
    said,
};
use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::TrustDomain,
        recall::{Recall, RecallStanding, RecallState},
        statement::Envelope,
        time::Time,
    },
    seal::{
        rules,
        verify::{MAX_SKEW_SECONDS, Verified, verify},
    },
    store::{
        recalls::{Effect, RecallRecord, Recalling, UnprovenRecall},
        receipts::Arrived,
    },
    wire,
};

/// How many recalls by strangers are kept of one partner.
const MAX_UNPROVEN: u32 = 1024;

impl Node {
    /// Takes a recall, also ahead of what it takes back, and where nothing of it is here: what comes later is refused then. It
    /// goes on to everybody to whom anything of it was released. The same again changes nothing.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; whatever verification refuses of the partner's own. Of a third organisation's nothing is told.
    pub async fn take_recall(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        self.directory().active(partner)?;
        let Recall { originator, recalled_at, .. } = wire::recall::decode(&envelope.payload)?;
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
        let at = if originator == *partner { self.now() } else { recalled_at };
        match self.verify_recall(envelope, at) {
            Ok(verified) => self.take_verified(partner, (&verified, envelope)).await,
            Err(fault) if originator == *partner => Err(fault),
            // Of others' it is not told what is wrong: that would show whom this node knows.
            Err(fault) if fault.reason == Reason::NotAPartner => self.keep_unproven(partner, envelope).await,
            Err(fault) => {
                tracing::warn!(%partner, reason = %fault.reason, "refused a recall that the partner handed over for another");
                let deed = Deed::Refused { partner: partner.clone(), reason: fault.reason.to_string() };
                Ok(self.store.record(vec![Event { at: self.now(), by: None, deed }]).await?)
            }
        }
    }

    /// Its originator is not known here, so that nothing of its assessments is shown. Once it is, the recall is looked at
    /// before anything is.
    async fn keep_unproven(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let Recall { originator, assessment, .. } = wire::recall::decode(&envelope.payload)?;
        let (from, envelope) = (partner.clone(), wire::envelope::encode(envelope));
        let recall = UnprovenRecall { assessment, originator, from, envelope };
        if !self.store.keep_unproven(recall, MAX_UNPROVEN).await? {
            tracing::warn!(%partner, "put off a recall by a stranger: the partner has handed over too many of these");
            return Err(Fault::new(Reason::LimitExceeded, "too many recalls wait to be looked at; try again later"));
        }
        Ok(())
    }

    /// A recall only takes away, so that those of suspended and forgotten organisations count as well. One that others hand over is
    /// verified as of its day: it may have waited for long. A key that is revoked by now signs none.
    fn verify_recall(&self, envelope: &Envelope, at: Time) -> Result<Verified<Recall>, Fault> {
        for signature in &envelope.signatures {
            self.held.require_unrevoked(&signature.certificates, self.now())?;
        }
        verify(envelope, &rules::RECALL, &self.held, day_of(envelope, at, self.now())?)
    }

    /// Looks again at recalls that could not be verified.
    pub(in crate::node) async fn prove_recalls(&self) -> Result<(), Fault> {
        for unproven in self.store.unproven().await? {
            let envelope = wire::envelope::decode(&unproven.envelope)?;
            let recall = wire::recall::decode(&envelope.payload)?;
            match self.verify_recall(&envelope, recall.recalled_at) {
                Ok(verified) => self.take_verified(&unproven.from, (&verified, &envelope)).await?,
                Err(fault) if fault.reason == Reason::NotAPartner => continue,
                Err(fault) => {
                    let partner = &unproven.from;
                    tracing::warn!(%partner, reason = %fault.reason, "refused a recall that the partner handed over for another");
                }
            }
            self.store.forget_unproven(&unproven).await?;
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
        let arrived = self.store.arrivals_of(&recall.originator, &recall.assessment, None).await?;
        let may_purge = self.may_purge(&arrived);
        let Some(standing) = RecallStanding::after(before.as_ref().map(|b| &b.standing), recall.kind, may_purge) else {
            return Ok(());
        };
        let step = self.taken(partner, (verified, envelope), standing, before, &arrived)?;
        let (record, had) = (step.record.clone(), !arrived.is_empty());
        self.apply(step).await?;
        let (assessment, state, originator) = (record.assessment, record.standing.state, &record.originator);
        tracing::warn!(%partner, %originator, %assessment, %state, held = had, "an assessment was taken back");
        Ok(())
    }

    /// By the originator's own agreement where it gave it itself, else by those of all from whom users have it: one's word destroys
    /// nothing that another gave. Where nothing came, there is nothing to decide about.
    fn may_purge(&self, arrived: &[Arrived]) -> bool {
        let directory = self.directory();
        let grants = |a: &Arrived| directory.active(&a.sender).is_ok_and(|p| p.purges_on_recall());
        let shown: Vec<&Arrived> = arrived.iter().filter(|a| !a.quarantined).collect();
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
        arrived: &[Arrived],
    ) -> Result<Recalling, Fault> {
        let step = self.recall_step(verified, envelope, standing, (before, Some(partner)));
        let (record, now) = (&step.record, step.record.at);
        let said = said(&record.standing, record.id);
        let mut post = self.answers(arrived, &said, now)?;
        // Whoever tells gets an answer, also where nothing came from it.
        if !post.iter().any(|(to, _)| to == partner) {
            post.push((partner.clone(), self.signed(&said, partner, vec![], None, now)?));
        }
        let effect = if record.standing.state == RecallState::Purged { Effect::Destroy } else { Effect::Seal };
        let events = vec![self.recalled(record, None)];
        let except = vec![partner.clone(), record.originator.clone(), self.domain().clone()];
        Ok(Recalling { effect, is_told: true, except, post, events, ..step })
    }
}
