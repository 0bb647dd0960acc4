//! The register of the own organisation's people.

use async_trait::async_trait;

use super::Result;
use crate::domain::{event::Event, person::Person};

/// The register of the own organisation's people.
#[async_trait]
pub trait PersonStore: Send + Sync {
    /// Everybody who was ever registered.
    async fn people(&self) -> Result<Vec<Person>>;
    /// Adds people, or replaces those with the same ids. Nobody is ever deleted.
    async fn save_people(&self, people: Vec<Person>, events: Vec<Event>) -> Result<()>;
}
