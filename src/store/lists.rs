//! Revocation lists, and every revocation that was seen.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{Sha256, TrustDomain},
};

/// A revocation list, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRecord {
    /// Which organisation gave it; the own organisation for its own lists.
    pub of: TrustDomain,
    /// The id of the key that issued it.
    pub issuing_key: Sha256,
    /// The id of its scope.
    pub scope: Sha256,
    /// The list in DER.
    pub der: Vec<u8>,
    /// The certificates that lead from its issuer to a root, without the root.
    pub issuers: Vec<Vec<u8>>,
}

/// Revocations of one organisation's certificates by one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationsRecord {
    /// Which organisation gave the list that named them.
    pub of: TrustDomain,
    /// The id of the key that issued the certificates.
    pub issuing_key: Sha256,
    /// One for each revocation, in the form that `identity::crl` gives it.
    pub entries: Vec<Vec<u8>>,
}

/// What is kept of revocation lists.
#[async_trait]
pub trait ListStore: Send + Sync {
    /// The newest list of each organisation, issuing key and scope, of those that can be read.
    async fn revocation_lists(&self) -> Result<Vec<ListRecord>>;
    /// Every revocation that was seen and can be read, in the order in which they were seen.
    async fn revocations(&self) -> Result<Vec<RevocationsRecord>>;
    /// Forgets what can't be read any more of an organisation's lists and revocations: its administrators' word, and the lists that come
    /// with it, stand in its place.
    async fn forget_torn_lists(&self, of: &TrustDomain) -> Result<()>;
    /// Keeps a list in the place of the one of the same organisation, key and scope, and the revocations that it adds to
    /// those that were seen before.
    async fn save_list(&self, list: ListRecord, seen: Vec<Vec<u8>>, events: Vec<Event>) -> Result<()>;
    /// Adds revocations to those that were seen before, without a list.
    async fn save_revocations(&self, of: &TrustDomain, issuing_key: &Sha256, seen: Vec<Vec<u8>>) -> Result<()>;
}
