//! The oracle: a second implementation of the release rules, as a reader of the protocol would write it.
//!
//! It is slow and plain, uses the domain's types, and shares nothing with Cedar or with the code that is tested. Any one rule can be left out,
//! to show that the comparison notices its absence.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cases::Case,
    domain::{
        agreement::{Agreement, Area, Grant},
        assessment::Portion,
        body::{Body, Kind, Subject},
        group::Group,
        ids::StatementId,
        marking::{Audience, Tlp},
        partner::PartnerKind,
        place::Place,
        release::ReleaseTerms,
    },
    exceptions::without_marks,
    house::LIBRARY,
    places,
};

/// The rules that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Direction,
    Validity,
    Kinds,
    Tlp,
    Topics,
    Places,
    Level,
    Delay,
    OwnState,
    ActorsState,
    GoverningState,
    InRegions,
    Control,
    ControlsTime,
    OwnControl,
    TerritorysOrgan,
    SubjectKnown,
    Expiry,
    ReleasableTo,
    GroupOfStates,
    RedNamed,
    RedNotByCountry,
    OneHeadline,
    HeadlineForOthers,
    HeadlineNeeded,
    AsSeenThere,
    BarredAsDisclosed,
    OnwardOnlyWhereAllGrant,
    ShortestRetention,
    HouseRules,
    OnwardKindsOfAll,
    ProvenanceNeeded,
    CameByIt,
    OnwardAtAll,
    OnwardTo,
    OnwardKinds,
    OnwardTlp,
    OnwardDepth,
    BarredState,
    MarkingNone,
    MarkingWithin,
    MarkingNames,
    RetentionOver,
    TermsTo,
    TermsKinds,
    TermsTlp,
    TermsOneHopLess,
    TermsKeepBars,
    TermsRetention,
    GroupsSpelledOut,
    NotBack,
    ExceptionGiver,
    ExceptionPartner,
    ExceptionPortions,
    ExceptionBegins,
    ExceptionEnds,
    ExceptionOnlyAdds,
    ExceptionUnderForbid,
    OwnEndorsement,
    NoAttribution,
    StrictStays,
    EverySubjectFromHubs,
    TranslationsGoAlong,
    Stopped,
    OtherVersions,
    BackToOriginator,
    BackSeen,
    BackBefore,
    BackLeast,
    BackDirect,
    BackGrants,
    BackOnward,
    AuthorMayHaveIt,
    OthersWordStays,
}

impl Rule {
    pub const ALL: &[Self] = &[
        Self::Direction,
        Self::Validity,
        Self::Kinds,
        Self::Tlp,
        Self::Topics,
        Self::Places,
        Self::Level,
        Self::Delay,
        Self::OwnState,
        Self::ActorsState,
        Self::GoverningState,
        Self::InRegions,
        Self::Control,
        Self::ControlsTime,
        Self::OwnControl,
        Self::TerritorysOrgan,
        Self::SubjectKnown,
        Self::Expiry,
        Self::ReleasableTo,
        Self::GroupOfStates,
        Self::RedNamed,
        Self::RedNotByCountry,
        Self::OneHeadline,
        Self::HeadlineForOthers,
        Self::HeadlineNeeded,
        Self::AsSeenThere,
        Self::BarredAsDisclosed,
        Self::OnwardOnlyWhereAllGrant,
        Self::ShortestRetention,
        Self::HouseRules,
        Self::OnwardKindsOfAll,
        Self::ProvenanceNeeded,
        Self::CameByIt,
        Self::OnwardAtAll,
        Self::OnwardTo,
        Self::OnwardKinds,
        Self::OnwardTlp,
        Self::OnwardDepth,
        Self::BarredState,
        Self::MarkingNone,
        Self::MarkingWithin,
        Self::MarkingNames,
        Self::RetentionOver,
        Self::TermsTo,
        Self::TermsKinds,
        Self::TermsTlp,
        Self::TermsOneHopLess,
        Self::TermsKeepBars,
        Self::TermsRetention,
        Self::GroupsSpelledOut,
        Self::NotBack,
        Self::ExceptionGiver,
        Self::ExceptionPartner,
        Self::ExceptionPortions,
        Self::ExceptionBegins,
        Self::ExceptionEnds,
        Self::ExceptionOnlyAdds,
        Self::ExceptionUnderForbid,
        Self::OwnEndorsement,
        Self::NoAttribution,
        Self::StrictStays,
        Self::EverySubjectFromHubs,
        Self::TranslationsGoAlong,
        Self::Stopped,
        Self::OtherVersions,
        Self::BackToOriginator,
        Self::BackSeen,
        Self::BackBefore,
        Self::BackLeast,
        Self::BackDirect,
        Self::BackGrants,
        Self::BackOnward,
        Self::AuthorMayHaveIt,
        Self::OthersWordStays,
    ];
}

