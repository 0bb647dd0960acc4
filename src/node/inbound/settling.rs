//! What settles entries that can't be verified yet: a command, and what comes before it.

use crate::{domain::ids::TrustDomain, node::directory::Partners, store::unverified::UnverifiedUsage};

/// What somebody can do about the entries of one partner that wait for one organisation's roots or lists.
pub fn settled_by(directory: &Partners, usage: &UnverifiedUsage) -> String {
    let UnverifiedUsage { partner, waits_for, .. } = usage;
    words(partner, waits_for, directory.get(waits_for).is_some())
}

fn words(partner: &TrustDomain, organisation: &TrustDomain, is_known: bool) -> String {
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
