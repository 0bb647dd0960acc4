//! Converts faults into gRPC statuses and back. All services use this one mapping. Every error carries `google.rpc.ErrorInfo` with a stable
//! reason. If a field is faulty, it also carries `google.rpc.BadRequest` with the field's path.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::domain::{
    fault::{Fault, Reason},
    harmless::told,
    refusal::Refusal,
};

/// The domain of the reasons.
const DOMAIN: &str = "watchfire";
/// The words by which rustls reports an alert of the other side.
const ALERT: &str = "received fatal alert: ";
/// The words by which rustls reports that the bytes are not TLS.
const NO_TLS: &str = "received corrupt message";

/// The status for a fault, as a caller sees it.
pub fn from_fault(fault: Fault) -> Status {
    with_details(fault, ErrorDetails::new())
}

/// The same, with the time after which to ask again.
pub fn later(fault: Fault, after: Duration) -> Status {
    with_details(fault, ErrorDetails::with_retry_info(Some(after)))
}

fn with_details(fault: Fault, mut details: ErrorDetails) -> Status {
    if fault.reason == Reason::Internal {
        tracing::error!(what = %fault.message, "an error in this program");
    }
    details.set_error_info(fault.reason.as_str(), DOMAIN, HashMap::new());
    if let Some(field) = &fault.field {
        details.add_bad_request_violation(field.clone(), fault.message.clone());
    }
    Status::with_error_details(code(fault.reason), fault.to_string(), details)
}

/// The fault in a partner's status. It is cut to one short line, because it is shown in logs and on screens.
pub fn told_by_partner(status: &Status) -> Fault {
    let Fault { reason, message, field } = to_fault(status);
    Fault { reason, message: told(&message), field: field.as_deref().map(told) }
}

/// The fault in a status. A status without a known reason comes from the transport.
pub fn to_fault(status: &Status) -> Fault {
    let details = status.get_error_details();
    let named = details.error_info().filter(|i| i.domain == DOMAIN).and_then(|i| Reason::from_name(&i.reason));
    let violation = details.bad_request().and_then(|b| b.field_violations.first());
    match (named, violation) {
        (Some(reason), Some(violation)) => Fault::at(reason, violation.field.clone(), violation.description.clone()),
        (Some(reason), None) => Fault::new(reason, status.message()),
        (None, _) => match refusal_of(status) {
            Some(refusal) => Fault::new(refusal.reason(), refusal.between_nodes()),
            None => Fault::new(reason_of(status.code()), for_people(transport_words(status))),
        },
    }
}

/// The documented code and reason for a refusal by the gRPC library itself (too large, not a message, no such method). `None` if the answer is
/// not a refusal, or already has a reason.
pub fn documented(headers: &http::HeaderMap) -> Option<Status> {
    let status = Status::from_header_map(headers).filter(|s| s.details().is_empty())?;
    let (code, reason, words) = match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => {
            (Code::ResourceExhausted, Reason::LimitExceeded, "the message is larger than the limit; send less at once")
        }
        // A fault of this program has details: see `from_fault`.
        Code::Internal | Code::InvalidArgument => {
            let words = "the bytes are not a message of this method; compare with the published proto files";
            (Code::InvalidArgument, Reason::InvalidArgument, words)
        }
        Code::Unimplemented => {
            let words = "there is no such method or encoding here; compare with the published proto files";
            (Code::Unimplemented, Reason::UnknownOrNonCanonical, words)
        }
        _ => return None,
    };
    let details = ErrorDetails::with_error_info(reason.as_str(), DOMAIN, HashMap::new());
    Some(Status::with_error_details(code, words, details))
}

/// Why the other side refused this side's certificate by a TLS alert. `None` if it did not.
pub fn refusal_of(status: &Status) -> Option<Refusal> {
    let words = match status.code() {
        Code::Unavailable | Code::Unknown | Code::Cancelled => transport_words(status),
        _ => return None,
    };
    Refusal::of_alert(words.strip_prefix(ALERT)?)
}

fn transport_words(status: &Status) -> String {
    match status.code() {
        Code::Unavailable | Code::Unknown | Code::Cancelled => {
            // The chain of causes contains what TLS or the network reported.
            let mut words = status.message().to_owned();
            let mut source = std::error::Error::source(status);
            while let Some(error) = source {
                words = error.to_string();
                source = error.source();
            }
            words
        }
        _ => status.message().to_owned(),
    }
}

