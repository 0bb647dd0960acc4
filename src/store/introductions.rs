//! The introductions that this organisation makes.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{StatementId, TrustDomain},
    time::Time,
};

/// An introduction, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntroductionRecord {
    /// Its statement id.
    pub id: StatementId,
    /// Who is introduced.
    pub of: TrustDomain,
    /// To whom.
    pub to: Vec<TrustDomain>,
    /// The encoded envelope with the signatures so far.
    pub envelope: Vec<u8>,
    /// Whether two administrators have signed it, so that it is on its way.
    pub is_signed: bool,
    /// When that last changed.
    pub at: Time,
}

/// What is kept of introductions.
#[async_trait]
pub trait IntroductionStore: Send + Sync {
    /// All of them, the newest first.
    async fn introductions(&self) -> Result<Vec<IntroductionRecord>>;
    /// Keeps introductions in the place of those with the same ids. Those that are signed are put into the outboxes of the partners that
    /// they are for.
    async fn save_introductions(&self, records: Vec<IntroductionRecord>, events: Vec<Event>) -> Result<()>;
}
