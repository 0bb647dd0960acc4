//! Why no grant permits a portion, and why a built-in rule forbids it, in words.

use crate::{
    domain::{place::Country, time::Time},
    policy::{
        agreement::{CompiledAgreement, PartnerPolicy},
        attributes::{PortionAttributes, SubjectSummary},
        facts::Facts,
        grant::{GrantCheck, abbreviated_list},
        reason::PolicyReason,
    },
};

/// The ids of the built-in rules that are explained in detail.
const SUBJECT_RULE: &str = "subject-rule";
const RELEASABLE_TO: &str = "releasable-to";

/// How many reasons the subject rule gives. A region may contain many places of one state.
const MAX_REASONS: usize = 3;

/// Names the grant of which the fewest conditions are not met, and these conditions. Of several such grants it names the first.
pub(super) fn no_grant(
    policy: &PartnerPolicy,
    agreement: &CompiledAgreement,
    facts: &Facts<'_>,
    subjects: &SubjectSummary,
    portion: PortionAttributes<'_>,
    now: Time,
) -> PolicyReason {
    let (valid_from, valid_until, logged_at) = (agreement.from, agreement.until, facts.logged_at);
    let checks = agreement.grants.iter().map(|grant| {
        let check = GrantCheck { grant, valid_from, valid_until, logged_at, subjects, portion, now };
        (grant, check.missing())
    });
    let words = match checks.min_by_key(|(_, missing)| missing.len()) {
        Some((grant, missing)) if !missing.is_empty() => {
            let words: Vec<String> = missing.iter().map(|m| m.words(grant, portion)).collect();
            format!("grant {}: {}", grant.grant.id, words.join("; "))
        }
        Some((grant, _)) => format!("grant {}: not permitted", grant.grant.id),
        None => format!("the agreement has no grant from {} to {}", policy.giver, policy.taker.domain),
    };
    PolicyReason::new("no-grant", words)
}

/// Adds to a built-in rule's reason what it was about in this case.
pub(super) fn with_details(
    reason: PolicyReason,
    policy: &PartnerPolicy,
    facts: &Facts<'_>,
    portion: PortionAttributes<'_>,
) -> PolicyReason {
    match &*reason.id {
        SUBJECT_RULE => with_concerns(reason, policy, facts),
        RELEASABLE_TO => with_audience(&reason, policy, portion),
        _ => reason,
    }
}

/// Adds whom the marking names; and if it names groups, that none of them lists the recipient.
fn with_audience(reason: &PolicyReason, policy: &PartnerPolicy, portion: PortionAttributes<'_>) -> PolicyReason {
    let names = abbreviated_list(portion.releasable_to);
    // The marking also defines groups to which the portion may only be passed on. These may list the recipient.
    let groups = match portion.releasable_to.iter().any(|audience| audience.group().is_some()) {
        true => format!(", and the marking lists {} in none of the groups among them", policy.taker.domain),
        false => String::new(),
    };
    PolicyReason::new(reason.id.clone(), format!("{}: it is for {names}{groups}", reason.words))
}

/// Adds why the assessment is about the recipient's state, if the subject itself does not name that state.
fn with_concerns(reason: PolicyReason, policy: &PartnerPolicy, facts: &Facts<'_>) -> PolicyReason {
    let states: Vec<Country> = policy.taker.states().collect();
    let concerns = facts.concerns(&policy.control).filter(|(_, concern)| states.contains(&concern.state));
    let (mut why, mut more): (Vec<String>, usize) = (Vec::new(), 0);
    for (place, concern) in concerns {
        let own = policy.taker.state();
        let words = match concern.words(place) {
            // The subject names the state, or a part of it, so there is nothing to explain.
            None if Some(concern.state) == own => return reason,
            None => own.map(|own| format!("{own} is governed by {}", concern.state)).unwrap_or_default(),
            Some(words) => words,
        };
        if !why.contains(&words) {
            match why.len() < MAX_REASONS {
                true => why.push(words),
                false => more += 1,
            }
        }
    }
    if why.is_empty() {
        // What the other version says stays out: the person who asks may not be allowed to see it.
        let is_by_another_version = states.iter().any(|s| facts.states_of_other_versions.contains(s));
        why.extend(is_by_another_version.then(|| "another version of it is".to_owned()));
    }
    if more > 0 {
        why.push(format!("and {more} more"));
    }
    PolicyReason::new(reason.id, format!("{}: {}", reason.words, why.join("; ")))
}