/// If another program answers, rustls' message contains names of Rust types, which help nobody.
fn for_people(words: String) -> String {
    if words.starts_with(ALERT) || words.starts_with(NO_TLS) {
        "the program that answers there is not a node; check the address".to_owned()
    } else {
        words
    }
}

fn reason_of(code: Code) -> Reason {
    match code {
        Code::ResourceExhausted | Code::OutOfRange => Reason::LimitExceeded,
        Code::PermissionDenied | Code::Unauthenticated => Reason::NotAPartner,
        Code::NotFound => Reason::NotFound,
        Code::InvalidArgument => Reason::InvalidArgument,
        Code::Unimplemented => Reason::UnknownOrNonCanonical,
        _ => Reason::Unavailable,
    }
}

fn code(reason: Reason) -> Code {
    match reason {
        Reason::SignatureInvalid
        | Reason::ChainInvalid
        | Reason::UnknownOrNonCanonical
        | Reason::DigestNotListed
        | Reason::DigestRepeated
        | Reason::StatementFromFuture
        | Reason::LintFailed
        | Reason::InvalidArgument => Code::InvalidArgument,
        Reason::CertificateRevoked | Reason::WrongDomain | Reason::NotAPartner | Reason::RoleRequired => {
            Code::PermissionDenied
        }
        Reason::StatementTooLarge | Reason::LimitExceeded | Reason::StoreFull => Code::ResourceExhausted,
        Reason::SequenceGap
        | Reason::SequenceFork
        | Reason::ReplayDiffers
        | Reason::AgreementNotInForce
        | Reason::AgreementDiffers
        | Reason::NotCovered
        | Reason::OriginUnknown
        | Reason::Recalled
        | Reason::Superseded
        | Reason::PurgeAwaitsApproval
        | Reason::NotYet
        | Reason::SecondPersonRequired
        | Reason::ListLapsed
        | Reason::BehindWitnesses => Code::FailedPrecondition,
        Reason::StoreCorrupt => Code::DataLoss,
        Reason::NotFound => Code::NotFound,
        Reason::Conflict => Code::Aborted,
        Reason::Unavailable => Code::Unavailable,
        Reason::Internal => Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_reads_back_from_its_status() {
        for reason in Reason::ALL {
            let plain = Fault::new(*reason, "what was wrong");
            assert_eq!(to_fault(&from_fault(plain.clone())), plain);
            let of_field = Fault::at(*reason, "portions[3].marking", "what was wrong");
            assert_eq!(to_fault(&from_fault(of_field.clone())), of_field);
        }
    }

    #[test]
    fn what_a_partner_says_ends_no_line_and_is_short() {
        let forged = format!("no\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2J{}", "x".repeat(9_000));
        let mut details = ErrorDetails::with_error_info("NOT_FOUND", DOMAIN, HashMap::new());
        details.add_bad_request_violation("a\nb", forged.clone());
        let named = Status::with_error_details(Code::NotFound, "", details);
        for status in [Status::unknown(forged), named] {
            let told = told_by_partner(&status).to_string();
            assert!(!told.chars().any(char::is_control) && told.len() < 3_000, "{told}");
        }
    }

    #[test]
    fn an_alert_about_a_certificate_says_who_refuses_what() {
        let status = |words: &str| Status::unavailable(format!("{ALERT}{words}"));
        assert_eq!(refusal_of(&status("CertificateRevoked")), Some(Refusal::Revoked));
        assert_eq!(to_fault(&status("CertificateRevoked")).reason, Reason::CertificateRevoked);
        let silent = Status::unavailable("Connection refused (os error 111)");
        assert_eq!((refusal_of(&silent), to_fault(&silent)), (None, Fault::new(Reason::Unavailable, silent.message())));
        let no_tls = Status::unavailable(format!("{NO_TLS} of type InvalidContentType"));
        for another_program in [status("ProtocolVersion"), no_tls] {
            let told = to_fault(&another_program);
            assert_eq!((refusal_of(&another_program), told.reason), (None, Reason::Unavailable));
            assert!(told.message.contains("not a node"), "{told}");
        }
    }
}
