//! Entries that can't be verified yet, as messages.

pub(in crate::desk) use crate::store::unverified::UnverifiedUsage as Usage;
use crate::{
    node::{directory::Partners, inbound::settling::settled_by},
    wire::{field::timestamp, proto},
};

/// The entries of one partner that wait for one organisation's roots or lists.
pub(in crate::desk) fn view(directory: &Partners, usage: Usage) -> proto::WaitingView {
    let fix = settled_by(directory, &usage);
    let Usage { partner, waits_for, entries, over_budget, since, bytes: _ } = usage;
    proto::WaitingView {
        fix,
        partner: partner.to_string(),
        organisation: waits_for.to_string(),
        entries,
        over_budget,
        since: timestamp(since),
    }
}
