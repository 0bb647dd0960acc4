//! The roots of a partner.

use crate::{
    domain::fault::Fault,
    identity::bundle::TrustBundle,
    store::{PartnerRecord, StoreError, damage::Damage},
};

/// A partner's bundle.
///
/// # Errors
/// `STORE_CORRUPT` where the stored roots do not parse.
pub fn bundle_of(record: &PartnerRecord) -> Result<TrustBundle, Fault> {
    let roots = record.roots.iter().map(|r| r.clone().into()).collect();
    let damaged = |_| StoreError::Damaged(Damage::Partner(record.organisation.domain.clone()));
    TrustBundle::new(record.organisation.domain.clone(), roots).map_err(damaged).map_err(Fault::from)
}
