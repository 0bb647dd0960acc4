//! How a portion may be handled.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{group::Group, ids::TrustDomain, words::words};

pub use super::group::GroupName;

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
    /// Conditions on use. The set is closed, and an unknown one is refused.
    Caveat, "caveat" {
        /// The Chatham House rule: the content may be used but not attributed.
        NoAttribution = "no-attribution",
        /// Not to be acted on without asking the originator.
        AskBeforeAction = "ask-before-action",
        /// Not to be used in legal proceedings without the originator's consent.
        NoLegalUse = "no-legal-use",
        /// May endanger a person if it becomes known.
        ProtectLife = "protect-life",
    }
);

/// An organisation, or a group that the same agreement or marking lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Audience {
    /// A group, by the name under which the agreement or the marking lists its members.
    Group(GroupName),
    /// One organisation.
    Organisation(TrustDomain),
}

impl Audience {
    /// The group, if it is one.
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

/// A publisher's named feed. Its name follows the same rules as a group's.
pub type Topic = GroupName;

/// What a recipient may pass on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "OnwardWords")]
pub enum Onward {
    /// Nothing to anybody.
    None,
    /// Within the receiving organisation.
    WithinOrganisation,
    /// To these audiences. Never empty; ascending.
    Named(Vec<Audience>),
}

/// The form of [`Onward`] in JSON: a word, or a list of names.
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

/// A national or alliance label in the shape of STANAG 4774. It is passed on and shown, and never interpreted.
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
    /// Who may get it, ascending. Empty means everybody whom an agreement permits.
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
    /// Exactly the groups that it names, with their members, ascending by name. They are signed with the portion, and no agreement changes them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
}

/// Why a recipient may not pass on any portion with this marking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// The caveat `no-attribution`: only the originator may give it.
    NoAttribution,
    /// TLP 2.0 keeps `AMBER+STRICT` within the recipient's organisation, and `RED` with the recipients themselves.
    Tlp(Tlp),
    /// `onward` names nobody.
    Nobody,
    /// `onward` keeps it within the recipient's organisation.
    WithinOrganisation,
}

impl Marking {
    /// A marking with this level and nothing else. Agreements decide who gets the portion, and nobody passes it on.
    pub fn new(tlp: Tlp) -> Self {
        Self {
            tlp,
            releasable_to: vec![],
            onward: Onward::None,
            topics: vec![],
            caveats: vec![],
            national: None,
            groups: vec![],
        }
    }

    /// The audiences to whom a recipient may pass it on, as far as the marking says. Never empty.
    ///
    /// # Errors
    /// Why it may be passed on to nobody.
    pub fn goes_on_to(&self) -> Result<&[Audience], Stays> {
        if self.caveats.contains(&Caveat::NoAttribution) {
            return Err(Stays::NoAttribution);
        }
        if self.tlp > Tlp::Amber {
            return Err(Stays::Tlp(self.tlp));
        }
        match &self.onward {
            Onward::None => Err(Stays::Nobody),
            Onward::WithinOrganisation => Err(Stays::WithinOrganisation),
            Onward::Named(names) => Ok(names),
        }
    }

    /// The groups among the audiences to which it is releasable or may be passed on. Ascending.
    pub fn named_groups(&self) -> BTreeSet<&GroupName> {
        let onward: &[Audience] = match &self.onward {
            Onward::Named(names) => names,
            Onward::None | Onward::WithinOrganisation => &[],
        };
        self.releasable_to.iter().chain(onward).filter_map(Audience::group).collect()
    }

    /// How many names it contains, including the members of its groups.
    pub fn names(&self) -> usize {
        let onward = if let Onward::Named(names) = &self.onward { names.len() } else { 0 };
        let members: usize = self.groups.iter().map(|g| g.countries.len() + g.organisations.len()).sum();
        self.releasable_to.len() + onward + self.topics.len() + members
    }

    /// The groups that it names without listing their members. Ascending.
    pub fn unspelled(&self) -> BTreeSet<&GroupName> {
        let mut named = self.named_groups();
        self.groups.iter().for_each(|group| _ = named.remove(&group.name));
        named
    }

    /// Adds the members of those groups that it names and that are among these, unless it lists them already.
    pub fn spell_out(&mut self, all: &[Group]) {
        let unspelled = self.unspelled();
        let found: Vec<Group> = all.iter().filter(|g| unspelled.contains(&g.name)).cloned().collect();
        self.groups.extend(found);
        self.groups.sort_by(|a, b| a.name.cmp(&b.name));
        self.groups.dedup_by(|a, b| a.name == b.name);
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
    fn what_goes_on_is_amber_at_most_attributed_and_names_somebody() {
        let names = vec!["us.example".parse().unwrap()];
        let marking = Marking {
            onward: Onward::Named(names.clone()),
            caveats: vec![Caveat::AskBeforeAction],
            ..Marking::new(Tlp::Amber)
        };
        assert_eq!(marking.goes_on_to(), Ok(&names[..]));
        for tlp in [Tlp::AmberStrict, Tlp::Red] {
            assert_eq!(Marking { tlp, ..marking.clone() }.goes_on_to(), Err(Stays::Tlp(tlp)));
        }
        let within = Marking { onward: Onward::WithinOrganisation, ..marking.clone() };
        assert_eq!(within.goes_on_to(), Err(Stays::WithinOrganisation));
        assert_eq!(Marking { onward: Onward::None, ..marking.clone() }.goes_on_to(), Err(Stays::Nobody));
        let unattributed = Marking { caveats: vec![Caveat::NoAttribution], ..marking };
        assert_eq!(unattributed.goes_on_to(), Err(Stays::NoAttribution));
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
