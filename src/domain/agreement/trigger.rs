//! What one party watches for and tells the other, settled in advance.

use serde::Serialize;

use super::Area;
use crate::domain::{body::Mandate, ids::TrustDomain, level::Crime, marking::GroupName};

/// One party's promise to tell the other once something comes about.
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
    /// Where; ascending, not empty. It comes about for one country at a time.
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
    /// Below this value of the same measure it is over; `None`: never.
    pub stand_down: Option<f64>,
    /// For so many days after it came about it does not come about again for the same country.
    pub cooldown_days: u32,
}

// INVARIANT: the wire admits finite numbers only.
impl Eq for Trigger {}

/// What a forecast is held against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// From this probability on, above 0 and below 1.
    Probability(f64),
    /// From so many times the signed base rate on, above 1.
    Multiple(f64),
}
