//! The way back: an endorsement by the giver goes to the originator of what it endorses.
//!
//! The originator wrote the rest, so the rest needs neither a grant nor terms of passing on. What goes back is the least that a release can
//! have: the endorsement with a headline and the subjects, all of which the originator itself released to the giver. So the originator learns
//! nothing but the endorsement.

use super::acquisition::unmet_for_anybody;
use crate::{
    domain::{body::Kind, ids::TrustDomain, partner::Organisation, time::Time},
    policy::{
        facts::{Facts, Item, ItemId, Provenance},
        reason::PolicyReason,
    },
};

/// Whether the item goes along with an endorsement.
pub(in crate::policy) fn goes_along(item: &Item<'_>) -> bool {
    matches!(item.portion.kind(), Kind::Headline | Kind::Subject)
}

/// Why the item may not go back to the originator. Empty if it may. `provenance` is the release that a release back cites.
pub(in crate::policy) fn denials_back(
    provenance: &Provenance,
    (giver, originator): (&TrustDomain, &Organisation),
    facts: &Facts<'_>,
    item: Item<'_>,
    now: Time,
) -> Vec<PolicyReason> {
    if let Some(made_at) = item.made_at.filter(|_| item.is_own_endorsement(giver)) {
        return came_through_others(facts, made_at).into_iter().collect();
    }
    let unmet = if item.endorser.is_some() {
        vec!["another organisation has made this endorsement, and only that one gives it back".to_owned()]
    } else if !goes_along(&item) {
        vec![format!("{} has it, and it does not go along with an endorsement", originator.domain)]
    } else if !provenance.digests.contains(&item.id.to_digest()) {
        vec!["it did not come by this release".to_owned()]
    } else if !is_direct(provenance, facts) {
        vec![format!("it came through others, and {} is not told that it is here", originator.domain)]
    } else {
        unmet_for_anybody(provenance, originator, now)
    };
    if unmet.is_empty() { vec![] } else { vec![PolicyReason::new("onward-not-allowed", unmet.join("; "))] }
}

/// Why nothing goes along where no endorsement goes.
pub(in crate::policy) fn nothing_new() -> PolicyReason {
    let words = "only an endorsement goes back to its originator, and there is none by this organisation that may";
    PolicyReason::new("nothing-new", words)
}

/// An endorsement marks which portions its signer saw, and whoever has a portion can read its mark. It also says when it was signed. The
/// originator has all portions, and knows when it released which of them to the giver. So it gets the endorsement only if it released all
/// of them to the giver itself, and before the endorsement was made, unless nobody else could have given them to the giver by then.
fn came_through_others(facts: &Facts<'_>, made_at: Time) -> Option<PolicyReason> {
    let is_known_there = |item: &Item<'_>| {
        let came_by = || facts.provenances.iter().filter(|p| p.digests.contains(&item.id.to_digest()));
        let direct = || came_by().filter(|p| is_direct(p, facts));
        direct().any(|p| p.received_at <= made_at)
            || (direct().next().is_some() && came_by().all(|p| is_direct(p, facts)))
    };
    let mut portions = facts.items.iter().filter(|item| matches!(item.id, ItemId::Portion(_)));
    let words = "some of it came through others, and the endorsement would tell its originator that it was here";
    (!portions.all(is_known_there)).then(|| PolicyReason::new("came-through-others", words))
}

/// Whether the originator itself gave it by this release.
fn is_direct(provenance: &Provenance, facts: &Facts<'_>) -> bool {
    provenance.carriers.iter().eq([facts.originator])
}
