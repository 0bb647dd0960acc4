//! The terms that a release sets for its recipient: the narrowest of everything that permits it.

use std::collections::BTreeSet;

use super::{
    basis::Basis,
    ruling::{GrantedItems, Grounds},
};
use crate::{
    domain::{
        agreement::{Grant, OnwardTerms},
        body::Kind,
        group::Group,
        marking::{Audience, GroupName},
        release::{OnwardLimit, ReleaseTerms},
    },
    policy::{agreement::CompiledAgreement, facts::Facts},
};

/// The terms of a release of these items. They are the widest that the giver may set, and those that it does set.
pub(in crate::policy) fn release_terms(basis: Basis<'_>, released: &GrantedItems) -> ReleaseTerms {
    let Basis { policy, agreement, facts, acquisition, now } = basis;
    let disclosed = || released.keys().copied();
    // To name the states of a withheld subject would reveal it. So if a subject is withheld, only the states of the disclosed ones are named,
    // and nothing may be passed on. The states of other versions are never named: an organisation that passes this version on checks the
    // versions that it holds itself.
    let withholds = facts.count(Kind::Subject, disclosed()) < facts.count(Kind::Subject, facts.indexes());
    let mut states = if withholds { facts.subjects_of(disclosed()).states } else { facts.all_subjects.states.clone() };
    states.extend(match withholds {
        true => facts.states_added_by(&policy.control, disclosed()),
        false => facts.states_added_by(&policy.control, facts.indexes()),
    });
    let used = released.values().flat_map(|grounds| grants(agreement, grounds));
    let own = ReleaseTerms {
        // The originator of an assessment is not told by others to whom it may pass it on.
        onward: if withholds || basis.way_back().is_some() { None } else { onward(agreement, facts, released) },
        barred_states: states.into_iter().collect(),
        retention_days: used.filter_map(|g| g.retention_days).min(),
    };
    let mut terms = acquisition.narrow(own, &agreement.groups, now);
    if let Some(limit) = &mut terms.onward {
        limit.groups = named_groups(limit, agreement);
    }
    terms
}

/// The groups that the limit names, by name. An organisation further on has no copy of this agreement.
fn named_groups(limit: &OnwardLimit, agreement: &CompiledAgreement) -> Vec<Group> {
    let named: BTreeSet<&GroupName> = limit.to.iter().filter_map(Audience::group).collect();
    named.into_iter().filter_map(|name| agreement.groups.iter().find(|g| g.name == *name)).cloned().collect()
}

/// What may be passed on. `None` unless each item whose marking allows it to be passed on is permitted by a grant that allows it too.
///
/// Where several grants permit an item, those count that allow it to be passed on. A grant that says nothing of passing on neither allows it
/// nor prevents it.
fn onward(agreement: &CompiledAgreement, facts: &Facts<'_>, released: &GrantedItems) -> Option<OnwardLimit> {
    let may_pass = |index: &usize| facts.portion(*index).is_some_and(|p| p.marking.goes_on_to().is_ok());
    let mut terms: Vec<&OnwardTerms> = Vec::new();
    for (_, grounds) in released.iter().filter(|(index, _)| may_pass(index)) {
        let before = terms.len();
        terms.extend(grants(agreement, grounds).filter_map(|g| g.onward.as_ref()));
        if terms.len() == before {
            return None;
        }
    }
    let to: Vec<Audience> = in_all(&terms, |t| &t.to);
    let kinds: Vec<Kind> = in_all(&terms, |t| &t.kinds);
    let later_kinds: Vec<GroupName> = in_all(&terms, |t| &t.later_kinds);
    let max_tlp = terms.iter().map(|t| t.max_tlp).min()?;
    let depth = terms.iter().map(|t| t.depth).min()?;
    (!to.is_empty() && !kinds.is_empty() && depth > 0).then_some(OnwardLimit {
        to,
        kinds,
        later_kinds,
        max_tlp,
        depth,
        groups: vec![],
    })
}

/// What each of the terms lists, in ascending order. Empty if there are no terms.
fn in_all<T: Ord + Clone>(terms: &[&OnwardTerms], list: impl Fn(&OnwardTerms) -> &Vec<T>) -> Vec<T> {
    let all = terms.first().into_iter().flat_map(|first| list(first));
    let shared: BTreeSet<&T> = all.filter(|item| terms.iter().all(|t| list(t).contains(item))).collect();
    shared.into_iter().cloned().collect()
}

/// The grants among the grounds.
fn grants<'a>(agreement: &'a CompiledAgreement, grounds: &'a Grounds) -> impl Iterator<Item = &'a Grant> {
    grounds.grants.iter().filter_map(|g| agreement.grants.get(*g)).map(|c| &c.grant)
}
