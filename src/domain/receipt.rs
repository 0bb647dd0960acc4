//! Receipts: the recipient's signed answer to what was released to it.

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
        /// Kept from its users: the agreement does not cover it.
        Quarantined = "quarantined",
        /// Read there for the first time in that role.
        Read = "read",
        /// Acted upon.
        Acting = "acting",
        /// Not acted upon; of a recall: not purged.
        Declined = "declined",
        /// Sealed after a recall: nobody there reads it.
        Withdrawn = "withdrawn",
        /// Destroyed after a recall.
        Purged = "purged",
        /// Wanted once more: it was over a budget when it came, and can be taken now.
        Wanted = "wanted",
        /// Destroyed because it was kept for as long as it may be.
        Expired = "expired",
        /// The hub that published it under its own seal has told the recipient where it is from.
        Revealed = "revealed",
    }
);

impl ReceiptKind {
    /// Whether it acknowledges: a duty to do so is settled by it.
    pub fn acknowledges(self) -> bool {
        matches!(self, Self::Read | Self::Acting | Self::Declined)
    }
}

/// The longest line of text in a receipt, bytes.
pub const MAX_NOTE: usize = 200;

/// The most seconds between two times at which a node tells what was read.
pub const MOST_SECONDS_BETWEEN_READINGS: u32 = 86_400;

/// The most releases in a receipt's path: those by which an entry came, and the one that it answers.
pub const MAX_PATH: usize = MAX_HOPS + 1;

/// The recipient's signed answer to releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Whose releases are answered.
    pub sender: TrustDomain,
    /// What happened to them.
    pub kind: ReceiptKind,
    /// The releases. None where a recall is answered by a party that holds nothing of what it takes back.
    pub releases: Vec<StatementId>,
    /// When.
    pub at: Time,
    /// Why: a stable reason in capitals for what was refused or awaits somebody, a line of text for what people said.
    pub reason: Option<String>,
    /// In which role it was read or answered; never by whom.
    pub role: Option<Role>,
    /// The recall that is answered.
    pub recall: Option<StatementId>,
    /// Of what came through hubs: the hash of the releases by which it came, from the originator's on; the last is the
    /// answered one. They travel in [`Envelope::path`](super::statement::Envelope::path).
    pub path: Option<Sha256>,
    /// The role that read, acts or declines, where the recipient told the sender of that role.
    pub mandate: Option<Mandate>,
}

impl Receipt {
    /// About releases, with nothing else said.
    pub fn about(sender: TrustDomain, kind: ReceiptKind, releases: Vec<StatementId>, at: Time) -> Self {
        Self { sender, kind, releases, at, reason: None, role: None, recall: None, path: None, mandate: None }
    }
}
