//! Roots that organisations have given up. Statements that were logged before that still count under them.

use std::{collections::BTreeMap, sync::Arc};

use rustls_pki_types::TrustAnchor;

use super::bundle::TrustBundle;
use crate::domain::{
    fault::Fault,
    ids::TrustDomain,
    time::{Day, Time},
};

/// A root that an organisation has given up.
#[derive(Debug, Clone)]
pub struct Former {
    /// The root alone.
    pub bundle: TrustBundle,
    /// The last moment at which it counted: the date of the bundle that left it out, or when words settled it here.
    pub until: Time,
    /// Whether comparing words settled it. Then only the organisation itself can say what was logged before.
    pub by_words: bool,
    /// Somebody else may have its key since this day.
    pub compromised_since: Option<Day>,
}

/// The roots that organisations have given up.
#[derive(Clone, Default)]
pub(super) struct FormerRoots(BTreeMap<TrustDomain, Vec<AnchoredRoot>>);

/// A former root with its trust anchors.
#[derive(Clone)]
pub(super) struct AnchoredRoot {
    pub former: Former,
    pub anchors: Arc<Vec<TrustAnchor<'static>>>,
}

impl FormerRoots {
    pub(super) fn new(all: Vec<Former>) -> Result<Self, Fault> {
        let mut formers = Self::default();
        for former in all {
            let anchors = Arc::new(former.bundle.anchors()?);
            let of = formers.0.entry(former.bundle.domain().clone()).or_default();
            of.push(AnchoredRoot { former, anchors });
        }
        Ok(formers)
    }

    /// Those of one organisation.
    pub(super) fn of(&self, domain: &TrustDomain) -> &[AnchoredRoot] {
        self.0.get(domain).map(Vec::as_slice).unwrap_or_default()
    }
}