/// What is released: the index of the agreement, the release by which it came, the names of the grants for each portion, and the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub agreement: usize,
    pub via: Option<StatementId>,
    pub portions: BTreeMap<usize, BTreeSet<String>>,
    pub terms: ReleaseTerms,
    pub exceptions: BTreeSet<StatementId>,
}

/// What is released to the case's taker, if anything.
pub fn answer(case: &Case, without: Option<Rule>) -> Option<Answer> {
    let mut ways: Vec<Came> = (0..case.provenances.len()).map(Came::By).collect();
    if case.originator == case.giver {
        ways = vec![Came::Own];
    } else if ways.is_empty() {
        ways = vec![Came::Unknown];
    }
    let mut best: Option<Answer> = None;
    for index in 0..case.agreements.len() {
        for came in &ways {
            let oracle = Oracle { case, agreement: &case.agreements[index], came: *came, without };
            if let Some(answer) = oracle.answer(index) {
                let more = |b: &Answer| answer.portions.len() > b.portions.len();
                if best.as_ref().is_none_or(more) {
                    best = Some(answer);
                }
            }
        }
    }
    best
}

/// How the giver acquired the assessment.
#[derive(Debug, Clone, Copy)]
pub enum Came {
    Own,
    By(usize),
    Unknown,
}

pub struct Oracle<'a> {
    pub case: &'a Case,
    pub agreement: &'a Agreement,
    pub came: Came,
    pub without: Option<Rule>,
}

