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
        reason::Reason,
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
) -> Vec<Reason> {
    if item.is_own_endorsement(giver) {
        return came_through_others(facts).into_iter().collect();
    }
    let unmet = if !goes_along(&item) {
        vec![format!("{} has it, and it does not go along with an endorsement", originator.domain)]
    } else if !provenance.digests.contains(&item.id.to_digest()) {
        vec!["it did not come by this release".to_owned()]
    } else if !is_direct(provenance, facts) {
        vec![format!("it came through others, and {} is not told that it is here", originator.domain)]
    } else {
        unmet_for_anybody(provenance, originator, now)
    };
    if unmet.is_empty() { vec![] } else { vec![Reason::new("onward-not-allowed", unmet.join("; "))] }
}

/// Why nothing goes along where no endorsement goes.
pub(in crate::policy) fn nothing_new() -> Reason {
    let words = "only an endorsement goes back to its originator, and there is none by this organisation that may";
    Reason::new("nothing-new", words)
}

/// An endorsement marks which portions its signer saw, and whoever has a portion can read its mark. The originator has all of them. So it gets
/// the endorsement only if it released all of them to the giver itself.
fn came_through_others(facts: &Facts<'_>) -> Option<Reason> {
    let direct = || facts.provenances.iter().filter(|p| is_direct(p, facts));
    let is_known = |item: &&Item<'_>| direct().any(|p| p.digests.contains(&item.id.to_digest()));
    let mut portions = facts.items.iter().filter(|item| matches!(item.id, ItemId::Portion(_)));
    let words = "some of it came through others, and the endorsement would tell its originator that it is here";
    (!portions.all(|item| is_known(&item))).then(|| Reason::new("came-through-others", words))
}

/// Whether the originator itself gave it by this release.
fn is_direct(provenance: &Provenance, facts: &Facts<'_>) -> bool {
    provenance.carriers.iter().eq([facts.originator])
}
