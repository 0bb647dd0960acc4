//! The bundles of organisations, as they followed one another.

use async_trait::async_trait;

use super::{PartnerRecord, Result};
use crate::domain::{
    bundle::{BundleState, Compromised},
    event::Event,
    ids::{Sha256, StatementId, TrustDomain},
    time::Time,
};

/// A bundle, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRecord {
    /// Whose.
    pub of: TrustDomain,
    /// Its number.
    pub sequence: u64,
    /// The fingerprint of its roots.
    pub fingerprint: Sha256,
    /// SHA-256 of the encoded statement, or of nothing.
    pub digest: Sha256,
    /// What it is to this node.
    pub state: BundleState,
    /// The encoded statement, a bundle or an invitation; `None` where the own roots were changed without one.
    pub envelope: Option<Vec<u8>>,
    /// Who handed over one that waits.
    pub courier: Option<TrustDomain>,
    /// When it came here, or came into force.
    pub at: Time,
}

/// A change of bundles, made in one transaction.
#[derive(Debug, Clone, Default)]
pub struct BundleChange {
    /// Added, or put in the place of those with the same organisation, number and digest.
    pub put: Vec<BundleRecord>,
    /// Forgotten: organisation, number and digest.
    pub forget: Vec<(TrustDomain, u64, Sha256)>,
    /// The partner as it is from now on.
    pub partner: Option<PartnerRecord>,
    /// Roots whose keys somebody else may have, and since when.
    pub compromised: Vec<(TrustDomain, Compromised)>,
    /// Bundles that turned out not to be their organisation's: what was verified under them is kept from users from now on.
    pub disown: Vec<(TrustDomain, Sha256)>,
    /// Words say anew which roots are this organisation's: those that were given up before were its own by no bundle that counts.
    pub settled_by_words: Option<TrustDomain>,
    /// Put into the outboxes of these partners: the encoded envelope.
    pub send: Option<(Vec<TrustDomain>, Vec<u8>)>,
}

/// What is kept of bundles.
#[async_trait]
pub trait BundleStore: Send + Sync {
    /// The bundles of an organisation, by number.
    async fn bundles(&self, of: &TrustDomain) -> Result<Vec<BundleRecord>>;
    /// Keeps one that waits, unless its courier has `of_pair` of its organisation or `of_courier` of all that wait already. Whether it
    /// is kept.
    async fn await_bundle(&self, record: BundleRecord, of_pair: u32, of_courier: u32) -> Result<bool>;
    /// Makes a change. Gives the manifests that are kept from users by it.
    async fn change_bundles(&self, change: BundleChange, events: Vec<Event>) -> Result<Vec<StatementId>>;
    /// The partners that were given anything that this organisation has signed.
    async fn given_of(&self, signer: &TrustDomain) -> Result<Vec<TrustDomain>>;
    /// The organisations of whose signatures this partner was given any.
    async fn given_to(&self, partner: &TrustDomain) -> Result<Vec<TrustDomain>>;
}
