//! The oracle's rules on passing on: what may be passed on of an assessment that came from another organisation.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        agreement::OnwardTerms,
        body::Kind,
        group::Group,
        marking::{Audience, Caveat, GroupName, Onward, Tlp},
        partner::PartnerKind,
        place::Country,
        release::{OnwardLimit, ReleaseTerms},
    },
    fixture::digest,
    oracle::{Came, Oracle, Rule},
    policy::Provenance,
};

const DAY: i64 = 86_400;

impl Oracle<'_> {
    /// Whether the hop before allows the portion to go on to the taker.
    pub fn may_go_on(&self, index: usize) -> bool {
        if let Some(came) = self.back() {
            return self.may_go_back(index, came);
        }
        if self.is_own_word(index) {
            return true;
        }
        let came = match self.came {
            Came::Own => {
                return self.portion(index).kind() != Kind::Endorsement || self.is_left_out(Rule::OthersWordStays);
            }
            Came::Unknown => return self.is_left_out(Rule::ProvenanceNeeded),
            Came::By(number) => &self.case.provenances[number],
        };
        let (portion, taker) = (self.portion(index), &self.case.taker);
        if !came.digests.contains(&digest(index)) && !self.is_left_out(Rule::CameByIt) {
            return false;
        }
        if !self.is_free(came) {
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
        if self.is_unattributed(index) || self.is_too_strict(index) {
            return false;
        }
        match &portion.marking.onward {
            Onward::None if !self.is_left_out(Rule::MarkingNone) => return false,
            Onward::WithinOrganisation if !self.is_left_out(Rule::MarkingWithin) => return false,
            Onward::Named(names) => {
                if !self.names_under(names, &portion.marking.groups) && !self.is_left_out(Rule::MarkingNames) {
                    return false;
                }
            }
            Onward::None | Onward::WithinOrganisation => {}
        }
        true
    }

    /// Whether what came by this release may go to the taker, whoever the taker is: nothing stopped it, bars the taker, or has run out.
    pub fn is_free(&self, came: &Provenance) -> bool {
        if came.is_stopped && !self.is_left_out(Rule::Stopped) {
            return false;
        }
        if self.case.taker.kind == PartnerKind::State && !self.is_left_out(Rule::BarredState) {
            let of_taker = self.takers_states();
            if came.terms.barred_states.iter().any(|barred| of_taker.contains(barred)) {
                return false;
            }
        }
        self.days_left(came).is_none_or(|days| days >= 1) || self.is_left_out(Rule::RetentionOver)
    }

    fn is_unattributed(&self, index: usize) -> bool {
        let caveats = &self.portion(index).marking.caveats;
        caveats.contains(&Caveat::NoAttribution) && !self.is_left_out(Rule::NoAttribution)
    }

    fn is_too_strict(&self, index: usize) -> bool {
        let tlp = self.portion(index).marking.tlp;
        matches!(tlp, Tlp::AmberStrict | Tlp::Red) && !self.is_left_out(Rule::StrictStays)
    }

    /// The audiences to which the portion's marking lets a recipient pass it on; `None` for nobody.
    pub fn may_name(&self, index: usize) -> Option<&[Audience]> {
        let marking = &self.portion(index).marking;
        if self.is_unattributed(index) || self.is_too_strict(index) {
            return None;
        }
        if let Onward::Named(names) = &marking.onward { Some(names) } else { None }
    }

    fn names_under(&self, names: &[Audience], groups: &[Group]) -> bool {
        names.iter().any(|name| self.is_named(name, groups, true))
    }

    /// The number of days that the giver may still keep its own copy, rounded down.
    fn days_left(&self, came: &Provenance) -> Option<i64> {
        let days = came.terms.retention_days?;
        let mut left = 0;
        while left < i64::from(days) {
            // One more day would end too late.
            if self.case.now.plus_seconds((left + 1) * DAY) > came.released_at.plus_seconds(i64::from(days) * DAY) {
                break;
            }
            left += 1;
        }
        Some(left)
    }

    pub fn onward(&self, shown: &BTreeMap<usize, BTreeSet<String>>) -> Option<OnwardLimit> {
        let mut limit: Option<OnwardLimit> = None;
        for (index, used) in shown {
            if self.may_name(*index).is_none() {
                continue;
            }
            let mut found = false;
            for grant in self.agreement.grants.iter().filter(|g| used.contains(&g.id.to_string())) {
                let Some(terms) = &grant.onward else { continue };
                found = true;
                limit = Some(match limit {
                    None => {
                        let OnwardTerms { to, kinds, max_tlp, depth, .. } = terms.clone();
                        OnwardLimit { later_kinds: vec![], to, kinds, max_tlp, depth, groups: vec![] }
                    }
                    Some(old) => OnwardLimit {
                        later_kinds: vec![],
                        to: old.to.into_iter().filter(|a| terms.to.contains(a)).collect(),
                        kinds: if self.is_left_out(Rule::OnwardKindsOfAll) {
                            old.kinds
                        } else {
                            old.kinds.into_iter().filter(|k| terms.kinds.contains(k)).collect()
                        },
                        max_tlp: old.max_tlp.min(terms.max_tlp),
                        depth: old.depth.min(terms.depth),
                        groups: vec![],
                    },
                });
            }
            if !found && !self.is_left_out(Rule::OnwardOnlyWhereAllGrant) {
                return None;
            }
        }
        let mut limit = limit?;
        limit.to.sort();
        limit.to.dedup();
        limit.kinds.sort();
        if limit.to.is_empty() || limit.kinds.is_empty() || limit.depth == 0 { None } else { Some(limit) }
    }

    /// The terms of the agreement, narrowed by the terms of the hop before.
    pub fn narrowed(&self, mut terms: ReleaseTerms) -> ReleaseTerms {
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

    /// The terms with the groups that they name. Organisations further on do not know the agreement.
    pub fn spelled_out(&self, mut terms: ReleaseTerms) -> ReleaseTerms {
        let Some(limit) = &mut terms.onward else { return terms };
        if self.is_left_out(Rule::GroupsSpelledOut) {
            return terms;
        }
        for group in &self.agreement.groups {
            if limit.to.contains(&Audience::Group(group.name.clone())) {
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

    /// Whether the hop before named everybody that this name means in the agreement.
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

/// A group's members by name. A country's code has no dot and is in capitals, so it can't be confused with an organisation.
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
