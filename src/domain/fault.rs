//! Refusals that a partner or a person sees: a stable reason, a sentence, and the faulty field.

use std::fmt;

/// A stable reason, as in `google.rpc.ErrorInfo.reason` with domain `watchfire`. The names never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A signature does not verify over the exact bytes.
    SignatureInvalid,
    /// A certificate chain does not lead to the trust bundle of the domain that it claims, or lacks a needed usage.
    ChainInvalid,
    /// A certificate of the chain is on its issuer's revocation list.
    CertificateRevoked,
    /// The revocation list of the identity's organisation is past its next update.
    ListLapsed,
    /// An identity speaks for a domain, or in a role, that is not its own.
    WrongDomain,
    /// The organisation is valid but is not a partner of this node.
    NotAPartner,
    /// Signed bytes contain a field or value that this node does not know, or are not in canonical form.
    UnknownOrNonCanonical,
    /// A portion's digest is not among those that the manifest or release lists.
    DigestNotListed,
    /// A digest is listed twice, or one portion came twice.
    DigestRepeated,
    /// A statement is from more than five minutes in the future.
    StatementFromFuture,
    /// A statement or a part of it exceeds its limit.
    StatementTooLarge,
    /// A sequence number is missing.
    SequenceGap,
    /// A feed does not continue from what was received before.
    SequenceFork,
    /// An id or number that was seen before came again with other bytes.
    ReplayDiffers,
    /// No agreement is in force.
    AgreementNotInForce,
    /// A release names an agreement that this side does not hold in the same version.
    AgreementDiffers,
    /// The agreement does not cover what was requested or sent.
    NotCovered,
    /// What came through a hub has the name of an organisation that is not known here.
    OriginUnknown,
    /// The assessment was recalled by its originator.
    Recalled,
    /// The identity's role does not permit the action.
    RoleRequired,
    /// A second person's approval is needed.
    SecondPersonRequired,
    /// The draft has findings that block publication.
    LintFailed,
    /// The ledger is behind a checkpoint that a partner has witnessed.
    BehindWitnesses,
    /// The disk is full: writes are refused, reads go on.
    StoreFull,
    /// The store contains bytes that do not verify.
    StoreCorrupt,
    /// A limit of the protocol was exceeded.
    LimitExceeded,
    /// Nothing is there that the caller may know about.
    NotFound,
    /// An argument of a request is malformed.
    InvalidArgument,
    /// It exists already in another form.
    Conflict,
    /// The node, or its store, can't serve the request at the moment.
    Unavailable,
    /// An error in this program.
    Internal,
    /// A later version of the assessment is here.
    Superseded,
    /// A purge that the originator asks for waits for two officers of the recipient.
    PurgeAwaitsApproval,
    /// A statement can't be taken yet. The sender keeps it and offers it again.
    NotYet,
}

impl Reason {
    /// The name on the wire and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignatureInvalid => "SIGNATURE_INVALID",
            Self::ChainInvalid => "CHAIN_INVALID",
            Self::CertificateRevoked => "CERTIFICATE_REVOKED",
            Self::ListLapsed => "LIST_LAPSED",
            Self::WrongDomain => "WRONG_DOMAIN",
            Self::NotAPartner => "NOT_A_PARTNER",
            Self::UnknownOrNonCanonical => "UNKNOWN_OR_NON_CANONICAL",
            Self::DigestNotListed => "DIGEST_NOT_LISTED",
            Self::DigestRepeated => "DIGEST_REPEATED",
            Self::StatementFromFuture => "STATEMENT_FROM_FUTURE",
            Self::StatementTooLarge => "STATEMENT_TOO_LARGE",
            Self::SequenceGap => "SEQUENCE_GAP",
            Self::SequenceFork => "SEQUENCE_FORK",
            Self::ReplayDiffers => "REPLAY_DIFFERS",
            Self::AgreementNotInForce => "AGREEMENT_NOT_IN_FORCE",
            Self::AgreementDiffers => "AGREEMENT_DIFFERS",
            Self::NotCovered => "NOT_COVERED",
            Self::OriginUnknown => "ORIGIN_UNKNOWN",
            Self::Recalled => "RECALLED",
            Self::RoleRequired => "ROLE_REQUIRED",
            Self::SecondPersonRequired => "SECOND_PERSON_REQUIRED",
            Self::LintFailed => "LINT_FAILED",
            Self::BehindWitnesses => "BEHIND_WITNESSES",
            Self::StoreFull => "STORE_FULL",
            Self::StoreCorrupt => "STORE_CORRUPT",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::Conflict => "CONFLICT",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
            Self::Superseded => "SUPERSEDED",
            Self::PurgeAwaitsApproval => "PURGE_AWAITS_APPROVAL",
            Self::NotYet => "NOT_YET",
        }
    }

    /// All reasons. They are needed to read a name from the wire.
    pub const ALL: &'static [Self] = &[
        Self::SignatureInvalid,
        Self::ChainInvalid,
        Self::CertificateRevoked,
        Self::ListLapsed,
        Self::WrongDomain,
        Self::NotAPartner,
        Self::UnknownOrNonCanonical,
        Self::DigestNotListed,
        Self::DigestRepeated,
        Self::StatementFromFuture,
        Self::StatementTooLarge,
        Self::SequenceGap,
        Self::SequenceFork,
        Self::ReplayDiffers,
        Self::AgreementNotInForce,
        Self::AgreementDiffers,
        Self::NotCovered,
        Self::OriginUnknown,
        Self::Recalled,
        Self::RoleRequired,
        Self::SecondPersonRequired,
        Self::LintFailed,
        Self::BehindWitnesses,
        Self::StoreFull,
        Self::StoreCorrupt,
        Self::LimitExceeded,
        Self::NotFound,
        Self::InvalidArgument,
        Self::Conflict,
        Self::Unavailable,
        Self::Internal,
        Self::Superseded,
        Self::PurgeAwaitsApproval,
        Self::NotYet,
    ];

    /// The reason with that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.as_str() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal. The message says what was wrong and what to do. It never quotes content or names another partner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", field.as_ref().map(|f| format!("{f}: ")).unwrap_or_default())]
pub struct Fault {
    /// The stable reason.
    pub reason: Reason,
    /// A sentence without a full stop, lower case, input in backticks.
    pub message: String,
    /// The path of the faulty field, such as `portions[3].marking.tlp`.
    pub field: Option<String>,
}

impl Fault {
    /// A fault that concerns no single field.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), field: None }
    }

    /// A fault of one field.
    pub fn at(reason: Reason, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), field: Some(field.into()) }
    }

    /// The sentence, with the reason.
    pub fn with_reason(&self) -> String {
        format!("{}: {self}", self.reason)
    }

    /// Puts `parent` before the path of the field, so that a nested decoder need not know its own place.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        self.field = Some(match self.field {
            Some(field) if field.starts_with('[') => format!("{parent}{field}"),
            Some(field) => format!("{parent}.{field}"),
            None => parent.to_owned(),
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back_from_its_name() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.as_str()), Some(*reason));
        }
    }

    #[test]
    fn a_path_grows_from_the_inside_out() {
        let fault =
            Fault::at(Reason::InvalidArgument, "tlp", "unknown value `9`").within("marking").within("portions[3]");
        assert_eq!(fault.to_string(), "portions[3].marking.tlp: unknown value `9`");
    }
}
