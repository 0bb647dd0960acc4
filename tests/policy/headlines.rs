//! The oracle's choice of headlines: the fullest, and one that the taker may pass on.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{body::Kind, group::Group, marking::Audience, place::Country},
    oracle::{Came, Oracle, Rule},
    passed_on::members,
};

/// For each portion the names of the grants that permit it.
type Shown = BTreeMap<usize, BTreeSet<String>>;

impl Oracle<'_> {
    pub fn with_headlines(&self, permitted: &Shown) -> Shown {
        let headlines: Vec<usize> =
            permitted.keys().copied().filter(|i| self.portion(*i).kind() == Kind::Headline).collect();
        if self.is_left_out(Rule::OneHeadline) {
            return permitted.clone();
        }
        // A translation does not count as a headline of its own.
        let translated = |index: usize| self.translated(index, &headlines);
        let mut own: Vec<usize> = headlines.iter().copied().filter(|i| translated(*i).is_none()).collect();
        own.sort_by(|a, b| self.portion(*b).marking.tlp.cmp(&self.portion(*a).marking.tlp).then(a.cmp(b)));
        let with = |chosen: &[usize]| -> Shown {
            let mut shown = permitted.clone();
            shown.retain(|i, _| !headlines.contains(i) || chosen.contains(&translated(*i).unwrap_or(*i)));
            shown
        };
        let Some(first) = own.first() else { return permitted.clone() };
        let one = with(&[*first]);
        if self.somebody_may_have(*first, &one) || self.is_left_out(Rule::HeadlineForOthers) {
            return one;
        }
        for other in &own[1..] {
            let two = with(&[*first, *other]);
            if self.somebody_may_have(*other, &two) {
                return two;
            }
        }
        one
    }

    /// The headline among these that this one translates. `None` if the other is itself a translation.
    fn translated(&self, index: usize, headlines: &[usize]) -> Option<usize> {
        if self.is_left_out(Rule::TranslationsGoAlong) {
            return None;
        }
        let of = self.portion(index).translates?;
        for other in headlines.iter().copied() {
            let portion = self.portion(other);
            if other != index && portion.handle == of && portion.translates.is_none() {
                return Some(other);
            }
        }
        None
    }

    /// Whether the recipient of these may give the headline to somebody who has not had it.
    fn somebody_may_have(&self, headline: usize, shown: &Shown) -> bool {
        let Some(names) = self.may_name(headline) else { return false };
        let terms = self.narrowed(self.terms(shown));
        let Some(limit) = terms.onward else { return false };
        let marking = &self.portion(headline).marking;
        if !limit.kinds.contains(&Kind::Headline) || marking.tlp > limit.max_tlp {
            return false;
        }
        let barred = &terms.barred_states;
        let mut lists = vec![people(&limit.to, &self.agreement.groups, barred), people(names, &marking.groups, barred)];
        if !marking.releasable_to.is_empty() {
            lists.push(people(&marking.releasable_to, &marking.groups, barred));
        }
        let mut had = BTreeSet::from([self.case.giver.to_string(), self.case.taker.domain.to_string()]);
        had.insert(self.case.originator.to_string());
        if let Came::By(number) = self.came {
            had.extend(self.case.provenances[number].carriers.iter().map(ToString::to_string));
        }
        let everybody: BTreeSet<&String> = lists.iter().flatten().collect();
        everybody.into_iter().any(|one| {
            let is_organisation = one.contains('.');
            // An organisation that is not named may be an organ of a named state.
            let may_be_in = |list: &BTreeSet<String>| {
                list.contains(one) || (is_organisation && list.iter().any(|other| !other.contains('.')))
            };
            !had.contains(one) && lists.iter().all(may_be_in)
        })
    }
}

/// The organisations by name and the states by code, without the barred ones.
fn people(audiences: &[Audience], groups: &[Group], barred: &[Country]) -> BTreeSet<String> {
    let mut people = BTreeSet::new();
    for audience in audiences {
        match audience {
            Audience::Organisation(domain) => _ = people.insert(domain.to_string()),
            Audience::Group(name) => people.extend(members(name, groups)),
        }
    }
    people.retain(|one| !barred.iter().any(|state| state.code() == one));
    people
}
