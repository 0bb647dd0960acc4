//! The bundles of organisations, in their order.

use async_trait::async_trait;

use super::{PartnerRecord, Result};
use crate::domain::{
    bundle::{BundleState, Compromised},
    event::Event,
    ids::{Sha256, StatementId, TrustDomain},
    time::Time,
};

/// A bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRecord {
    /// The organisation.
    pub of: TrustDomain,
    /// Its number.
    pub sequence: u64,
    /// The fingerprint of its roots.
    pub fingerprint: Sha256,
    /// The SHA-256 of the encoded statement, or of nothing.
    pub digest: Sha256,
    /// Its state here.
    pub state: BundleState,
    /// The encoded statement, a bundle or an invitation; `None` if the own roots were changed without one.
    pub envelope: Option<Vec<u8>>,
    /// The courier that handed over a bundle that waits.
    pub courier: Option<TrustDomain>,
    /// When it arrived here, or came into force.
    pub at: Time,
}

/// A change of bundles. It is one transaction.
#[derive(Debug, Clone, Default)]
pub struct BundleChange {
    /// The bundles to store. Each replaces the one with the same organisation, number and digest.
    pub put: Vec<BundleRecord>,
    /// The bundles to delete: organisation, number and digest.
    pub forget: Vec<(TrustDomain, u64, Sha256)>,
    /// The partner's new record.
    pub partner: Option<PartnerRecord>,
    /// Roots whose keys somebody else may have, and since when.
    pub compromised: Vec<(TrustDomain, Compromised)>,
    /// Bundles that are not their organisation's own. What was verified under them goes into quarantine.
    pub disown: Vec<(TrustDomain, Sha256)>,
    /// The organisation whose roots a comparison of words has settled. The earlier roots no longer count as its own.
    pub settled_by_words: Option<TrustDomain>,
    /// An encoded envelope for the outboxes of these partners.
    pub send: Option<(Vec<TrustDomain>, Vec<u8>)>,
}

/// The bundles of organisations.
#[async_trait]
pub trait BundleStore: Send + Sync {
    /// The bundles of an organisation, by number.
    async fn bundles(&self, of: &TrustDomain) -> Result<Vec<BundleRecord>>;
    /// Stores a bundle that waits, unless its courier already has `of_pair` waiting bundles of that organisation, or
    /// `of_courier` of all. Returns whether it was stored.
    async fn await_bundle(&self, record: BundleRecord, of_pair: u32, of_courier: u32) -> Result<bool>;
    /// Commits a change. Returns the manifests that go into quarantine.
    async fn change_bundles(&self, change: BundleChange, events: Vec<Event>) -> Result<Vec<StatementId>>;
    /// The partners that got anything with this organisation's signature.
    async fn given_of(&self, signer: &TrustDomain) -> Result<Vec<TrustDomain>>;
    /// The organisations whose signatures this partner got.
    async fn given_to(&self, partner: &TrustDomain) -> Result<Vec<TrustDomain>>;
}
