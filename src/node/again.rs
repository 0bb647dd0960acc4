//! Release again: what a partner was given and could not keep, or must be handed over under another key.

use super::{Node, WRITERS, publish::urgency};
use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{AssessmentId, SpiffeId, StatementId, TrustDomain},
    },
    store::receipts::Released,
};

impl Node {
    /// Queues an assessment once more for a partner, or for everybody who was given some of it. It is decided anew, and goes
    /// under new numbers. The partners for whom it waits now.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND` where it is not here, or was not given to that partner; store faults.
    pub async fn release_again(
        &self,
        caller: &SpiffeId,
        id: &AssessmentId,
        partner: Option<&TrustDomain>,
    ) -> Result<Vec<TrustDomain>, Fault> {
        self.require(caller, WRITERS)?;
        let missing = || Fault::new(Reason::NotFound, format!("there is no assessment `{id}` here"));
        let record = self.store.assessment(id, None, false).await?.ok_or_else(missing)?;
        let directory = self.directory();
        let partners: Vec<TrustDomain> = match partner {
            Some(partner) => vec![directory.active(partner)?.record.organisation.domain.clone()],
            None => directory.all_active().map(|p| p.record.organisation.domain.clone()).collect(),
        };
        let mut queued = vec![];
        for partner in partners {
            if self.give_again(Some(caller), &partner, &record.manifest_id, false).await? {
                queued.push(partner);
            }
        }
        if queued.is_empty() {
            let what =
                "nothing of the latest version was released to that partner, so that there is nothing to release again";
            return Err(Fault::new(Reason::NotFound, what));
        }
        Ok(queued)
    }

    /// The partner can take now what was over its budget when it came.
    pub(super) async fn release_wanted(&self, partner: &TrustDomain, released: Vec<Released>) -> Result<(), Fault> {
        for release in released {
            self.give_again(None, partner, &release.manifest_id, true).await?;
        }
        Ok(())
    }

    async fn give_again(
        &self,
        by: Option<&SpiffeId>,
        partner: &TrustDomain,
        manifest: &StatementId,
        only_over_budget: bool,
    ) -> Result<bool, Fault> {
        let Some(prepared) = self.prepare(&[*manifest]).await?.into_iter().next() else { return Ok(false) };
        let deed = Deed::ReleasedAgain { manifest: *manifest, partner: partner.clone() };
        let event = Event { at: self.now(), by: by.cloned(), deed };
        let urgency = urgency(&prepared);
        let is_queued = self.store.release_again(partner, manifest, only_over_budget, urgency, event).await?;
        if is_queued {
            tracing::info!(%partner, %manifest, "releases again");
            self.live.of(partner).wake();
        }
        Ok(is_queued)
    }
}
