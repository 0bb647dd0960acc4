//! Releases again what a partner was given but could not keep, or what must be handed over under another key.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        actor::{Actor, Authorized, Write},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{AssessmentId, StatementId, TrustDomain},
        statement::Signature,
    },
    node::{decisions::urgency, outbound::OutboundFeeds},
    seal::chains::{Chains as _, VerificationTime},
    store::receipts::ReleaseRef,
    wire,
};

/// How many releases are read at once.
const PAGE: u32 = 128;

impl OutboundFeeds {
    /// Queues an assessment once more for a partner, or for every partner that was given some of it. It is decided anew, and goes under
    /// new numbers. Returns the partners for whom it was queued.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND` where it is not here, or was not given to that partner; store faults.
    pub async fn release_again(
        &self,
        actor: &Authorized<Write>,
        id: &AssessmentId,
        partner: Option<&TrustDomain>,
    ) -> Result<Vec<TrustDomain>, Fault> {
        let missing = || Fault::new(Reason::NotFound, format!("there is no assessment `{id}` here"));
        let record = self.store.assessment(id, None, false).await?.ok_or_else(missing)?;
        let directory = self.directory.current();
        let partners: Vec<TrustDomain> = match partner {
            Some(partner) => vec![directory.active(partner)?.record.organisation.domain.clone()],
            None => directory.all_active().map(|p| p.record.organisation.domain.clone()).collect(),
        };
        let mut queued = vec![];
        for partner in partners {
            if self.give_again(Some(actor.as_actor()), &partner, &record.manifest_id, false).await? {
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

    /// Releases again what a partner asks for because it now has room for what was over its budget.
    pub(in crate::node) async fn release_wanted(
        &self,
        partner: &TrustDomain,
        released: Vec<ReleaseRef>,
    ) -> Result<(), Fault> {
        for release in released {
            self.give_again(None, partner, &release.manifest_id, true).await?;
        }
        Ok(())
    }

    /// Releases again what was handed over under a key of this node that is revoked now. Organisations that got it through a hub can't
    /// verify those releases any more. The new releases are signed with the current key.
    ///
    /// # Errors
    /// Store faults; the next change of this organisation's lists tries again.
    pub(in crate::node) async fn hand_over_again(self: Arc<Self>) -> Result<(), Fault> {
        for partner in self.directory.current().all_active() {
            let domain = &partner.record.organisation.domain;
            let (mut after, mut again) = (0, BTreeSet::new());
            loop {
                let page = self.store.releases_after(domain, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.sequence;
                for record in page.iter().filter(|r| !r.is_void) {
                    if self.is_by_a_revoked_key(&record.envelope, domain)? {
                        again.insert(record.manifest_id);
                    }
                }
            }
            for manifest in again {
                self.give_again(None, domain, &manifest, false).await?;
            }
        }
        Ok(())
    }

    /// Whether a release is signed with a key that is revoked now. It is judged as those judge it who get it through that partner: as of
    /// when the partner had it, because the key may have expired meanwhile.
    fn is_by_a_revoked_key(&self, envelope: &[u8], partner: &TrustDomain) -> Result<bool, Fault> {
        let (envelope, now) = (wire::envelope::decode(envelope)?, self.clock.now());
        let had = wire::release::decode(&envelope.payload)?.released_at;
        let revoked = |s: &Signature| {
            let judged = self.trust.active.signer(&s.certificates, &VerificationTime::from(now).stated(had, partner));
            judged.is_err_and(|fault| fault.reason == Reason::CertificateRevoked)
        };
        Ok(envelope.signatures.iter().any(revoked))
    }

    pub(in crate::node) async fn give_again(
        &self,
        by: Option<&Actor>,
        partner: &TrustDomain,
        manifest: &StatementId,
        only_over_budget: bool,
    ) -> Result<bool, Fault> {
        let Some(prepared) = self.cache.prepare(&[*manifest]).await?.into_iter().next() else { return Ok(false) };
        let deed = Deed::ReleasedAgain { manifest: *manifest, partner: partner.clone() };
        let event = Event::of(by, self.clock.now(), deed);
        let urgency = urgency(&prepared);
        let is_queued = self.store.release_again(partner, manifest, only_over_budget, urgency, event).await?;
        if is_queued {
            tracing::info!(%partner, %manifest, "releases again");
            self.sessions.of(partner).wake();
        }
        Ok(is_queued)
    }
}
