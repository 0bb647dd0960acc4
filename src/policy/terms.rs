//! What a release holds its recipient to: the narrowest of all that was used.

use std::collections::BTreeSet;

use super::{agreement::Compiled, assemble::Granted, decide::Question, facts::Facts};
use crate::domain::{
    agreement::{Grant, Group, OnwardTerms},
    body::Kind,
    marking::{Audience, GroupName, Marking, Onward},
    release::{OnwardLimit, Terms},
};

/// The terms of a release of these portions: the widest that the giver may write, and those that it does.
pub(super) fn of(question: Question<'_>, released: &Granted) -> Terms {
    let Question { compiled, facts, holding, now, .. } = question;
    let every_subject = facts.count(Kind::Subject, 0..facts.portions.len());
    let disclosed = facts.count(Kind::Subject, released.keys().copied());
    // Naming the states of a withheld subject would betray it: then only the disclosed ones are named, and nothing goes on.
    let betrays = disclosed < every_subject;
    let states = if betrays { facts.view(released.keys().copied()).states } else { facts.whole.states.clone() };
    let used: BTreeSet<usize> = released.values().flatten().copied().collect();
    let own = Terms {
        onward: if betrays { None } else { onward(compiled, facts, released) },
        barred_states: states.into_iter().collect(),
        retention_days: grants(compiled, &used).filter_map(|g| g.retention_days).min(),
    };
    let mut terms = holding.narrow(own, &compiled.groups, now);
    if let Some(limit) = &mut terms.onward {
        limit.groups = spelled_out(limit, compiled, facts, released);
    }
    terms
}

/// The groups that the limit and the markings name: who gets it further on has no copy of this agreement. By name.
fn spelled_out(limit: &OnwardLimit, compiled: &Compiled, facts: &Facts<'_>, released: &Granted) -> Vec<Group> {
    let markings = released.keys().filter_map(|i| facts.portion(*i)).map(|p| &p.marking);
    let audiences = limit.to.iter().chain(markings.flat_map(Marking::audiences));
    let named: BTreeSet<&GroupName> = audiences.filter_map(Audience::group).collect();
    named.into_iter().filter_map(|name| compiled.groups.iter().find(|g| g.name == *name)).cloned().collect()
}

/// Nothing unless each portion whose marking lets it be passed on came under a grant that does too.
fn onward(compiled: &Compiled, facts: &Facts<'_>, released: &Granted) -> Option<OnwardLimit> {
    let may_pass = |index: &usize| facts.portion(*index).is_some_and(|p| matches!(p.marking.onward, Onward::Named(_)));
    let mut terms: Vec<&OnwardTerms> = Vec::new();
    for (_, used) in released.iter().filter(|(index, _)| may_pass(index)) {
        let before = terms.len();
        terms.extend(grants(compiled, used).filter_map(|g| g.onward.as_ref()));
        if terms.len() == before {
            return None;
        }
    }
    let (first, rest) = terms.split_first()?;
    let mut to: Vec<Audience> = first.to.iter().filter(|a| rest.iter().all(|t| t.to.contains(a))).cloned().collect();
    to.sort_unstable();
    to.dedup();
    let mut kinds: Vec<Kind> =
        first.kinds.iter().filter(|k| rest.iter().all(|t| t.kinds.contains(k))).copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let max_tlp = terms.iter().map(|t| t.max_tlp).min()?;
    let depth = terms.iter().map(|t| t.depth).min()?;
    let groups = vec![];
    (!to.is_empty() && !kinds.is_empty() && depth > 0).then_some(OnwardLimit { to, kinds, max_tlp, depth, groups })
}

fn grants<'c, 'u>(
    compiled: &'c Compiled,
    used: impl IntoIterator<Item = &'u usize>,
) -> impl Iterator<Item = &'c Grant> {
    used.into_iter().filter_map(|g| compiled.grants.get(*g)).map(|c| &c.grant)
}
