//! A recall that comes from a partner: from the originator itself, or passed on by whoever gave its content.

use super::{super::Node, said};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        recall::{Recall, RecallStanding, RecallState},
        statement::Envelope,
    },
    seal::{
        rules,
        verify::{Verified, verify},
    },
    store::{
        recalls::{Effect, RecallRecord, Recalling},
        receipts::Arrived,
    },
    wire,
};

impl Node {
    /// Takes a recall, also ahead of what it takes back, and where nothing of it is here: what comes later is refused then. It
    /// goes on to everybody to whom anything of it was released. The same again changes nothing.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; whatever verification refuses; of a third organisation's, one refusal for whatever is wrong.
    pub async fn take_recall(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        self.directory().active(partner)?;
        let originator = wire::recall::decode(&envelope.payload)?.originator;
        if originator == *self.domain() {
            // Its own, by way of whoever had it from others.
            return Ok(());
        }
        let verified = verify(envelope, &rules::RECALL, self.chains(), self.now()).map_err(|fault| {
            tracing::warn!(%partner, %originator, reason = %fault.reason, "a recall can't be verified");
            if originator == *partner { fault } else { unverified() }
        })?;
        let recall = verified.content();
        let _recalling = self.recalling.lock().await;
        let before = self.store.recall_of(&recall.originator, &recall.assessment).await?;
        let arrived = self.store.arrivals_of(&recall.originator, &recall.assessment, None).await?;
        let may_purge = self.may_purge(&arrived);
        let Some(standing) = RecallStanding::after(before.as_ref().map(|b| &b.standing), recall.kind, may_purge) else {
            return Ok(());
        };
        let step = self.taken(partner, (&verified, envelope), standing, before, &arrived)?;
        let (record, had) = (step.record.clone(), !arrived.is_empty());
        self.apply(step).await?;
        let (assessment, state) = (record.assessment, record.standing.state);
        tracing::warn!(%partner, %originator, %assessment, %state, held = had, "an assessment was taken back");
        Ok(())
    }

    /// By any of the partners from whom it came; where nothing came, there is nothing to decide about.
    fn may_purge(&self, arrived: &[Arrived]) -> bool {
        let directory = self.directory();
        let grants = |a: &Arrived| directory.active(&a.sender).is_ok_and(|p| p.purges_on_recall());
        arrived.is_empty() || arrived.iter().any(grants)
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

/// One answer for whatever is wrong, so that it does not show whom this node knows.
fn unverified() -> Fault {
    Fault::new(Reason::ChainInvalid, "the recall's signature can't be verified here; let its originator hand it over")
}
