//! Triggers: an event that one party watches for, and then notifies the other, as agreed in advance.

use serde::Serialize;

use super::Area;
use crate::domain::{body::Mandate, ids::TrustDomain, level::Crime, marking::GroupName};

/// One party's promise to notify the other if something occurs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trigger {
    /// Its name within the agreement.
    pub id: GroupName,
    /// The party that watches and notifies.
    pub by: TrustDomain,
    /// The role of the other party that is notified.
    pub tell: Mandate,
    /// Within how many seconds it is notified.
    pub within_seconds: u64,
    /// The places, ascending, not empty. The trigger occurs for one country at a time.
    pub places: Vec<Area>,
    /// The crimes of which there is a risk, ascending. Empty means any crime.
    pub crimes: Vec<Crime>,
    /// How many organisations must state the risk, at least 1.
    pub organisations: u32,
    /// What each of them must state.
    pub measure: Measure,
    /// The longest time that a forecast may cover, in days, at least 1. Longer forecasts do not count.
    pub horizon_days: u32,
    /// The span in which all of them were issued, in days, at least 1.
    pub during_days: u32,
    /// When the same measure falls below this value, the event is over. `None`: it is never over.
    pub stand_down: Option<f64>,
    /// For how many days after it occurred it does not occur again for the same country.
    pub cooldown_days: u32,
}

// INVARIANT: the wire format allows only finite numbers.
impl Eq for Trigger {}

/// The threshold that a forecast is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// A least probability, above 0 and below 1.
    Probability(f64),
    /// A least multiple of the signed base rate, above 1.
    Multiple(f64),
}
