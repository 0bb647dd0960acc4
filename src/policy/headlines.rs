//! Which of the permitted headlines go. Each says the same to another audience, so the recipient gets the one that says most, and where that one
//! must stay with it, one that it may pass on.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{
    assemble::Granted,
    decide::Question,
    facts::Facts,
    onward::{Circle, Holding},
    terms,
};
use crate::domain::{
    assessment::Portion,
    body::Kind,
    ids::{Handle, TrustDomain},
};

/// How many headlines are tried beside the fullest at most: an originator must not make a decision long.
const TRIED: usize = 8;

/// What is granted with all headlines left out but these: the fullest; and where the terms of such a release let nobody have that one, the
/// fullest of those that somebody may have, since without a headline nothing goes on. The translations of a headline go with it.
pub(super) fn with_headlines(question: Question<'_>, granted: &Granted) -> Granted {
    let leaders = leaders(question.facts, granted);
    let with = |chosen: &[usize]| -> Granted {
        let stays = |index: &usize| leaders.get(index).is_none_or(|leader| chosen.contains(leader));
        granted.iter().filter(|(i, _)| stays(i)).map(|(i, g)| (*i, g.clone())).collect()
    };
    let leading = by_fullness(question.facts, &leaders);
    let Some((first, others)) = leading.split_first() else { return granted.clone() };
    let fullest = with(&[*first]);
    if others.is_empty() || reaches_anybody(question, &fullest, *first) {
        return fullest;
    }
    let with_another = |other: &usize| {
        let both = with(&[*first, *other]);
        reaches_anybody(question, &both, *other).then_some(both)
    };
    others.iter().take(TRIED).find_map(with_another).unwrap_or(fullest)
}

/// For each headline the one that it translates, where that one is here and translates nothing; otherwise itself. What translates a translation
/// stands by itself.
fn leaders(facts: &Facts<'_>, granted: &Granted) -> BTreeMap<usize, usize> {
    let portions = granted.keys().filter_map(|i| facts.portion(*i).map(|p| (*i, p)));
    let headlines: Vec<(usize, &Portion)> = portions.filter(|(_, p)| p.kind() == Kind::Headline).collect();
    let originals = headlines.iter().filter(|(_, p)| p.translates.is_none());
    let by_handle: BTreeMap<Handle, usize> = originals.rev().map(|(i, p)| (p.handle, *i)).collect();
    let leader = |(index, portion): &(usize, &Portion)| {
        let original = portion.translates.and_then(|handle| by_handle.get(&handle).copied());
        (*index, original.unwrap_or(*index))
    };
    headlines.iter().map(leader).collect()
}

/// Those that lead: the highest marking first, and in the author's order where it is the same.
fn by_fullness(facts: &Facts<'_>, leaders: &BTreeMap<usize, usize>) -> Vec<usize> {
    let mut leading: Vec<usize> = leaders.iter().filter(|(i, leader)| i == leader).map(|(i, _)| *i).collect();
    leading.sort_by_key(|i| (facts.portion(*i).map(|p| Reverse(p.marking.tlp)), *i));
    leading
}

/// Whether the recipient of this release may pass the headline on to anybody, as far as the giver can tell: by the headline's marking, and by
/// the release's terms.
fn reaches_anybody(question: Question<'_>, released: &Granted, index: usize) -> bool {
    let Question { policy, compiled, facts, holding, .. } = question;
    let Some(portion) = facts.portion(index) else { return false };
    let Ok(names) = portion.marking.goes_on_to() else { return false };
    let terms = terms::of(question, released);
    let Some(limit) = &terms.onward else { return false };
    let marked = |audiences| Circle::of(audiences, &portion.marking.groups);
    let mut circles = vec![Circle::of(&limit.to, &compiled.groups), marked(names)];
    if !portion.marking.releasable_to.is_empty() {
        circles.push(marked(&portion.marking.releasable_to));
    }
    let mut had: BTreeSet<&TrustDomain> = BTreeSet::from([&policy.giver, &policy.taker.domain, facts.originator]);
    if let Holding::Through(came) = holding {
        had.extend(&came.carriers);
    }
    limit.max_tlp >= portion.marking.tlp
        && limit.kinds.contains(&Kind::Headline)
        && Circle::meet(&circles, &terms.barred_states, &had)
}
