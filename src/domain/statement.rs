//! Signed statements as values: what kind there are, and the envelope that carries one.

use super::words::words;

words!(
    /// Kinds of statements.
    StatementKind, "kind of statement" {
        /// Commits to the portions of an assessment.
        Manifest = "manifest",
        /// Terms between two organisations.
        Agreement = "agreement",
        /// Tells the other party of an agreement what was done with it alone.
        Notice = "notice",
        /// Hands portions to one partner.
        Release = "release",
        /// Stands in for a release whose permission has ended.
        Void = "void",
        /// What a recipient did with releases.
        Receipt = "receipt",
        /// What an organisation tells a future partner about itself.
        Invitation = "invitation",
        /// Which key signs an organisation's ledger.
        LedgerKey = "ledger-key",
        /// Another identity stands behind an assessment.
        Endorsement = "endorsement",
        /// A partner asks for more of an assessment.
        Request = "request",
        /// What a request is answered.
        Answer = "answer",
        /// Gives one partner for a time what no grant gives it.
        Exception = "exception",
        /// An originator takes an assessment back.
        Recall = "recall",
    }
);

impl StatementKind {
    /// The payload type: the domain separation of signatures.
    pub fn payload_type(self) -> &'static str {
        match self {
            Self::Manifest => "application/vnd.watchfire.manifest.v1+proto",
            Self::Agreement => "application/vnd.watchfire.agreement.v1+proto",
            Self::Notice => "application/vnd.watchfire.notice.v1+proto",
            Self::Release => "application/vnd.watchfire.release.v1+proto",
            Self::Void => "application/vnd.watchfire.void.v1+proto",
            Self::Receipt => "application/vnd.watchfire.receipt.v1+proto",
            Self::Invitation => "application/vnd.watchfire.invitation.v1+proto",
            Self::LedgerKey => "application/vnd.watchfire.ledger-key.v1+proto",
            Self::Endorsement => "application/vnd.watchfire.endorsement.v1+proto",
            Self::Request => "application/vnd.watchfire.request.v1+proto",
            Self::Answer => "application/vnd.watchfire.answer.v1+proto",
            Self::Exception => "application/vnd.watchfire.exception.v1+proto",
            Self::Recall => "application/vnd.watchfire.recall.v1+proto",
        }
    }

    /// The kind with that payload type.
    pub fn from_payload_type(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.payload_type() == text)
    }
}

words!(
    /// The closed set of signature suites.
    Suite, "signature suite" {
        /// Ed25519, RFC 8032, 64-byte signatures. The default.
        Ed25519 = "ed25519",
        /// ECDSA on P-256 with SHA-256, ASN.1 DER signatures (RFC 3279).
        EcdsaP256Sha256 = "ecdsa-p256-sha256",
        /// ECDSA on P-384 with SHA-384, ASN.1 DER signatures (RFC 3279).
        EcdsaP384Sha384 = "ecdsa-p384-sha384",
    }
);

/// The most signatures on one statement.
pub const MAX_SIGNATURES: usize = 4;

/// A statement with its signatures. The payload is as the signer produced it and is never re-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What kind of statement the payload is.
    pub kind: StatementKind,
    /// The signed bytes.
    pub payload: Vec<u8>,
    /// One to four signatures.
    pub signatures: Vec<Signature>,
}

/// One signature over an envelope's pre-authentication encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// How it is made.
    pub suite: Suite,
    /// The signer's chain in DER, leaf first, without the root. A hint until it is validated.
    pub certificates: Vec<Vec<u8>>,
    /// The signature's bytes.
    pub value: Vec<u8>,
}
