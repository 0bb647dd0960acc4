//! The choice among the permitted headlines.
//!
//! Each headline says the same to another audience. The recipient gets the one that says most. Where the recipient may not pass that one on,
//! it also gets one that it may pass on.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{basis::Basis, ruling::GrantedItems, terms::release_terms};
use crate::{
    domain::{
        assessment::Portion,
        body::Kind,
        ids::{Handle, TrustDomain},
    },
    policy::{audience::AudienceMembers, facts::Facts, provenance::Acquisition},
};

/// How many headlines are tried in addition to the fullest one. The limit keeps an originator from making a decision long.
const MAX_TRIED: usize = 8;

/// The granted items without the headlines that are not chosen.
///
/// The fullest headline is chosen. Where the terms of such a release let nobody pass it on, the fullest of those that somebody may get is
/// chosen too, since nothing is passed on without a headline. The translations of a headline go with it.
pub(super) fn select_headlines(basis: Basis<'_>, granted: &GrantedItems) -> GrantedItems {
    let originals = originals(basis.facts, granted);
    let with = |chosen: &[usize]| -> GrantedItems {
        let is_kept = |index: &usize| originals.get(index).is_none_or(|original| chosen.contains(original));
        granted.iter().filter(|(i, _)| is_kept(i)).map(|(i, g)| (*i, g.clone())).collect()
    };
    let sorted = by_fullness(basis.facts, &originals);
    let Some((first, others)) = sorted.split_first() else { return granted.clone() };
    let fullest = with(&[*first]);
    if others.is_empty() || may_be_passed_on(basis, &fullest, *first) {
        return fullest;
    }
    let with_another = |other: &usize| {
        let both = with(&[*first, *other]);
        may_be_passed_on(basis, &both, *other).then_some(both)
    };
    others.iter().take(MAX_TRIED).find_map(with_another).unwrap_or(fullest)
}

/// Maps each headline to the headline that it translates. A headline maps to itself if it translates none, if the other is not here, or if
/// the other is itself a translation.
fn originals(facts: &Facts<'_>, granted: &GrantedItems) -> BTreeMap<usize, usize> {
    let portions = granted.keys().filter_map(|i| facts.portion(*i).map(|p| (*i, p)));
    let headlines: Vec<(usize, &Portion)> = portions.filter(|(_, p)| p.kind() == Kind::Headline).collect();
    let untranslated = headlines.iter().filter(|(_, p)| p.translates.is_none());
    let by_handle: BTreeMap<Handle, usize> = untranslated.rev().map(|(i, p)| (p.handle, *i)).collect();
    headlines
        .iter()
        .map(|(index, portion)| {
            let original = portion.translates.and_then(|handle| by_handle.get(&handle).copied());
            (*index, original.unwrap_or(*index))
        })
        .collect()
}

/// The headlines that map to themselves: the highest TLP level first, and in the author's order if the level is the same.
fn by_fullness(facts: &Facts<'_>, originals: &BTreeMap<usize, usize>) -> Vec<usize> {
    let mut sorted: Vec<usize> = originals.iter().filter(|(i, original)| i == original).map(|(i, _)| *i).collect();
    sorted.sort_by_key(|i| (facts.portion(*i).map(|p| Reverse(p.marking.tlp)), *i));
    sorted
}

/// Whether the recipient of this release may pass the headline on to anybody, as far as the giver can tell from the headline's marking and the
/// release's terms.
fn may_be_passed_on(basis: Basis<'_>, released: &GrantedItems, index: usize) -> bool {
    let Basis { policy, agreement, facts, acquisition, .. } = basis;
    let Some(portion) = facts.portion(index) else { return false };
    let Ok(names) = portion.marking.goes_on_to() else { return false };
    let terms = release_terms(basis, released);
    let Some(limit) = &terms.onward else { return false };
    let by_marking = |audiences| AudienceMembers::new(audiences, &portion.marking.groups);
    let mut allowed = vec![AudienceMembers::new(&limit.to, &agreement.groups), by_marking(names)];
    if !portion.marking.releasable_to.is_empty() {
        allowed.push(by_marking(&portion.marking.releasable_to));
    }
    let mut had_it: BTreeSet<&TrustDomain> = BTreeSet::from([&policy.giver, &policy.taker.domain, facts.originator]);
    if let Acquisition::Received(provenance) = acquisition {
        had_it.extend(&provenance.carriers);
    }
    limit.max_tlp >= portion.marking.tlp
        && limit.kinds.contains(&Kind::Headline)
        && AudienceMembers::may_share_a_member(&allowed, &terms.barred_states, &had_it)
}
