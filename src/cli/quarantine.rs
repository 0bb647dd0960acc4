//! Describes entries in quarantine: those of this node, for officers, and those at partners, for people who check a feed.

use serde::Serialize;

use crate::{domain::fault::Reason, wire::field::time, wire::proto};

/// An entry in quarantine.
#[derive(Clone, Serialize)]
pub struct QuarantinedEntry {
    /// The partner from which it came.
    partner: String,
    /// Its number in that feed.
    sequence: u64,
    /// The release's statement id.
    release: String,
    /// The stable reason, in capitals.
    reason: Option<String>,
    /// When it was stored.
    since: Option<String>,
}

impl QuarantinedEntry {
    /// Decodes the desk's answer.
    pub fn new(view: proto::QuarantineView) -> Self {
        let proto::QuarantineView { partner, sequence, release_id, reason, since } = view;
        Self {
            partner,
            sequence,
            release: hex::encode(release_id),
            reason: (!reason.is_empty()).then_some(reason),
            since: time("since", since).ok().map(|t| t.to_string()),
        }
    }

    /// One line about it.
    pub fn words(&self) -> String {
        let Self { partner, sequence, release, reason, since } = self;
        let since = since.as_deref().unwrap_or("-");
        let why = reason_in_words(reason.as_deref().unwrap_or(Reason::ReplayDiffers.as_str()));
        format!("#{sequence} from {partner}, {since}: {why} (release {release})")
    }
}

/// The reason for which an entry is in quarantine, with an explanation if there is one.
pub fn reason_in_words(reason: &str) -> String {
    let words = match Reason::from_name(reason) {
        Some(Reason::NotCovered) => "the receiver's copy of the agreement does not cover it",
        Some(Reason::AgreementDiffers) => "the agreement or grant that it names is not in force at the receiver",
        Some(Reason::ReplayDiffers) => "this version arrived before with other content",
        Some(Reason::DigestNotListed) => "its portions are not the signed ones",
        Some(Reason::DigestRepeated) => "it contains a portion twice",
        Some(Reason::UnknownOrNonCanonical) => "it contains something that the receiver's program can't read",
        Some(Reason::StatementFromFuture) => "by the receiver's clock it is from the future; it waits there until then",
        Some(Reason::StatementTooLarge) => "it exceeds a limit",
        Some(Reason::Recalled) => "its originator has recalled it",
        Some(Reason::Superseded) => "the receiver has a later version",
        Some(Reason::PurgeAwaitsApproval) => "it is sealed, and two officers decide whether to destroy it",
        Some(Reason::ChainInvalid) => {
            "the receiver can't verify its signature yet; it keeps the entry until its roots or revocation lists change"
        }
        Some(Reason::OriginUnknown) => {
            "an organisation that has signed it is not known to the receiver, which keeps the entry until it is"
        }
        Some(Reason::LimitExceeded) => {
            "the receiver can't verify it yet and has no room for it; it asks again later, or run `watchfire assess \
             release-again`"
        }
        Some(Reason::CertificateRevoked) => "a certificate of its signature is revoked",
        Some(Reason::SignatureInvalid | Reason::WrongDomain | Reason::NotAPartner) => {
            "its signature does not verify at the receiver"
        }
        _ => return crate::render::text::one_line(reason),
    };
    format!("{reason}: {words}")
}
