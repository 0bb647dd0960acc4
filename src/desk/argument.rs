//! The arguments of calls. A fault in one is `INVALID_ARGUMENT`, and names the field.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        statement::Envelope,
    },
    wire::{self, field, proto},
};

/// A trust domain.
pub(super) fn domain(field: &str, text: &str) -> Result<TrustDomain, Fault> {
    argument(field::parsed(field, text))
}

/// A trust domain, or nothing.
pub(super) fn optional_domain(field: &str, text: &str) -> Result<Option<TrustDomain>, Fault> {
    argument(field::parsed_optional(field, text))
}

/// An id or digest.
pub(super) fn bytes<'a, T: TryFrom<&'a [u8], Error = String>>(field: &str, bytes: &'a [u8]) -> Result<T, Fault> {
    argument(field::bytes(field, bytes))
}

/// A version; 0 means the latest.
pub(super) fn version(number: u32) -> Option<u32> {
    (number > 0).then_some(number)
}

/// What `wire` refuses in a signed statement is an invalid argument in a call.
pub(super) fn argument<T>(result: Result<T, Fault>) -> Result<T, Fault> {
    result.map_err(|f| Fault { reason: Reason::InvalidArgument, ..f })
}

/// The caller's signed approval.
pub(super) fn approval(envelope: Option<proto::Envelope>) -> Result<Envelope, Fault> {
    let missing = || {
        let what = "the caller's own signed approval is missing; this program is newer or older than the node's";
        Fault::at(Reason::InvalidArgument, "approval", what)
    };
    argument(wire::envelope::from_proto(envelope.ok_or_else(missing)?).map_err(|f| f.within("approval")))
}

/// One line of text that a partner gets, or nothing.
pub(super) fn optional_line(field: &str, text: String) -> Result<String, Fault> {
    if text.is_empty() { Ok(text) } else { argument(field::line(field, text)) }
}

/// A signed statement.
pub(super) fn statement(field: &str, envelope: Option<proto::Envelope>) -> Result<Envelope, Fault> {
    wire::envelope::from_proto(field::present(field, envelope)?).map_err(|f| f.within(field))
}
