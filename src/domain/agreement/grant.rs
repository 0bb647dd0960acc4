//! Grants: what one party gives the other, about which places, and what may be passed on.

use serde::Serialize;

use crate::domain::{
    body::Kind,
    ids::TrustDomain,
    level::WarningLevel,
    marking::{Audience, GroupName, Tlp, Topic},
    place::Place,
};

/// The area that a grant covers.
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
    /// Every place of the subject must be in one of these. Not empty.
    pub places: Vec<Area>,
    /// The giver's feeds. Empty means all.
    pub topics: Vec<Topic>,
    /// Kinds of portions, ascending.
    pub kinds: Vec<Kind>,
    /// Kinds of a later edition, ascending. This program can't read portions of these kinds. Not empty if `kinds` is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later_kinds: Vec<GroupName>,
    /// The highest TLP level that it covers.
    pub max_tlp: Tlp,
    /// The lowest warning level that it covers.
    pub min_level: Option<WarningLevel>,
    /// How long after its issue an assessment is given, in seconds.
    pub delay_seconds: u64,
    /// For how many days it may be kept. `None` means without limit.
    pub retention_days: Option<u32>,
    /// What may be passed on.
    pub onward: Option<OnwardTerms>,
    /// The purpose.
    pub purpose: String,
}

/// What a recipient may pass on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnwardTerms {
    /// The audiences that may get it.
    pub to: Vec<Audience>,
    /// Kinds of portions, ascending.
    pub kinds: Vec<Kind>,
    /// Kinds of a later edition, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later_kinds: Vec<GroupName>,
    /// The highest TLP level.
    pub max_tlp: Tlp,
    /// Over how many hops.
    pub depth: u32,
}
