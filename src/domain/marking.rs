//! How a portion may be handled.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ids::TrustDomain, words::words};

words!(
    /// Traffic Light Protocol 2.0 (FIRST), in ascending order of restriction.
    Tlp, "TLP level" {
        /// No limit.
        Clear = "CLEAR",
        /// The community.
        Green = "GREEN",
        /// The recipient's organisation and its clients.
        Amber = "AMBER",
        /// The recipient's organisation only.
        AmberStrict = "AMBER+STRICT",
        /// Named recipients only.
        Red = "RED",
    }
);

words!(
    /// Conditions on use: a closed set, an unknown one is refused.
    Caveat, "caveat" {
        /// The Chatham House rule: may be used, not attributed.
        NoAttribution = "no-attribution",
        /// Not to be acted on without asking the originator.
        AskBeforeAction = "ask-before-action",
        /// Not to be used in legal proceedings without the originator's leave.
        NoLegalUse = "no-legal-use",
        /// May put a person in danger if it becomes known.
        ProtectLife = "protect-life",
    }
);

/// An organisation, or a group that the agreement spells out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Audience {
    /// A group of the agreement, by name.
    Group(GroupName),
    /// One organisation.
    Organisation(TrustDomain),
}

impl Audience {
    /// The group, where it is one.
    pub fn group(&self) -> Option<&GroupName> {
        match self {
            Self::Group(name) => Some(name),
            Self::Organisation(_) => None,
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Organisation(domain) => write!(f, "{domain}"),
        }
    }
}

impl FromStr for Audience {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("group:") {
            Some(name) => name.parse().map(Self::Group),
            None => text.parse().map(Self::Organisation),
        }
    }
}

impl TryFrom<String> for Audience {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Audience> for String {
    fn from(audience: Audience) -> String {
        audience.to_string()
    }
}

/// The name of a group in an agreement, or of a topic: 1 to 64 characters of `[a-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(String);

/// A publisher's named feed; spelled as a group's name is.
pub type Topic = GroupName;

impl GroupName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for GroupName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=64).contains(&text.len()) && text.chars().all(ok) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{}` is no name; write 1 to 64 of a-z, 0-9 and `-`", super::ids::shorten(text)))
        }
    }
}

impl TryFrom<String> for GroupName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<GroupName> for String {
    fn from(name: GroupName) -> String {
        name.0
    }
}

/// What a recipient may pass on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "OnwardWords")]
pub enum Onward {
    /// Nothing to anybody.
    None,
    /// Within the receiving organisation.
    WithinOrganisation,
    /// To these; never empty, ascending.
    Named(Vec<Audience>),
}

/// How [`Onward`] looks in JSON: a word, or a list of names.
#[derive(Serialize)]
#[serde(untagged)]
enum OnwardWords {
    Word(&'static str),
    Names(Vec<Audience>),
}

impl From<Onward> for OnwardWords {
    fn from(onward: Onward) -> Self {
        match onward {
            Onward::None => Self::Word("none"),
            Onward::WithinOrganisation => Self::Word("within-organisation"),
            Onward::Named(names) => Self::Names(names),
        }
    }
}

/// A national or alliance label in the shape of STANAG 4774: carried and shown, never interpreted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NationalLabel {
    /// The policy's identifier, e.g. `UK`.
    pub policy: String,
    /// The classification in that policy's words.
    pub classification: String,
    /// Categories in that policy's words.
    #[serde(default)]
    pub categories: Vec<String>,
}

/// A portion's handling label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Marking {
    /// Traffic Light Protocol 2.0.
    pub tlp: Tlp,
    /// Who may get it; empty: whoever an agreement permits. Ascending.
    pub releasable_to: Vec<Audience>,
    /// What a recipient may pass on.
    pub onward: Onward,
    /// The publisher's named feeds that it belongs to. Ascending.
    pub topics: Vec<Topic>,
    /// Conditions on use. Ascending.
    pub caveats: Vec<Caveat>,
    /// The national label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub national: Option<NationalLabel>,
}

impl Marking {
    /// Whom it names: those to whom it is releasable, and those to whom it may be passed on.
    pub fn audiences(&self) -> impl Iterator<Item = &Audience> {
        let onward: &[Audience] = match &self.onward {
            Onward::Named(names) => names,
            Onward::None | Onward::WithinOrganisation => &[],
        };
        self.releasable_to.iter().chain(onward)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_in_order_of_restriction() {
        assert!(Tlp::Clear < Tlp::Green && Tlp::Green < Tlp::Amber);
        assert!(Tlp::Amber < Tlp::AmberStrict && Tlp::AmberStrict < Tlp::Red);
    }

    #[test]
    fn audiences_read_back() {
        for text in ["group:ecowas", "gb.example"] {
            assert_eq!(text.parse::<Audience>().unwrap().to_string(), text);
        }
        for wrong in ["group:", "group:ECOWAS", "", "Group:ecowas"] {
            assert!(wrong.parse::<Audience>().is_err(), "{wrong}");
        }
    }
}
