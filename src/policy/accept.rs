//! The recipient's check of what it got, against its own copy of the agreement.

use super::{
    agreement::PartnerPolicy,
    decide::{Ruling, rule},
    facts::Facts,
    outcome::Reason,
};
use crate::domain::release::Release;

/// Checks that our own copy of the agreement covers every portion that the release discloses, at the time of the release. The policy is
/// compiled with the sender as giver and us as taker. The facts hold the portions that the sender disclosed of this
/// manifest: those of this release, and those of its earlier releases where this one adds to them.
///
/// # Errors
/// Why the release must be quarantined: every reason, each once.
pub fn accept(policy: &PartnerPolicy, release: &Release, facts: &Facts<'_>) -> Result<(), Vec<Reason>> {
    if release.recipient != policy.taker.domain {
        return Err(vec![Reason::new("not-for-us", "the release is for another recipient")]);
    }
    let Some(compiled) = policy.agreements.iter().find(|c| c.reference == release.agreement) else {
        let words = format!(
            "the release stands on agreement {} version {}, which is not in force here",
            release.agreement.id, release.agreement.version
        );
        return Err(vec![Reason::new("agreement-differs", words)]);
    };
    let mut reasons = Vec::new();
    for id in release.grants.iter().filter(|id| !compiled.grants.iter().any(|c| c.grant.id == **id)) {
        reasons.push(Reason::new("agreement-differs", format!("our copy of the agreement has no grant {id} to us")));
    }
    let index_of = |digest| facts.portions.iter().position(|(d, _)| d == digest);
    let indexes: Vec<usize> = release.digests.iter().filter_map(index_of).collect();
    if indexes.len() != release.digests.len() || indexes.is_empty() {
        reasons.push(Reason::new("portion-missing", "the release names a portion that did not come with it"));
    }
    let rulings = rule(policy, compiled, facts, &facts.whole, indexes.into_iter(), release.released_at);
    for ruling in rulings.values() {
        if let Ruling::Denied(why) = &**ruling {
            reasons.extend(why.iter().cloned());
        }
    }
    reasons.sort();
    reasons.dedup();
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}
