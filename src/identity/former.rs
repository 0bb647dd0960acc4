//! Roots that organisations no longer use. Statements that were logged before still count under them.

use std::{collections::BTreeMap, sync::Arc};

use rustls_pki_types::TrustAnchor;

use super::bundle::TrustBundle;
use crate::domain::{
    fault::Fault,
    ids::TrustDomain,
    time::{Day, Time},
};

/// A root that an organisation no longer uses.
#[derive(Debug, Clone)]
pub struct FormerRoot {
    /// A bundle with this root alone.
    pub bundle: TrustBundle,
    /// The last moment at which it counted: the date of the bundle that left it out, or when comparing words settled it here.
    pub until: Time,
    /// Whether comparing words settled it. In that case only the organisation itself can state what was logged before.
    pub by_words: bool,
    /// Its key may be known to others since this day.
    pub compromised_since: Option<Day>,
}

/// The roots that organisations no longer use.
#[derive(Clone, Default)]
pub(super) struct FormerRoots(BTreeMap<TrustDomain, Vec<AnchoredRoot>>);

/// A former root with its trust anchors.
#[derive(Clone)]
pub(super) struct AnchoredRoot {
    pub former: FormerRoot,
    pub anchors: Arc<Vec<TrustAnchor<'static>>>,
}

impl FormerRoots {
    pub(super) fn new(all: Vec<FormerRoot>) -> Result<Self, Fault> {
        let mut formers = Self::default();
        for former in all {
            let anchors = Arc::new(former.bundle.anchors()?);
            let of = formers.0.entry(former.bundle.domain().clone()).or_default();
            of.push(AnchoredRoot { former, anchors });
        }
        Ok(formers)
    }

    /// The former roots of one organisation.
    pub(super) fn of(&self, domain: &TrustDomain) -> &[AnchoredRoot] {
        self.0.get(domain).map(Vec::as_slice).unwrap_or_default()
    }
}
