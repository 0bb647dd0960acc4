//! Entries that can't be verified yet, as messages.

pub(in crate::desk) use crate::store::unverified::UnverifiedUsage as Usage;
use crate::{
    domain::ids::TrustDomain,
    node::directory::Partners,
    wire::{field::timestamp, proto},
};

/// The entries of one partner that wait for one organisation's roots or lists.
pub(in crate::desk) fn view(directory: &Partners, usage: Usage) -> proto::WaitingView {
    let Usage { partner, waits_for, entries, over_budget, since, bytes: _ } = usage;
    let is_known = directory.get(&waits_for).is_some();
    proto::WaitingView {
        fix: fix(&partner, &waits_for, is_known),
        partner: partner.to_string(),
        organisation: waits_for.to_string(),
        entries,
        over_budget,
        since: timestamp(since),
    }
}

/// What somebody can do about it, as a command.
fn fix(partner: &TrustDomain, organisation: &TrustDomain, is_known: bool) -> String {
    match (is_known, partner == organisation) {
        (false, _) => format!(
            "ask {organisation} for an invitation, compare its twelve words by telephone, and run `watchfire partner know FILE`"
        ),
        (true, true) => format!(
            "ask {organisation} for a new invitation, compare its twelve words by telephone, and run `watchfire partner accept FILE`"
        ),
        (true, false) => format!(
            "ask {organisation} for a new invitation, compare its twelve words by telephone, and run `watchfire partner accept FILE` \
             where it is a partner, else `watchfire partner know FILE`"
        ),
    }
}
