//! Everything that ends, for the own people.

use crate::{
    domain::ending::Ending,
    wire::{field::timestamp, proto},
};

pub(super) fn listed(all: Vec<Ending>) -> proto::ListEndingsResponse {
    let one = |ending: Ending| {
        let Ending { kind, domain, name, usage, subject, ends_at, act_from, fix } = ending;
        proto::EndingView {
            kind: kind.to_string(),
            domain: domain.to_string(),
            name,
            usage: usage.to_owned(),
            subject,
            ends_at: timestamp(ends_at),
            act_from: timestamp(act_from),
            fix,
        }
    };
    proto::ListEndingsResponse { endings: all.into_iter().map(one).collect() }
}
