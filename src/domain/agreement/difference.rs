//! What changed between two agreements, term by term, and whether it gives more or less. The place among the versions is not compared, nor is
//! the order of lists.

mod grants;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;

use super::{Agreement, Area, Duties, Grant};
use crate::domain::{
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
    /// What a change does to what the parties give each other.
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
    fn more(more: bool) -> Self {
        if more { Self::Widens } else { Self::Narrows }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The grant that it is in; `None` where it concerns the whole agreement.
    pub grant: Option<Direction>,
    /// What it does.
    pub effect: Effect,
    /// What it is.
    pub what: What,
}

/// A grant by its name, and whom it is from and to.
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
    fn of(grant: &Grant) -> Self {
        Self { id: grant.id.clone(), from: grant.from.clone(), to: grant.to.clone() }
    }
}

/// What came and what went, each side of one change.
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
    NewMember(GroupName, Member),
    DroppedMember(GroupName, Member),
    /// By level: the seconds within which to acknowledge.
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
    /// Every topic before, these after.
    OnlyTopics(Vec<Topic>),
    /// These topics before, every one after.
    AllTopics(Vec<Topic>),
    NewKind(Kind),
    DroppedKind(Kind),
    /// Kinds of a later edition.
    LaterKinds(Vec<GroupName>, Vec<GroupName>),
    MaxTlp(Tlp, Tlp),
    MinLevel(Option<WarningLevel>, Option<WarningLevel>),
    Delay(u64, u64),
    Retention(Option<u32>, Option<u32>),
    NewOnward(super::OnwardTerms),
    DroppedOnward(super::OnwardTerms),
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
pub enum Member {
    /// A state.
    Country(Country),
    /// An organisation.
    Organisation(TrustDomain),
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Country(country) => country.fmt(f),
            Self::Organisation(domain) => domain.fmt(f),
        }
    }
}

/// Every change from `a` to `b`: first of the whole, then grant by grant, in `b`'s order.
pub fn differences(a: &Agreement, b: &Agreement) -> Vec<Difference> {
    let mut all = Found::default();
    // Taken apart, so that a new term can't be forgotten here.
    let Agreement {
        series: _,
        version: _,
        previous: _,
        parties,
        from,
        until,
        purpose,
        notice_days,
        groups,
        grants,
        duties,
        triggers: _,
    } = a;
    all.changed(parties, &b.parties, Effect::Other, What::Parties);
    all.changed(from, &b.from, Effect::more(b.from < *from), What::From);
    all.changed(until, &b.until, Effect::more(b.until > *until), What::Until);
    all.changed(purpose, &b.purpose, Effect::Other, What::Purpose);
    all.changed(notice_days, &b.notice_days, Effect::Other, What::Notice);
    self::groups(groups, &b.groups, &mut all);
    self::duties(duties, &b.duties, &mut all);
    all.changed(&a.unkept(), &b.unkept(), Effect::Other, What::Unkept);
    grants::compare((a, grants), (b, &b.grants), &mut all);
    all.found
}

/// Collects changes.
#[derive(Default)]
struct Found {
    grant: Option<Direction>,
    found: Vec<Difference>,
}

impl Found {
    fn put(&mut self, effect: Effect, what: What) {
        self.found.push(Difference { grant: self.grant.clone(), effect, what });
    }

    fn changed<T: Clone + PartialEq>(
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

    /// Two lists as sets.
    fn members<T: Clone + PartialEq>(
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

/// What is in the first and not in the second, each once.
fn only_in<T: Clone + PartialEq>(here: &[T], there: &[T]) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    for one in here.iter().filter(|one| !there.contains(one)) {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
    all
}

/// A group is who a marking or an onward term may name, and where a grant may reach: with more members more is given.
fn groups(before: &[Group], after: &[Group], all: &mut Found) {
    for group in after {
        let Some(old) = before.iter().find(|g| g.name == group.name) else {
            all.put(Effect::Widens, What::NewGroup(group.clone()));
            continue;
        };
        let Group { name, as_of, countries, organisations } = old;
        all.changed(as_of, &group.as_of, Effect::Other, |a, b| What::GroupDay(name.clone(), a, b));
        let members = |countries: &[Country], organisations: &[TrustDomain]| -> Vec<Member> {
            let states = countries.iter().copied().map(Member::Country);
            states.chain(organisations.iter().cloned().map(Member::Organisation)).collect()
        };
        all.members(
            &members(countries, organisations),
            &members(&group.countries, &group.organisations),
            |m| What::NewMember(name.clone(), m),
            |m| What::DroppedMember(name.clone(), m),
        );
    }
    for group in before.iter().filter(|g| !after.iter().any(|b| b.name == g.name)) {
        all.put(Effect::Narrows, What::DroppedGroup(group.clone()));
    }
}

fn duties(before: &Duties, after: &Duties, all: &mut Found) {
    // The others are among the terms that this program does not keep.
    let Duties { acknowledge, purge_on_recall, approvals, .. } = before;
    for level in WarningLevel::ALL {
        let within = |duties: &[super::AcknowledgeDuty]| {
            duties.iter().filter(|d| d.min_level == *level).map(|d| d.within_seconds).min()
        };
        let (old, new) = (within(acknowledge), within(&after.acknowledge));
        all.changed(&old, &new, Effect::Other, |a, b| What::Acknowledge(*level, a, b));
    }
    all.changed(purge_on_recall, &after.purge_on_recall, Effect::Other, What::PurgeOnRecall);
    all.changed(approvals, &after.approvals, Effect::Other, What::Approvals);
}
