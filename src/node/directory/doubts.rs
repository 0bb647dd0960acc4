//! Statements that were signed under a root whose key somebody else may have.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    domain::{
        ids::TrustDomain,
        time::{Day, Time},
    },
    identity::bundle::TrustBundle,
    store::RetiredRoot,
};

/// The roots that are said to be compromised. What was logged under one of them after its day is doubtful. The store decides, as for
/// the partners, with which they are loaded anew.
#[derive(Default)]
pub(crate) struct Doubts(ArcSwap<Vec<(TrustBundle, Day)>>);

impl Doubts {
    /// The day after which this chain (DER, leaf first) of an organisation is doubtful, if it was first logged here later than that.
    pub fn about(&self, of: &TrustDomain, chain: &[Vec<u8>], logged: Time) -> Option<Day> {
        let roots = self.0.load();
        let mut found = roots.iter().filter(|(root, since)| root.domain() == of && logged.day() > *since);
        found.find(|(root, _)| root.stands_behind(chain)).map(|(_, since)| *since)
    }

    /// Reloads which roots are said to be compromised.
    pub fn reload(&self, retired: &[RetiredRoot]) {
        let roots = retired.iter().filter_map(|root| {
            let since = root.compromised_since?;
            Some((TrustBundle::new(root.of.clone(), vec![root.der.clone().into()]).ok()?, since))
        });
        self.0.store(Arc::new(roots.collect()));
    }
}
