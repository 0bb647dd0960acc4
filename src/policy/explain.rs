//! Why no grant reaches a portion, and why an assessment is about its reader's own state, in words.

use super::{
    agreement::{Compiled, PartnerPolicy},
    engine::Traits,
    facts::{Facts, View},
    grant::listed,
    outcome::Reason,
    unmet::{Asked, unmet},
};
use crate::domain::{place::Country, time::Time};

/// The built-in rule's id.
const SUBJECT_RULE: &str = "subject-rule";

/// The nearest grant with the conditions that are not met; the first of several that are equally near.
pub(super) fn no_grant(
    policy: &PartnerPolicy,
    compiled: &Compiled,
    facts: &Facts<'_>,
    view: &View,
    traits: Traits<'_>,
    now: Time,
) -> Reason {
    let asked = Asked { issued: facts.logged_at, view, traits, now };
    let missing = |covered| unmet(covered, (compiled.from, compiled.until), asked);
    let nearest = compiled.grants.iter().map(|c| (c, missing(c))).min_by_key(|(_, unmet)| unmet.len());
    let words = match nearest {
        Some((covered, unmet)) if !unmet.is_empty() => {
            let words: Vec<String> = unmet.iter().map(|u| u.words(covered, traits)).collect();
            format!("grant {}: {}", covered.grant.id, words.join("; "))
        }
        Some((covered, _)) => format!("grant {}: not permitted", covered.grant.id),
        None => format!("the agreement has no grant from {} to {}", policy.giver, policy.taker.domain),
    };
    Reason::new("no-grant", words)
}

/// The built-in rule's id.
const RELEASABLE_TO: &str = "releasable-to";

/// How many reasons the subject rule tells at most: a region may hold many places of one state.
const TOLD: usize = 3;

/// A built-in rule's reason with what it was about in this case.
pub(super) fn in_full(reason: Reason, policy: &PartnerPolicy, facts: &Facts<'_>, traits: Traits<'_>) -> Reason {
    match &*reason.id {
        SUBJECT_RULE => about_its_state(reason, policy, facts),
        RELEASABLE_TO => for_others(&reason, policy, traits),
        _ => reason,
    }
}

/// Says whom the marking names, and where it names groups, that none of them lists the recipient.
fn for_others(reason: &Reason, policy: &PartnerPolicy, traits: Traits<'_>) -> Reason {
    let names = listed(traits.releasable_to);
    // It also spells out the groups to which the portion may only be passed on: these may list the recipient.
    let without = match traits.releasable_to.iter().any(|audience| audience.group().is_some()) {
        true => format!(", and no group among them, as the marking spells it out, has {}", policy.taker.domain),
        false => String::new(),
    };
    Reason::new(reason.id.clone(), format!("{}: it is for {names}{without}", reason.words))
}

/// The subject rule's reason says why, where the subject itself does not name the state.
fn about_its_state(reason: Reason, policy: &PartnerPolicy, facts: &Facts<'_>) -> Reason {
    let states: Vec<Country> = policy.taker.states().collect();
    let concerns = facts.concerns(&policy.control).filter(|(_, concern)| states.contains(&concern.state));
    let (mut why, mut more): (Vec<String>, usize) = (Vec::new(), 0);
    for (place, concern) in concerns {
        let own = policy.taker.state();
        let words = match concern.words(place) {
            // It names the state, or a part of it: no more is to be said.
            None if Some(concern.state) == own => return reason,
            None => own.map(|own| format!("{own} is governed by {}", concern.state)).unwrap_or_default(),
            Some(words) => words,
        };
        if !why.contains(&words) {
            match why.len() < TOLD {
                true => why.push(words),
                false => more += 1,
            }
        }
    }
    if why.is_empty() {
        // Not what that version says: it may be kept from whoever asks.
        let is_elsewhere = states.iter().any(|s| facts.elsewhere.contains(s));
        why.extend(is_elsewhere.then(|| "another version of it is".to_owned()));
    }
    if more > 0 {
        why.push(format!("and {more} more"));
    }
    Reason::new(reason.id, format!("{}: {}", reason.words, why.join("; ")))
}
