//! A stored bundle statement, and the roots that it names.

use crate::{
    domain::{
        bundle::{Bundle, Claim, HeldBundle},
        fault::{Fault, Reason},
        ids::Sha256,
        statement::{Envelope, StatementKind},
    },
    identity::bundle::TrustBundle,
    seal::hash::sha256,
    store::bundles::BundleRecord,
    wire,
};

/// A bundle with what its place in the order depends on.
pub(in crate::node) struct FoundBundle {
    pub(in crate::node) record: BundleRecord,
    pub(in crate::node) bundle: Bundle,
    pub(in crate::node) envelope: Envelope,
}

impl FoundBundle {
    pub(in crate::node) fn read(record: &BundleRecord) -> Option<Self> {
        let envelope = wire::envelope::decode(record.envelope.as_deref()?).ok()?;
        let bundle = wire::bundle::decode(&envelope.payload).ok().filter(|_| envelope.kind == StatementKind::Bundle)?;
        Some(Self { record: record.clone(), bundle, envelope })
    }

    pub(in crate::node) fn claim(&self) -> Claim {
        let Bundle { sequence, issued, previous, .. } = self.bundle;
        Claim { sequence, fingerprint: self.record.fingerprint, previous, issued, digest: self.record.digest }
    }
}

/// A bundle of the own organisation, as its place in the order of bundles.
pub(in crate::node) fn held_of(record: &BundleRecord) -> HeldBundle {
    let issued = FoundBundle::read(record).map_or(record.at, |found| found.bundle.issued);
    HeldBundle::new(record.sequence, record.fingerprint, issued)
}

/// The roots that a bundle or an invitation names.
pub(in crate::node) fn roots_in(envelope: &[u8]) -> Option<Vec<Vec<u8>>> {
    let envelope = wire::envelope::decode(envelope).ok()?;
    match envelope.kind {
        StatementKind::Bundle => wire::bundle::decode(&envelope.payload).ok().map(|b| b.roots),
        StatementKind::Invitation => wire::invitation::decode(&envelope.payload).ok().map(|i| i.roots),
        _ => None,
    }
}

pub(in crate::node) fn trust_bundle(bundle: &Bundle) -> Result<TrustBundle, Fault> {
    let roots = bundle.roots.iter().map(|root| root.clone().into()).collect();
    let unread = |fault: Fault| Fault::at(Reason::UnknownOrNonCanonical, "roots", fault.to_string());
    TrustBundle::new(bundle.domain.clone(), roots).map_err(unread)
}

pub(in crate::node) fn fingerprint_of(bundle: &Bundle) -> Result<Sha256, Fault> {
    let stays = |root: &Sha256| bundle.roots.iter().any(|der| sha256(&[der]) == root.0);
    if let Some(place) = bundle.compromised.iter().position(|c| stays(&c.root)) {
        let what = "a compromised root is left out of the bundle";
        return Err(Fault::at(Reason::UnknownOrNonCanonical, format!("compromised[{place}]"), what));
    }
    Ok(Sha256(trust_bundle(bundle)?.fingerprint().0))
}
