//! Signed statements: their kinds, and the envelope that carries one.

use super::{
    fault::Fault,
    ids::{Role, SpiffeId, TrustDomain},
    words::words,
};

words!(
    /// Kinds of statements.
    StatementKind, "kind of statement" {
        /// Commits to the portions of an assessment.
        Manifest = "manifest",
        /// Terms between two organisations.
        Agreement = "agreement",
        /// Announces what one party of an agreement did with it alone.
        Notice = "notice",
        /// Hands portions to one partner.
        Release = "release",
        /// Replaces a release whose permission has ended.
        Void = "void",
        /// What a recipient did with releases.
        Receipt = "receipt",
        /// What an organisation says about itself to a future partner.
        Invitation = "invitation",
        /// The roots of an organisation from now on.
        Bundle = "bundle",
        /// An organisation vouches for the identity of another one.
        Introduction = "introduction",
        /// A person approves exactly one thing of their own organisation.
        Approval = "approval",
        /// Which key signs an organisation's ledger.
        LedgerKey = "ledger-key",
        /// A person or program supports an assessment.
        Endorsement = "endorsement",
        /// A partner asks for more of an assessment.
        Request = "request",
        /// The answer to a request.
        Answer = "answer",
        /// Gives one partner for a limited time what no grant gives it.
        Exception = "exception",
        /// An originator recalls an assessment.
        Recall = "recall",
        /// States when another statement was first logged.
        Logged = "logged",
    }
);

impl StatementKind {
    /// The payload type. It separates the domains of signatures.
    pub fn payload_type(self) -> &'static str {
        match self {
            Self::Manifest => "application/vnd.watchfire.manifest.v1+proto",
            Self::Agreement => "application/vnd.watchfire.agreement.v1+proto",
            Self::Notice => "application/vnd.watchfire.notice.v1+proto",
            Self::Release => "application/vnd.watchfire.release.v1+proto",
            Self::Void => "application/vnd.watchfire.void.v1+proto",
            Self::Receipt => "application/vnd.watchfire.receipt.v1+proto",
            Self::Invitation => "application/vnd.watchfire.invitation.v1+proto",
            Self::Bundle => "application/vnd.watchfire.bundle.v1+proto",
            Self::Introduction => "application/vnd.watchfire.introduction.v1+proto",
            Self::Approval => "application/vnd.watchfire.approval.v1+proto",
            Self::LedgerKey => "application/vnd.watchfire.ledger-key.v1+proto",
            Self::Endorsement => "application/vnd.watchfire.endorsement.v1+proto",
            Self::Request => "application/vnd.watchfire.request.v1+proto",
            Self::Answer => "application/vnd.watchfire.answer.v1+proto",
            Self::Exception => "application/vnd.watchfire.exception.v1+proto",
            Self::Recall => "application/vnd.watchfire.recall.v1+proto",
            Self::Logged => "application/vnd.watchfire.logged.v1+proto",
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

/// The sorts of suites, by name. Every signer signs with one suite of each sort. All suites of this version are of one sort. So a node can sign
/// its statement again with a key of another suite, and officers can hold keys of different suites.
pub const SUITES: &[&str] = &["classical"];
/// The most officers whose signatures are required in addition to the author's.
pub const MAX_COSIGNERS: u32 = 3;

/// Who speaks in a statement, and which signatures a reader must find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speaker {
    /// The speaker.
    pub id: SpeakerId,
    /// How many officers other than the author must have signed it too.
    pub cosigners: u32,
}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpeakerId {
    /// A person or a program.
    Author(SpiffeId),
    /// An organisation, whose node signs.
    Organisation(TrustDomain),
}

impl From<SpiffeId> for SpeakerId {
    /// The speaker for this identity.
    fn from(id: SpiffeId) -> Self {
        if id.role() == Role::Node { Self::Organisation(id.domain().clone()) } else { Self::Author(id) }
    }
}

impl std::fmt::Display for SpeakerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Author(id) => id.fmt(f),
            Self::Organisation(domain) => domain.fmt(f),
        }
    }
}

impl std::str::FromStr for SpeakerId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return text.parse().map(Self::Organisation);
        }
        match Self::from(text.parse::<SpiffeId>()?) {
            author @ Self::Author(_) => Ok(author),
            Self::Organisation(domain) => Err(format!("a node speaks for its organisation; write `{domain}`")),
        }
    }
}

/// The receiver's answer to a statement that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// It is verified and durable there, or a statement that replaces it is.
    Accepted,
    /// It was read. The answer does not say what became of it, but the sender is done with it.
    Received,
    /// It could not be taken yet. The sender keeps it and offers it again.
    NotYet(Fault),
    /// It is refused. No change at the receiver could alter that.
    Refused(Fault),
}

/// The most signatures on one statement.
pub const MAX_SIGNATURES: usize = 4;
/// The most statements about when one statement was first logged: one by its own organisation, and one by the organisation that passes it on.
pub const MAX_LOGGED: usize = 2;

/// A statement with its signatures. The payload is as the signer produced it and is never encoded again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What kind of statement the payload is.
    pub kind: StatementKind,
    /// The signed bytes.
    pub payload: Vec<u8>,
    /// One to four signatures.
    pub signatures: Vec<Signature>,
    /// When it was first logged: statements of kind [`StatementKind::Logged`]. The first one names this statement, and each further one names
    /// the one before it. Only statements that travel by an outbox have any.
    pub logged: Vec<Envelope>,
    /// The releases by which the answered assessment came, for a receipt that names them by their hash. No other statement has any.
    pub path: Vec<Envelope>,
}

impl Envelope {
    /// A statement with its signatures.
    pub fn new(kind: StatementKind, payload: Vec<u8>, signatures: Vec<Signature>) -> Self {
        Self { kind, payload, signatures, logged: vec![], path: vec![] }
    }

    /// The approximate number of bytes.
    pub fn bytes(&self) -> usize {
        let signature = |s: &Signature| s.value.len() + s.certificates.iter().map(Vec::len).sum::<usize>();
        let beside = self.logged.iter().chain(&self.path).map(Self::bytes).sum::<usize>();
        self.payload.len() + self.signatures.iter().map(signature).sum::<usize>() + beside
    }

    /// The same envelope without its path. This is what a node keeps of a receipt once it has checked the path.
    pub fn without_path(&self) -> Self {
        let Self { kind, payload, signatures, logged, path: _ } = self;
        let (payload, signatures, logged) = (payload.clone(), signatures.clone(), logged.clone());
        Self { kind: *kind, payload, signatures, logged, path: vec![] }
    }
}

/// One signature over an envelope's pre-authentication encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The suite.
    pub suite: Suite,
    /// The signer's chain in DER, leaf first, without the root. It is unauthenticated until it is validated.
    pub certificates: Vec<Vec<u8>>,
    /// The signature's bytes.
    pub value: Vec<u8>,
}
