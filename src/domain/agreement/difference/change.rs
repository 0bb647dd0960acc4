//! A change of one term, and the list in which changes are collected.

use serde::Serialize;

use crate::domain::{
    agreement::{Area, Grant, OnwardTerms},
    body::Kind,
    group::Group,
    ids::TrustDomain,
    level::WarningLevel,
    marking::{Audience, GroupName, Tlp, Topic},
    place::Country,
    time::Day,
    words::words,
};

words!(
    /// The effect of a change on what the parties give each other.
    Effect, "effect" {
        /// More is given, or sooner, or for longer.
        Widens = "widens",
        /// Less is given, or later, or for shorter.
        Narrows = "narrows",
        /// Neither.
        Other = "other",
    }
);

impl Effect {
    /// [`Effect::Widens`] if more is given, otherwise [`Effect::Narrows`].
    pub(super) fn more(more: bool) -> Self {
        if more { Self::Widens } else { Self::Narrows }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementDifference {
    /// The grant that changed. `None` if the change concerns the whole agreement.
    pub grant: Option<Direction>,
    /// Its effect.
    pub effect: Effect,
    /// The term that changed.
    pub what: What,
}

/// A grant's name, with the party that gives and the party that gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Direction {
    /// Its name.
    pub id: GroupName,
    /// The party that gives.
    pub from: TrustDomain,
    /// The party that gets.
    pub to: TrustDomain,
}

impl Direction {
    /// The direction of this grant.
    pub(super) fn of(grant: &Grant) -> Self {
        Self { id: grant.id.clone(), from: grant.from.clone(), to: grant.to.clone() }
    }
}

/// The term that changed, with its values before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are named for the term that changed; before, then after")]
pub enum What {
    Parties([TrustDomain; 2], [TrustDomain; 2]),
    From(Day, Day),
    Until(Day, Day),
    Purpose(String, String),
    Notice(u32, u32),
    NewGroup(Group),
    DroppedGroup(Group),
    GroupDay(GroupName, Day, Day),
    NewMember(GroupName, GroupMember),
    DroppedMember(GroupName, GroupMember),
    /// A deadline to acknowledge, by level, in seconds.
    Acknowledge(WarningLevel, Option<u64>, Option<u64>),
    PurgeOnRecall(bool, bool),
    Approvals(u32, u32),
    /// Terms that this version of the program does not keep.
    Unkept(Vec<&'static str>, Vec<&'static str>),
    NewGrant(Box<Grant>),
    DroppedGrant(Box<Grant>),
    NewPlace(Area),
    DroppedPlace(Area),
    NewTopic(Topic),
    DroppedTopic(Topic),
    /// Every topic before, only these after.
    OnlyTopics(Vec<Topic>),
    /// These topics before, every topic after.
    AllTopics(Vec<Topic>),
    NewKind(Kind),
    DroppedKind(Kind),
    /// Kinds of a later edition.
    LaterKinds(Vec<GroupName>, Vec<GroupName>),
    MaxTlp(Tlp, Tlp),
    MinLevel(Option<WarningLevel>, Option<WarningLevel>),
    Delay(u64, u64),
    Retention(Option<u32>, Option<u32>),
    NewOnward(OnwardTerms),
    DroppedOnward(OnwardTerms),
    NewOnwardTo(Audience),
    DroppedOnwardTo(Audience),
    NewOnwardKind(Kind),
    DroppedOnwardKind(Kind),
    /// Kinds of a later edition.
    LaterOnwardKinds(Vec<GroupName>, Vec<GroupName>),
    OnwardTlp(Tlp, Tlp),
    OnwardDepth(u32, u32),
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum GroupMember {
    /// A state.
    Country(Country),
    /// An organisation.
    Organisation(TrustDomain),
}

impl std::fmt::Display for GroupMember {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Country(country) => country.fmt(f),
            Self::Organisation(domain) => domain.fmt(f),
        }
    }
}

/// Collects changes.
#[derive(Default)]
pub(super) struct AgreementDifferences {
    /// The grant to which the changes that are added belong.
    pub grant: Option<Direction>,
    found: Vec<AgreementDifference>,
}

impl AgreementDifferences {
    /// The changes, in the order in which they were found.
    pub fn differences(self) -> Vec<AgreementDifference> {
        self.found
    }

    /// Adds a change.
    pub fn put(&mut self, effect: Effect, what: What) {
        self.found.push(AgreementDifference { grant: self.grant.clone(), effect, what });
    }

    /// Adds a change of one term, unless both are the same.
    pub fn changed<T: Clone + PartialEq>(
        &mut self,
        before: &T,
        after: &T,
        effect: Effect,
        what: impl FnOnce(T, T) -> What,
    ) {
        if before != after {
            self.put(effect, what(before.clone(), after.clone()));
        }
    }

    /// Compares two lists as sets.
    pub fn members<T: Clone + PartialEq>(
        &mut self,
        before: &[T],
        after: &[T],
        came: impl Fn(T) -> What,
        went: impl Fn(T) -> What,
    ) {
        for one in only_in(after, before) {
            self.put(Effect::Widens, came(one));
        }
        for one in only_in(before, after) {
            self.put(Effect::Narrows, went(one));
        }
    }
}

/// The items of `here` that are not in `there`, without repetition.
pub(super) fn only_in<T: Clone + PartialEq>(here: &[T], there: &[T]) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for one in here.iter().filter(|one| !there.contains(one)) {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
    all
}
