//! Releases an assessment again by another route where the route that was used can no longer be verified.
//!
//! A release that is signed with a revoked key proves nothing new, so a recipient that gets it through a hub refuses it. The organisation
//! hands its release over again under another key. The hub then has a second route for the same version, and releases it again by that route.

use std::collections::{BTreeMap, HashSet};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
    },
    node::{
        assessment_cache::{loaded::LoadedAssessment, route::Route},
        outbound::OutboundFeeds,
    },
    seal::chains::{Chains as _, VerificationTime},
    store::GivenRelease,
    wire,
};

impl OutboundFeeds {
    /// The routes of a version that the partner can't verify, each named by the release by which the version came. Empty where no other route
    /// is left.
    pub(in crate::node) async fn spoiled_routes(
        &self,
        prepared: &LoadedAssessment,
        partner: &TrustDomain,
    ) -> Result<HashSet<StatementId>, Fault> {
        if prepared.routes.len() < 2 {
            return Ok(HashSet::new());
        }
        let mut spoiled: HashSet<StatementId> = self.revoked_routes(prepared).collect();
        for given in self.store.given_releases(&prepared.id, Some(partner)).await? {
            spoiled.extend(via(&given)?.filter(|_| was_refused(&given)));
        }
        let is_left = prepared.routes.iter().any(|route| !spoiled.contains(&route.provenance.release));
        Ok(if is_left { spoiled } else { HashSet::new() })
    }

    /// Releases a version again to each partner that was given it by a route that can't be verified, if there is a route that was not tried
    /// yet. `only` limits this to one partner.
    pub(in crate::node) async fn release_by_another_route(
        &self,
        prepared: &LoadedAssessment,
        only: Option<&TrustDomain>,
    ) -> Result<(), Fault> {
        if prepared.routes.len() < 2 {
            return Ok(());
        }
        let revoked: HashSet<StatementId> = self.revoked_routes(prepared).collect();
        let mut tried: BTreeMap<TrustDomain, (bool, HashSet<StatementId>)> = BTreeMap::new();
        for given in self.store.given_releases(&prepared.id, only).await? {
            let Some(via) = via(&given)? else { continue };
            let (is_spoiled, vias) = tried.entry(given.partner.clone()).or_default();
            *is_spoiled |= !given.again && (revoked.contains(&via) || was_refused(&given));
            vias.insert(via);
        }
        for (partner, (_, vias)) in tried.into_iter().filter(|(_, (is_spoiled, _))| *is_spoiled) {
            let is_new = |route: &Route| {
                !vias.contains(&route.provenance.release) && !revoked.contains(&route.provenance.release)
            };
            if prepared.routes.iter().any(is_new) && self.directory.current().active(&partner).is_ok() {
                self.give_again(None, &partner, &prepared.id, false).await?;
            }
        }
        Ok(())
    }

    fn revoked_routes(&self, prepared: &LoadedAssessment) -> impl Iterator<Item = StatementId> {
        prepared.routes.iter().filter(|route| self.is_revoked(route)).map(|route| route.provenance.release)
    }

    /// Whether a release of the route is signed with a key that is revoked now. Readers judge the route as of the time at which this
    /// organisation says that it came.
    fn is_revoked(&self, route: &Route) -> bool {
        let when = VerificationTime::from(self.clock.now()).stated(route.received_at, self.identity.domain());
        let mut signatures = route.path.iter().flat_map(|release| &release.signatures);
        signatures.any(|s| {
            self.trust
                .stored
                .signer(&s.certificates, &when)
                .is_err_and(|fault| fault.reason == Reason::CertificateRevoked)
        })
    }
}

/// The release by which this node got what it gave.
fn via(given: &GivenRelease) -> Result<Option<StatementId>, Fault> {
    Ok(wire::release::decode(&wire::envelope::decode(&given.release)?.payload)?.via)
}

fn was_refused(given: &GivenRelease) -> bool {
    given.refused.as_deref() == Some(&*Reason::CertificateRevoked.to_string())
}
