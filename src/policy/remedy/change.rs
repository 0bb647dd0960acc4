//! The changes that a remedy may consist of, and what each makes of the facts.

use crate::domain::{
    agreement::{Agreement, Area, Grant},
    assessment::{Manifest, Portion},
    body::Kind,
    ids::{StatementId, TrustDomain},
    level::WarningLevel,
    marking::{Audience, GroupName, Tlp, Topic},
    place::Place,
    time::{Day, Time},
};

/// One thing that would have to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An agreement that is here already would have to be in force.
    InForce(StatementId),
    /// There would have to be a grant more: in that agreement, or in a new one where none is named.
    NewGrant(Option<StatementId>, Box<Grant>),
    /// A grant would have to reach further.
    Widen(StatementId, GroupName, Widening),
    /// An agreement would have to hold longer: to the end of that day.
    Prolong(StatementId, Day),
    /// An agreement would have to begin earlier: with that day.
    Advance(StatementId, Day),
    /// A portion would have to be marked otherwise, in a new version.
    Remark(usize, Remark),
    /// A new version would have to expire after that time.
    Renew(Time),
    /// A house rule would have to let it go.
    Rule(String),
    /// It goes by itself once it is that time.
    Wait(Time),
}

/// How far a grant would have to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Widening {
    /// This kind of portion, too.
    Kind(Kind),
    /// This place, too.
    Place(Place),
    /// This topic, too.
    Topic(Topic),
    /// Up to this level of the Traffic Light Protocol.
    MaxTlp(Tlp),
    /// From this level of warning up.
    MinLevel(WarningLevel),
    /// After at most so many seconds.
    Delay(u64),
}

/// How a portion would have to be marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Releasable to this organisation, by name.
    Name(TrustDomain),
    /// With this topic.
    Topic(Topic),
}

impl Change {
    /// Whether it takes a new version of the assessment.
    pub fn needs_new_version(&self) -> bool {
        matches!(self, Self::Remark(..) | Self::Renew(_))
    }

    /// Whether the other is the same question with another answer, so that only one of them can stand.
    fn replaces(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Wait(_), Self::Wait(_)) | (Self::Renew(_), Self::Renew(_)) => true,
            (Self::Prolong(a, _), Self::Prolong(b, _)) | (Self::Advance(a, _), Self::Advance(b, _)) => a == b,
            (Self::Widen(a, i, how), Self::Widen(b, j, other)) => {
                let single = matches!(how, Widening::MaxTlp(_) | Widening::MinLevel(_) | Widening::Delay(_));
                (a, i) == (b, j) && single && std::mem::discriminant(how) == std::mem::discriminant(other)
            }
            (a, b) => a == b,
        }
    }

    /// Adds it, in the place of the one that it replaces; whether that makes a difference.
    pub(super) fn add_to(self, all: &mut Vec<Self>) -> bool {
        match all.iter_mut().find(|c| self.replaces(c)) {
            Some(same) if *same == self => false,
            Some(other) => {
                *other = self;
                true
            }
            None => {
                all.push(self);
                true
            }
        }
    }
}

/// All that a decision is made of, to be changed at will.
#[derive(Clone)]
pub(super) struct World {
    pub agreements: Vec<(StatementId, Agreement)>,
    pub manifest: Manifest,
    /// When the giver logged it.
    pub logged_at: Time,
    pub portions: Vec<Portion>,
    /// The house rules that are left out.
    pub spared: Vec<String>,
    pub now: Time,
}

/// The id of an agreement that does not exist yet.
pub(super) const NOT_YET: StatementId = StatementId([0; 32]);

impl World {
    /// What the change makes of it. `began` is the time at which a new version would be logged.
    pub fn apply(&mut self, change: &Change, dormant: &[(StatementId, Agreement)], began: Time) {
        if change.needs_new_version() {
            self.logged_at = began;
        }
        match change {
            Change::InForce(id) => self.agreements.extend(dormant.iter().filter(|(known, _)| known == id).cloned()),
            Change::NewGrant(Some(id), grant) => self.edit(id, |a| a.grants.push((**grant).clone())),
            Change::NewGrant(None, grant) => self.agreements.push((NOT_YET, new_agreement(grant, self.now))),
            Change::Widen(id, name, how) => self.edit(id, |a| {
                a.grants.iter_mut().filter(|g| g.id == *name).for_each(|g| widen(g, how));
            }),
            Change::Prolong(id, day) => self.edit(id, |a| a.until = *day),
            Change::Advance(id, day) => self.edit(id, |a| a.from = *day),
            Change::Remark(index, how) => {
                if let Some(portion) = self.portions.get_mut(*index) {
                    match how {
                        Remark::Name(who) => {
                            portion.marking.releasable_to.push(Audience::Organisation(who.clone()));
                            portion.marking.releasable_to.sort_unstable();
                        }
                        Remark::Topic(topic) => portion.marking.topics.push(topic.clone()),
                    }
                }
            }
            Change::Renew(after) => self.manifest.expires = after.plus_seconds(1),
            Change::Rule(id) => self.spared.push(id.clone()),
            Change::Wait(until) => self.now = *until,
        }
    }

    fn edit(&mut self, id: &StatementId, how: impl FnOnce(&mut Agreement)) {
        if let Some((_, agreement)) = self.agreements.iter_mut().find(|(known, _)| known == id) {
            how(agreement);
        }
    }
}

pub(super) fn widen(grant: &mut Grant, how: &Widening) {
    match how {
        Widening::Kind(kind) => grant.kinds.push(*kind),
        Widening::Place(place) => grant.places.push(Area::Place(*place)),
        Widening::Topic(topic) => grant.topics.push(topic.clone()),
        Widening::MaxTlp(tlp) => grant.max_tlp = *tlp,
        Widening::MinLevel(level) => grant.min_level = Some(*level),
        Widening::Delay(seconds) => grant.delay_seconds = *seconds,
    }
}

/// An agreement of a year that holds only this grant.
fn new_agreement(grant: &Grant, now: Time) -> Agreement {
    let mut parties = [grant.from.clone(), grant.to.clone()];
    parties.sort_unstable();
    Agreement {
        series: crate::domain::ids::AssessmentId([0; 16]),
        version: 1,
        previous: None,
        parties,
        from: now.plus_seconds(-86_400).day(),
        until: now.plus_seconds(365 * 86_400).day(),
        purpose: String::new(),
        notice_days: 0,
        groups: vec![],
        grants: vec![grant.clone()],
        duties: crate::domain::agreement::Duties::default(),
        triggers: vec![],
    }
}
