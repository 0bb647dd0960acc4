//! Triggers: what one party watches for and tells the other, agreed in advance.

use serde::Serialize;

use super::Area;
use crate::domain::{body::Mandate, ids::TrustDomain, level::Crime, marking::GroupName};

/// One party's promise to tell the other once something occurs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trigger {
    /// Its name within the agreement.
    pub id: GroupName,
    /// The party that watches and tells.
    pub by: TrustDomain,
    /// The role that is told, of the other party.
    pub tell: Mandate,
    /// Within so many seconds.
    pub within_seconds: u64,
    /// Where; ascending, not empty. It occurs for one country at a time.
    pub places: Vec<Area>,
    /// What there is a risk of, ascending; empty: whatever it is.
    pub crimes: Vec<Crime>,
    /// How many organisations have to say so, at least 1.
    pub organisations: u32,
    /// What each of them has to say.
    pub measure: Measure,
    /// Forecasts about a longer time than so many days do not count; at least 1.
    pub horizon_days: u32,
    /// All of them were issued within so many days; at least 1.
    pub during_days: u32,
    /// Below this value of the same measure it is over. `None`: it is never over.
    pub stand_down: Option<f64>,
    /// After it occurred, it does not occur again for the same country within this many days.
    pub cooldown_days: u32,
}

// INVARIANT: the wire admits finite numbers only.
impl Eq for Trigger {}

/// The threshold that a forecast is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// From this probability on, above 0 and below 1.
    Probability(f64),
    /// From so many times the signed base rate on, above 1.
    Multiple(f64),
}
