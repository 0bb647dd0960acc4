//! Why no grant reaches a portion, in words.

use super::{
    agreement::{Compiled, PartnerPolicy},
    engine::Traits,
    facts::{Facts, View},
    outcome::Reason,
    unmet::{Asked, unmet},
};
use crate::domain::time::Time;

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
