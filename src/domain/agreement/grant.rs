//! What one party gives the other: where, what, and what may be passed on.

use serde::Serialize;

use crate::domain::{
    body::Kind,
    ids::TrustDomain,
    level::WarningLevel,
    marking::{Audience, GroupName, Tlp, Topic},
    place::Place,
};

/// Where a grant reaches.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub enum Area {
    /// A place.
    Place(Place),
    /// The countries of a group of the agreement.
    Group(GroupName),
}

impl std::fmt::Display for Area {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Place(place) => write!(f, "{place}"),
            Self::Group(name) => write!(f, "group:{name}"),
        }
    }
}

impl From<Area> for String {
    fn from(area: Area) -> String {
        area.to_string()
    }
}

impl std::str::FromStr for Area {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("group:") {
            Some(name) => name.parse().map(Self::Group),
            None => text.parse().map(Self::Place),
        }
    }
}

/// A permission in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// Its name within the agreement.
    pub id: GroupName,
    /// The party that gives.
    pub from: TrustDomain,
    /// The party that gets.
    pub to: TrustDomain,
    /// Every subject place must lie within these. Not empty.
    pub places: Vec<Area>,
    /// The giver's feeds; empty: all.
    pub topics: Vec<Topic>,
    /// Kinds of portions, ascending.
    pub kinds: Vec<Kind>,
    /// Kinds of a later edition, ascending: no portion of these can be read here. Not empty where `kinds` is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later_kinds: Vec<GroupName>,
    /// The highest marking that it reaches.
    pub max_tlp: Tlp,
    /// The lowest level that it reaches.
    pub min_level: Option<WarningLevel>,
    /// How long after its issue an assessment is given, seconds.
    pub delay_seconds: u64,
    /// How long it may be kept, days; `None`: without limit.
    pub retention_days: Option<u32>,
    /// What may be passed on.
    pub onward: Option<OnwardTerms>,
    /// What it is for.
    pub purpose: String,
}

/// What a recipient may pass on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnwardTerms {
    /// To whom.
    pub to: Vec<Audience>,
    /// Kinds of portions, ascending.
    pub kinds: Vec<Kind>,
    /// Kinds of a later edition, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later_kinds: Vec<GroupName>,
    /// The highest marking.
    pub max_tlp: Tlp,
    /// How many hops.
    pub depth: u32,
}
