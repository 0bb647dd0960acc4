//! The introductions that this organisation makes.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{StatementId, TrustDomain},
    time::Time,
};

/// An introduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntroductionRecord {
    /// Its statement id.
    pub id: StatementId,
    /// The organisation that is introduced.
    pub of: TrustDomain,
    /// The partners that it is introduced to.
    pub to: Vec<TrustDomain>,
    /// The encoded envelope with the signatures so far.
    pub envelope: Vec<u8>,
    /// Whether two administrators have signed it. It is sent then.
    pub is_signed: bool,
    /// When it last changed.
    pub at: Time,
}

/// The introductions that this organisation makes.
#[async_trait]
pub trait IntroductionStore: Send + Sync {
    /// All introductions, the newest first.
    async fn introductions(&self) -> Result<Vec<IntroductionRecord>>;
    /// Stores introductions. Each replaces the one with the same id. Signed ones are put into the outboxes of their recipients.
    async fn save_introductions(&self, records: Vec<IntroductionRecord>, events: Vec<Event>) -> Result<()>;
}
