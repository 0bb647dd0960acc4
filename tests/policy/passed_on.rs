//! The oracle's rules of passing on: what another's assessment came with, and what may go on of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        agreement::Group,
        marking::{Audience, GroupName, Onward},
        partner::PartnerKind,
        place::Country,
        release::{OnwardLimit, Terms},
    },
    fixture::digest,
    oracle::{Came, Oracle, Rule},
    policy::Provenance,
};

const DAY: i64 = 86_400;

impl Oracle<'_> {
    /// Whether the portion may go on to the taker as far as the hop before is concerned.
    pub fn may_go_on(&self, index: usize) -> bool {
        if self.is_own_word(index) {
            return true;
        }
        let came = match self.came {
            Came::Own => return true,
            Came::Unknown => return self.is_left_out(Rule::ProvenanceNeeded),
            Came::By(number) => &self.case.provenances[number],
        };
        let (portion, taker) = (self.portion(index), &self.case.taker);
        if !came.digests.contains(&digest(index)) && !self.is_left_out(Rule::CameByIt) {
            return false;
        }
        if came.carriers.contains(&taker.domain) && !self.is_left_out(Rule::NotBack) {
            return false;
        }
        if let Some(limit) = &came.terms.onward {
            if !self.names_under(&limit.to, &came.groups) && !self.is_left_out(Rule::OnwardTo) {
                return false;
            }
            if !limit.kinds.contains(&portion.kind()) && !self.is_left_out(Rule::OnwardKinds) {
                return false;
            }
            if portion.marking.tlp > limit.max_tlp && !self.is_left_out(Rule::OnwardTlp) {
                return false;
            }
            if limit.depth == 0 && !self.is_left_out(Rule::OnwardDepth) {
                return false;
            }
        } else if !self.is_left_out(Rule::OnwardAtAll) {
            return false;
        }
        if taker.kind == PartnerKind::State && !self.is_left_out(Rule::BarredState) {
            for barred in &came.terms.barred_states {
                if taker.country == Some(*barred) {
                    return false;
                }
            }
        }
        match &portion.marking.onward {
            Onward::None if !self.is_left_out(Rule::MarkingNone) => return false,
            Onward::WithinOrganisation if !self.is_left_out(Rule::MarkingWithin) => return false,
            Onward::Named(names) => {
                if !self.names_under(names, &came.groups) && !self.is_left_out(Rule::MarkingNames) {
                    return false;
                }
            }
            Onward::None | Onward::WithinOrganisation => {}
        }
        if self.days_left(came).is_some_and(|days| days < 1) && !self.is_left_out(Rule::RetentionOver) {
            return false;
        }
        self.is_left_out(Rule::GroupsOnlyNarrow) || !self.a_group_has_grown(index, came)
    }

    fn names_under(&self, names: &[Audience], groups: &[Group]) -> bool {
        names.iter().any(|name| self.is_named(name, groups, true))
    }

    /// Days that the giver's own copy may still be kept, rounded down.
    fn days_left(&self, came: &Provenance) -> Option<i64> {
        let days = came.terms.retention_days?;
        let mut left = 0;
        while left < i64::from(days) {
            // One day more still ends in time.
            if self.case.now.plus_seconds((left + 1) * DAY) > came.released_at.plus_seconds(i64::from(days) * DAY) {
                break;
            }
            left += 1;
        }
        Some(left)
    }

    fn a_group_has_grown(&self, index: usize, came: &Provenance) -> bool {
        let marking = &self.portion(index).marking;
        let mut names = marking.releasable_to.clone();
        if let Onward::Named(more) = &marking.onward {
            names.extend(more.iter().cloned());
        }
        for name in names {
            if let Audience::Group(name) = name {
                let (now, before) = (members(&name, &self.agreement.groups), members(&name, &came.groups));
                if !now.is_subset(&before) {
                    return true;
                }
            }
        }
        false
    }

    /// The terms of the agreement, narrowed by those of the hop before.
    pub fn narrowed(&self, mut terms: Terms) -> Terms {
        let Came::By(number) = self.came else { return terms };
        let came = &self.case.provenances[number];
        terms.onward = match (terms.onward, &came.terms.onward) {
            (Some(ours), Some(theirs)) => self.narrowed_onward(ours, theirs, came),
            _ => None,
        };
        if terms.onward.is_some() && !self.is_left_out(Rule::TermsKeepBars) {
            let mut barred: BTreeSet<Country> = terms.barred_states.into_iter().collect();
            barred.extend(&came.terms.barred_states);
            terms.barred_states = barred.into_iter().collect();
        }
        if let Some(left) = self.days_left(came)
            && !self.is_left_out(Rule::TermsRetention)
        {
            let left = u32::try_from(left).unwrap();
            terms.retention_days = Some(terms.retention_days.map_or(left, |days| days.min(left)));
        }
        terms
    }

    /// With the groups that the terms or a portion's marking name, since who gets it further on does not know the agreement.
    pub fn spelled_out(&self, shown: &BTreeMap<usize, BTreeSet<String>>, mut terms: Terms) -> Terms {
        let Some(limit) = &mut terms.onward else { return terms };
        if self.is_left_out(Rule::GroupsSpelledOut) {
            return terms;
        }
        for group in &self.agreement.groups {
            let name = Audience::Group(group.name.clone());
            let mut is_named = limit.to.contains(&name);
            for index in shown.keys() {
                let marking = &self.portion(*index).marking;
                is_named |= marking.releasable_to.contains(&name);
                is_named |= matches!(&marking.onward, Onward::Named(names) if names.contains(&name));
            }
            if is_named {
                limit.groups.push(group.clone());
            }
        }
        limit.groups.sort_by(|a, b| a.name.cmp(&b.name));
        terms
    }

    fn narrowed_onward(&self, ours: OnwardLimit, theirs: &OnwardLimit, came: &Provenance) -> Option<OnwardLimit> {
        let mut limit = ours;
        if !self.is_left_out(Rule::TermsTo) {
            limit.to.retain(|name| self.all_were_named(name, theirs, came));
        }
        if !self.is_left_out(Rule::TermsKinds) {
            limit.kinds.retain(|kind| theirs.kinds.contains(kind));
        }
        if !self.is_left_out(Rule::TermsTlp) {
            limit.max_tlp = limit.max_tlp.min(theirs.max_tlp);
        }
        let hops = if self.is_left_out(Rule::TermsOneHopLess) { theirs.depth } else { theirs.depth.saturating_sub(1) };
        limit.depth = limit.depth.min(hops);
        if limit.to.is_empty() || limit.kinds.is_empty() || limit.depth == 0 { None } else { Some(limit) }
    }

    /// Whether everybody that the name means in the agreement at hand was named by the hop before.
    fn all_were_named(&self, name: &Audience, theirs: &OnwardLimit, came: &Provenance) -> bool {
        let mut before = BTreeSet::new();
        for named in &theirs.to {
            match named {
                Audience::Organisation(domain) => _ = before.insert(domain.to_string()),
                Audience::Group(group) => before.extend(members(group, &came.groups)),
            }
        }
        match name {
            Audience::Organisation(domain) => before.contains(domain.as_str()),
            Audience::Group(group) => {
                self.agreement.groups.iter().any(|g| g.name == *group)
                    && members(group, &self.agreement.groups).is_subset(&before)
            }
        }
    }
}

/// A group's members by name; a country's code has no dot and is in capitals, so that no organisation is taken for one.
pub fn members(name: &GroupName, groups: &[Group]) -> BTreeSet<String> {
    let mut members = BTreeSet::new();
    for group in groups {
        if group.name == *name {
            members.extend(group.countries.iter().map(|c| c.code().to_owned()));
            members.extend(group.organisations.iter().map(ToString::to_string));
        }
    }
    members
}