impl Oracle<'_> {
    pub fn is_left_out(&self, rule: Rule) -> bool {
        self.without == Some(rule)
    }

    fn answer(&self, agreement: usize) -> Option<Answer> {
        let all: BTreeSet<usize> = (0..self.case.portions.len()).collect();
        let mut permitted: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for index in &all {
            let grants = self.permitting(*index, &all);
            if !grants.is_empty() {
                permitted.insert(*index, grants);
            }
        }
        loop {
            let shown = self.with_headlines(&permitted);
            let visible: BTreeSet<usize> = shown.keys().copied().collect();
            let mut changed = false;
            for (index, grants) in &shown {
                if self.is_left_out(Rule::AsSeenThere) {
                    break;
                }
                let seen = self.permitting(*index, &visible);
                let both: BTreeSet<String> = grants.intersection(&seen).cloned().collect();
                if both != *grants {
                    changed = true;
                    if both.is_empty() {
                        permitted.remove(index);
                    } else {
                        permitted.insert(*index, both);
                    }
                }
            }
            if !changed {
                return self.complete(agreement, shown);
            }
        }
    }

    fn complete(&self, agreement: usize, shown: BTreeMap<usize, BTreeSet<String>>) -> Option<Answer> {
        let has = |kind| shown.keys().any(|i| self.portion(*i).kind() == kind);
        if !has(Kind::Headline) && !self.is_left_out(Rule::HeadlineNeeded) {
            return None;
        }
        // The recipient would refuse it anyway, because it knows of no subject. So no case could show that this rule is left out.
        if !has(Kind::Subject) {
            return None;
        }
        if !self.stands_on_a_grant(&shown) {
            return None;
        }
        let (all, visible) = ((0..self.case.portions.len()).collect(), shown.keys().copied().collect());
        let hides_subject = self.subjects(&visible).len() < self.subjects(&all).len();
        if matches!(self.came, Came::By(_)) && hides_subject && !self.is_left_out(Rule::EverySubjectFromHubs) {
            return None;
        }
        let terms = self.spelled_out(self.narrowed(self.terms(&shown)));
        let via = match self.came {
            Came::By(number) => Some(self.case.provenances[number].release),
            Came::Own | Came::Unknown => None,
        };
        let exceptions = self.named(&shown);
        Some(Answer { agreement, via, portions: without_marks(shown), terms, exceptions })
    }

    pub fn portion(&self, index: usize) -> &Portion {
        &self.case.portions[index]
    }

    /// The grants that permit the portion, given the subjects among the visible portions. None if a rule forbids it.
    pub fn permitting(&self, index: usize, visible: &BTreeSet<usize>) -> BTreeSet<String> {
        let mut grants = self.excepting(index);
        if self.back().is_some() && !self.is_own_word(index) && !self.is_left_out(Rule::BackGrants) {
            return if self.is_forbidden(index, visible) { BTreeSet::new() } else { self.along(visible) };
        }
        if self.is_forbidden(index, visible) {
            return if self.is_left_out(Rule::ExceptionUnderForbid) { grants } else { BTreeSet::new() };
        }
        for grant in &self.agreement.grants {
            if self.grants(grant, index, visible) {
                grants.insert(grant.id.to_string());
            }
        }
        grants
    }

    fn is_forbidden(&self, index: usize, visible: &BTreeSet<usize>) -> bool {
        if self.has_expired() {
            return true;
        }
        let about = self.about(visible);
        if self.takers_states().iter().any(|c| about.contains(c)) && !self.is_left_out(Rule::OwnState) {
            return true;
        }
        if self.case.house.iter().any(|n| (LIBRARY[*n].forbids)(self, index, visible))
            && !self.is_left_out(Rule::HouseRules)
        {
            return true;
        }
        if !self.may_go_on(index) {
            return true;
        }
        let subjects = self.subjects(visible);
        let placeless = subjects.iter().any(|s| s.places.is_empty());
        if (subjects.is_empty() || placeless) && !self.is_left_out(Rule::SubjectKnown) {
            return true;
        }
        self.is_for_others(index)
    }

    pub fn has_expired(&self) -> bool {
        self.case.now >= self.case.expires && !self.is_left_out(Rule::Expiry)
    }

    /// Whether the portion's marking makes it releasable to others only.
    pub fn is_for_others(&self, index: usize) -> bool {
        let is_by_taker = self.case.originator == self.case.taker.domain;
        if is_by_taker && self.portion(index).kind() != Kind::Endorsement && !self.is_left_out(Rule::AuthorMayHaveIt) {
            return false;
        }
        let marking = &self.portion(index).marking;
        if !marking.releasable_to.is_empty() && !self.is_left_out(Rule::ReleasableTo) {
            let by_state = !self.is_left_out(Rule::GroupOfStates);
            if !marking.releasable_to.iter().any(|a| self.is_named(a, &marking.groups, by_state)) {
                return true;
            }
        }
        if marking.tlp == Tlp::Red && !self.is_left_out(Rule::RedNamed) {
            let by_state = self.is_left_out(Rule::RedNotByCountry);
            if !marking.releasable_to.iter().any(|a| self.is_named(a, &marking.groups, by_state)) {
                return true;
            }
        }
        false
    }

    /// Whether the audience means the taker, given these groups.
    pub fn is_named(&self, audience: &Audience, groups: &[Group], by_state: bool) -> bool {
        let taker = &self.case.taker;
        match audience {
            Audience::Organisation(domain) => *domain == taker.domain,
            Audience::Group(name) => {
                for group in groups {
                    if group.name == *name {
                        if group.organisations.contains(&taker.domain) {
                            return true;
                        }
                        if by_state && taker.kind == PartnerKind::State {
                            return taker.country.is_some_and(|c| group.countries.contains(&c));
                        }
                    }
                }
                false
            }
        }
    }

    pub fn subjects(&self, visible: &BTreeSet<usize>) -> Vec<&Subject> {
        let mut subjects = Vec::new();
        for index in visible {
            if let Body::Subject(subject) = &self.portion(*index).body {
                subjects.push(subject);
            }
        }
        subjects
    }

    pub fn places(&self, visible: &BTreeSet<usize>) -> Vec<Place> {
        self.subjects(visible).iter().flat_map(|s| s.places.iter().copied()).collect()
    }

    fn grants(&self, grant: &Grant, index: usize, visible: &BTreeSet<usize>) -> bool {
        let (case, portion) = (self.case, self.portion(index));
        let kept = |rule, condition: bool| condition || self.is_left_out(rule);
        let topics = &portion.marking.topics;
        let subjects = self.subjects(visible);
        let level = subjects.iter().map(|s| s.level).max();
        let delay = i64::try_from(grant.delay_seconds).unwrap_or(i64::MAX);
        let places = self.places(visible);
        let between = grant.from == case.giver && grant.to == case.taker.domain;
        kept(Rule::Direction, between)
            && kept(Rule::Validity, self.agreement.is_valid_at(case.now))
            && kept(Rule::Kinds, grant.kinds.contains(&portion.kind()))
            && kept(Rule::Tlp, portion.marking.tlp <= grant.max_tlp)
            && kept(Rule::Topics, grant.topics.is_empty() || topics.iter().any(|t| grant.topics.contains(t)))
            && kept(Rule::Places, places.iter().all(|p| self.lies_within(*p, grant)))
            && kept(Rule::Level, grant.min_level.is_none_or(|least| level >= Some(least)))
            && kept(Rule::Delay, case.now >= case.issued.plus_seconds(delay))
    }

    fn lies_within(&self, place: Place, grant: &Grant) -> bool {
        if let Place::Region(region) = place {
            return region.countries().iter().all(|c| self.lies_within(Place::Country(*c), grant));
        }
        if let Some(successors) = places::successors(&place.to_string()) {
            return successors.iter().all(|code| self.lies_within(code.parse().unwrap(), grant));
        }
        for area in &grant.places {
            let within = match area {
                Area::Place(outer) => place.within(*outer),
                Area::Group(name) => {
                    let members = self.agreement.groups.iter().filter(|g| g.name == *name).flat_map(|g| &g.countries);
                    members.into_iter().any(|c| place.within(Place::Country(*c)))
                }
            };
            if within {
                return true;
            }
        }
        false
    }

    pub fn terms(&self, shown: &BTreeMap<usize, BTreeSet<String>>) -> ReleaseTerms {
        let all: BTreeSet<usize> = (0..self.case.portions.len()).collect();
        let visible: BTreeSet<usize> = shown.keys().copied().collect();
        let hides_subject = self.subjects(&visible).len() < self.subjects(&all).len();
        let as_disclosed = hides_subject && !self.is_left_out(Rule::BarredAsDisclosed);
        let known = if as_disclosed { &visible } else { &all };
        let mut states = self.states(known);
        states.extend(self.added(known));
        let used: BTreeSet<&String> = shown.values().flatten().collect();
        let mut retention_days: Option<u32> = None;
        for grant in self.agreement.grants.iter().filter(|g| used.contains(&g.id.to_string())) {
            if let Some(days) = grant.retention_days {
                let shorter = retention_days.is_none_or(|old| days < old);
                if shorter || self.is_left_out(Rule::ShortestRetention) {
                    retention_days = Some(days);
                }
            }
        }
        let is_back = self.back().is_some() && !self.is_left_out(Rule::BackOnward);
        let onward = if hides_subject || is_back { None } else { self.onward(shown) };
        ReleaseTerms { onward, barred_states: states.into_iter().collect(), retention_days }
    }
}
