//! What a person or program asks the desk with: checked, and told as an argument where it is at fault.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        statement::Envelope,
    },
    wire::{self, field, proto},
};

pub(super) fn domain(field: &str, text: &str) -> Result<TrustDomain, Fault> {
    argument(field::parsed(field, text))
}

pub(super) fn optional_domain(field: &str, text: &str) -> Result<Option<TrustDomain>, Fault> {
    argument(field::parsed_optional(field, text))
}

/// What a person asks for wrongly is an argument, not a signed statement at fault.
pub(super) fn argument<T>(result: Result<T, Fault>) -> Result<T, Fault> {
    result.map_err(|f| Fault { reason: Reason::InvalidArgument, ..f })
}

/// The caller's signed approval.
pub(super) fn approval(envelope: Option<proto::Envelope>) -> Result<Envelope, Fault> {
    let missing = || {
        let what = "the actor's own signed approval is missing; this program is newer or older than the node's";
        Fault::at(Reason::InvalidArgument, "approval", what)
    };
    argument(wire::envelope::from_proto(envelope.ok_or_else(missing)?).map_err(|f| f.within("approval")))
}

/// A line of text for the partner, or nothing.
pub(super) fn told(field: &str, text: String) -> Result<String, Fault> {
    if text.is_empty() { Ok(text) } else { argument(field::line(field, text)) }
}
