//! Receipts: a recipient's signed answers to what was released to it.

use super::{
    body::Mandate,
    ids::{Role, Sha256, StatementId, TrustDomain},
    release::MAX_HOPS,
    time::Time,
    words::words,
};

words!(
    /// What a recipient did with a release.
    ReceiptKind, "kind of receipt" {
        /// Stored durably.
        Stored = "stored",
        /// In quarantine there, because the agreement does not cover it.
        Quarantined = "quarantined",
        /// Read there for the first time in that role.
        Read = "read",
        /// Acted upon.
        Acting = "acting",
        /// Not acted upon. For a recall: not purged.
        Declined = "declined",
        /// Hidden after a recall: nobody there reads it.
        Withdrawn = "withdrawn",
        /// Destroyed after a recall.
        Purged = "purged",
        /// Wanted again: it exceeded a budget when it came, and can be taken now.
        Wanted = "wanted",
        /// Destroyed because its retention ended.
        Expired = "expired",
        /// The hub that published it under its own seal has told the recipient where it came from.
        Revealed = "revealed",
    }
);

impl ReceiptKind {
    /// Whether it acknowledges, which fulfils a duty to do so.
    pub fn acknowledges(self) -> bool {
        matches!(self, Self::Read | Self::Acting | Self::Declined)
    }
}

/// The longest line of text in a receipt, bytes.
pub const MAX_NOTE: usize = 200;

/// The longest interval at which a node may be set to report readings, in seconds.
pub const MOST_SECONDS_BETWEEN_READINGS: u32 = 86_400;

/// The most releases in a receipt's path: those by which an entry came, including the answered one.
pub const MAX_PATH: usize = MAX_HOPS + 1;

/// The recipient's signed answer to releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The sender whose releases are answered.
    pub sender: TrustDomain,
    /// What happened to them.
    pub kind: ReceiptKind,
    /// The releases. Empty if a recall is answered by a party that holds nothing of the recalled assessment.
    pub releases: Vec<StatementId>,
    /// When that happened.
    pub at: Time,
    /// The reason: a stable reason in capitals for what was refused or awaits somebody, or a line of text that a person wrote.
    pub reason: Option<String>,
    /// The role in which it was read or answered. The person is never named.
    pub role: Option<Role>,
    /// The recall that it answers.
    pub recall: Option<StatementId>,
    /// The hash of the releases by which it came, for what came through hubs. They run from the originator's to the answered one, and travel in
    /// [`Envelope::path`](super::statement::Envelope::path).
    pub path: Option<Sha256>,
    /// The role that read, acts or declines, if the recipient has told the sender of that role.
    pub mandate: Option<Mandate>,
}

impl Receipt {
    /// A receipt about releases, with no further fields.
    pub fn about(sender: TrustDomain, kind: ReceiptKind, releases: Vec<StatementId>, at: Time) -> Self {
        Self { sender, kind, releases, at, reason: None, role: None, recall: None, path: None, mandate: None }
    }
}
