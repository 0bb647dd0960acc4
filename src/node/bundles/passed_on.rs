//! Bundles of other organisations are passed on to the partners that read what these organisations have signed.

use crate::{
    domain::{bundle::BundleState, fault::Fault, ids::TrustDomain},
    node::bundles::{Bundles, found::FoundBundle},
    store::bundles::{BundleChange, BundleRecord},
    wire,
};

/// The most bundles of one organisation that are passed on after a start. A partner that lacks more needs a file.
const MOST_PASSED_ON: usize = 32;

impl Bundles {
    /// Passes on the bundles of the organisations whose signatures the partner was given. The partner may know such an organisation by an
    /// older invitation, and trust roots that were given up since. Each newest bundle is passed on once in each run of the node.
    pub(in crate::node) async fn pass_bundles_on(&self, partner: &TrustDomain) -> Result<(), Fault> {
        for of in self.store.given_to(partner).await? {
            let held = self.directory.current().get(&of).map_or(0, |p| p.record.bundle.sequence);
            let told = &self.sessions.of(partner).bundles;
            let passed = told.passed_up_to(&of);
            if of == *self.identity.domain() || of == *partner || held <= passed {
                continue;
            }
            let kept = self.store.bundles(&of).await?;
            let missing = |r: &&BundleRecord| r.state == BundleState::Taken && r.sequence > passed;
            let mut taken: Vec<FoundBundle> = kept.iter().filter(missing).filter_map(FoundBundle::read).collect();
            taken.sort_by_key(|found| found.bundle.sequence);
            for found in taken.iter().rev().take(MOST_PASSED_ON).rev() {
                let send = Some((vec![partner.clone()], wire::envelope::encode(&found.envelope)));
                self.store.change_bundles(BundleChange { send, ..BundleChange::default() }, vec![]).await?;
            }
            told.set_passed(&of, held);
            self.sessions.of(partner).post();
        }
        Ok(())
    }
}
