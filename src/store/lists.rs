//! Revocation lists, and every revocation that was seen.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{Sha256, TrustDomain},
};

/// A revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRecord {
    /// The organisation that issued it; the own organisation for its own lists.
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
    /// The organisation whose list named them.
    pub of: TrustDomain,
    /// The id of the key that issued the certificates.
    pub issuing_key: Sha256,
    /// The revocations, in the form of `identity::crl`.
    pub entries: Vec<Vec<u8>>,
}

/// Revocation lists, and every revocation that was seen.
#[async_trait]
pub trait ListStore: Send + Sync {
    /// The newest readable list of each organisation, issuing key and scope.
    async fn revocation_lists(&self) -> Result<Vec<ListRecord>>;
    /// Every readable revocation, in the order in which they were first seen.
    async fn revocations(&self) -> Result<Vec<RevocationsRecord>>;
    /// Deletes an organisation's unreadable lists and revocations. The administrators' decision and the lists that come with it
    /// replace them.
    async fn forget_torn_lists(&self, of: &TrustDomain) -> Result<()>;
    /// Stores a list. It replaces the one with the same organisation, key and scope. Its new revocations are added to those
    /// seen before.
    async fn save_list(&self, list: ListRecord, seen: Vec<Vec<u8>>, events: Vec<Event>) -> Result<()>;
    /// Adds revocations to those seen before, without a list.
    async fn save_revocations(&self, of: &TrustDomain, issuing_key: &Sha256, seen: Vec<Vec<u8>>) -> Result<()>;
}
