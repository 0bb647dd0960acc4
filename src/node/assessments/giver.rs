//! Who gave an assessment.

use crate::{
    domain::{fault::Fault, ids::TrustDomain, statement::Envelope},
    identity::certificate::Leaf,
};

/// The domain whose node has signed a release.
pub(in crate::node) fn giver(release: &Envelope) -> Result<TrustDomain, Fault> {
    let leaf = release.signatures.first().and_then(|s| s.certificates.first());
    Ok(Leaf::parse(leaf.map(Vec::as_slice).unwrap_or_default())?.id.domain().clone())
}
