//! What a release holds its recipient to: the narrowest of all that was used.

use std::collections::BTreeSet;

use super::{agreement::Compiled, assemble::Granted, decide::Question, facts::Facts};
use crate::domain::{
    agreement::{Grant, OnwardTerms},
    body::Kind,
    group::Group,
    marking::{Audience, GroupName},
    release::{OnwardLimit, Terms},
};

/// The terms of a release of these portions: the widest that the giver may write, and those that it does.
pub(super) fn of(question: Question<'_>, released: &Granted) -> Terms {
    let Question { compiled, facts, holding, now, .. } = question;
    let every_subject = facts.count(Kind::Subject, 0..facts.portions.len());
    let disclosed = facts.count(Kind::Subject, released.keys().copied());
    // Naming the states of a withheld subject would betray it: then only the disclosed ones are named, and nothing goes on. What other versions
    // are about is never named: whoever passes this one on asks what it holds itself.
    let betrays = disclosed < every_subject;
    let mut states = if betrays { facts.view(released.keys().copied()).states } else { facts.whole.states.clone() };
    let own = &question.policy.control;
    states.extend(match betrays {
        true => facts.added_by(own, released.keys().copied()),
        false => facts.added_by(own, 0..facts.portions.len()),
    });
    let used: BTreeSet<usize> = released.values().flatten().copied().collect();
    let own = Terms {
        onward: if betrays { None } else { onward(compiled, facts, released) },
        barred_states: states.into_iter().collect(),
        retention_days: grants(compiled, &used).filter_map(|g| g.retention_days).min(),
    };
    let mut terms = holding.narrow(own, &compiled.groups, now);
    if let Some(limit) = &mut terms.onward {
        limit.groups = spelled_out(limit, compiled);
    }
    terms
}

/// The groups that the limit names: who gets it further on has no copy of this agreement. By name.
fn spelled_out(limit: &OnwardLimit, compiled: &Compiled) -> Vec<Group> {
    let named: BTreeSet<&GroupName> = limit.to.iter().filter_map(Audience::group).collect();
    named.into_iter().filter_map(|name| compiled.groups.iter().find(|g| g.name == *name)).cloned().collect()
}

/// Nothing unless each portion whose marking lets it be passed on came under a grant that does too. Where several grants give a portion, those that
/// let it go on count: a grant that says nothing of it gives no leave, and takes none away.
fn onward(compiled: &Compiled, facts: &Facts<'_>, released: &Granted) -> Option<OnwardLimit> {
    let may_pass = |index: &usize| facts.portion(*index).is_some_and(|p| p.marking.goes_on_to().is_ok());
    let mut terms: Vec<&OnwardTerms> = Vec::new();
    for (_, used) in released.iter().filter(|(index, _)| may_pass(index)) {
        let before = terms.len();
        terms.extend(grants(compiled, used).filter_map(|g| g.onward.as_ref()));
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

/// What each of them lists, ascending; nothing where there is none of them.
fn in_all<T: Ord + Clone>(terms: &[&OnwardTerms], list: impl Fn(&OnwardTerms) -> &Vec<T>) -> Vec<T> {
    let all = terms.first().into_iter().flat_map(|first| list(first));
    let shared: BTreeSet<&T> = all.filter(|item| terms.iter().all(|t| list(t).contains(item))).collect();
    shared.into_iter().cloned().collect()
}

fn grants<'c, 'u>(
    compiled: &'c Compiled,
    used: impl IntoIterator<Item = &'u usize>,
) -> impl Iterator<Item = &'c Grant> {
    used.into_iter().filter_map(|g| compiled.grants.get(*g)).map(|c| &c.grant)
}
