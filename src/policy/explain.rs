//! Why no grant reaches a portion, in words. A second reading of the grants in plain Rust, for people only: it decides nothing.

use super::{
    agreement::{Compiled, PartnerPolicy},
    engine::Traits,
    facts::{Facts, View},
    grant::{Covered, listed},
    outcome::Reason,
};
use crate::domain::{place::Place, time::Time};

/// The nearest grant with the conditions that are not met; the first of several that are equally near.
pub(super) fn no_grant(
    policy: &PartnerPolicy,
    compiled: &Compiled,
    facts: &Facts<'_>,
    view: &View,
    traits: Traits<'_>,
    now: Time,
) -> Reason {
    let unmet = |covered: &Covered| unmet(compiled, covered, facts, view, traits, now);
    let nearest = compiled.grants.iter().map(|c| (c, unmet(c))).min_by_key(|(_, unmet)| unmet.len());
    let words = match nearest {
        Some((covered, unmet)) if !unmet.is_empty() => format!("grant {}: {}", covered.grant.id, unmet.join("; ")),
        Some((covered, _)) => format!("grant {}: not permitted", covered.grant.id),
        None => format!("the agreement has no grant from {} to {}", policy.giver, policy.taker.domain),
    };
    Reason::new("no-grant", words)
}

fn unmet(
    compiled: &Compiled,
    covered: &Covered,
    facts: &Facts<'_>,
    view: &View,
    traits: Traits<'_>,
    now: Time,
) -> Vec<String> {
    let grant = &covered.grant;
    let mut words = Vec::new();
    if !grant.kinds.contains(&traits.kind) {
        words.push(format!("{} is not among its kinds", traits.kind));
    }
    if traits.tlp > grant.max_tlp {
        words.push(format!("{} is above {}", traits.tlp, grant.max_tlp));
    }
    if !grant.topics.is_empty() && !traits.topics.iter().any(|t| grant.topics.contains(t)) {
        words.push(match traits.topics {
            [] => format!("the portion has no topic and it reaches only {}", listed(&grant.topics)),
            topics => format!("the topic {} is not among {}", listed(topics), listed(&grant.topics)),
        });
    }
    let outside: Vec<Place> = view.places.iter().copied().filter(|p| !covered.covers(*p)).collect();
    if !outside.is_empty() {
        words.push(format!("the place {} is not within {}", listed(&outside), listed(&grant.places)));
    }
    if let Some(least) = grant.min_level
        && view.level < Some(least)
    {
        let level = view.level.map_or_else(|| "no level".to_owned(), |l| format!("level {l}"));
        words.push(format!("{level} is below {least}"));
    }
    if now < covered.reaches_from(facts.issued) {
        words.push(format!("it gives this only from {} on", covered.reaches_from(facts.issued)));
    }
    if now < compiled.from {
        words.push(format!("the agreement begins on {}", compiled.from));
    }
    if now >= compiled.until {
        words.push(format!("the agreement ended on {}", compiled.until));
    }
    words
}
