//! Everything that ends, for the own people.

use crate::{
    domain::ending::Ending,
    wire::{field::timestamp, proto},
};

pub(super) fn listed(all: Vec<Ending>) -> proto::ListEndingsResponse {
    let one = |ending: Ending| {
        let Ending { kind, domain, name, usage, subject, starts_at, ends_at, act_from, fix, is_revoked } = ending;
        proto::EndingView {
            kind: kind.to_string(),
            domain: domain.to_string(),
            name,
            usage: usage.to_owned(),
            subject,
            ends_at: timestamp(ends_at),
            act_from: timestamp(act_from),
            fix,
            starts_at: timestamp(starts_at),
            revoked: is_revoked,
        }
    };
    proto::ListEndingsResponse { endings: all.into_iter().map(one).collect() }
}
