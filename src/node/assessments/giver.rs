//! Who gave an assessment.

use crate::{
    domain::{fault::Fault, ids::TrustDomain, statement::Envelope},
    identity::leaf_cache::claimed_leaf,
};

/// The domain whose node has signed a release.
pub(in crate::node) fn giver(release: &Envelope) -> Result<TrustDomain, Fault> {
    let chain = release.signatures.first().map(|s| s.certificates.as_slice()).unwrap_or_default();
    Ok(claimed_leaf(chain)?.id.domain().clone())
}
