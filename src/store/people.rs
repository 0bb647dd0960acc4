//! The register of the own organisation's people.

use async_trait::async_trait;

use super::Result;
use crate::domain::{event::Event, ids::SpiffeId, person::Person};

/// The register of the own organisation's people.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// Everybody who was ever registered.
    async fn people(&self) -> Result<Vec<Person>>;
    /// Adds people, or replaces those with the same ids. Nobody is ever deleted.
    async fn save_people(&self, people: Vec<Person>, events: Vec<Event>) -> Result<()>;
    /// Records that somebody has signed in, at the time of the ledger entry. Returns `false`, and records nothing, if that was
    /// recorded within the last `silence_seconds`: each process that hears somebody asks, and one entry is enough.
    async fn record_sign_in(&self, who: &SpiffeId, silence_seconds: i64, event: Event) -> Result<bool>;
}
