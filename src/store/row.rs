//! The rows that have a ciphertext: the name that the ciphertext is bound to, and what is damaged if it does not decrypt.

use super::{StoreError, damage::Damage};
use crate::domain::ids::{AssessmentId, DraftId, Sha256, StatementId, TrustDomain};

/// A row with a ciphertext. The ciphertext is bound to it.
#[derive(Debug, Clone, Copy)]
pub enum SealedRow<'a> {
    /// A known value that tells whether the storage key is right.
    KeyCheck,
    /// An agreement's envelope.
    Agreement(&'a StatementId),
    /// An agreement's standing.
    Standing(&'a StatementId),
    /// A statement that waits for a partner.
    Outbox(&'a TrustDomain),
    /// A ledger entry, by its index.
    LedgerEntry(u64),
    /// The key of an originator's assessment.
    AssessmentKey(&'a AssessmentId, &'a TrustDomain),
    /// The key of an attachment.
    AttachmentKey(&'a Sha256),
    /// The portions of one arrival.
    PortionSet {
        /// Of which version.
        manifest: &'a StatementId,
        /// From whom; the originator itself where it was published here.
        from: &'a TrustDomain,
        /// Its number in that feed; 0 where it was published here.
        sequence: u64,
        /// Whether it is kept from users. Bound, so that nobody lifts the quarantine by flipping a column.
        quarantined: bool,
    },
    /// The portions of one arrival that name the assessment in lists. The fields are those of a portion set.
    Title {
        /// Of which version.
        manifest: &'a StatementId,
        /// From whom.
        from: &'a TrustDomain,
        /// Its number in that feed.
        sequence: u64,
        /// Whether it is kept from users.
        quarantined: bool,
    },
    /// The summary of the portions of one arrival. The fields are those of a portion set.
    Summary {
        /// Of which version.
        manifest: &'a StatementId,
        /// From whom.
        from: &'a TrustDomain,
        /// Its number in that feed.
        sequence: u64,
        /// Whether it is kept from users.
        quarantined: bool,
    },
    /// The states that the portions of one arrival are about, in quarantine or not. The fields are those of a portion set.
    SubjectStates {
        /// Of which version.
        manifest: &'a StatementId,
        /// From whom.
        from: &'a TrustDomain,
        /// Its number in that feed.
        sequence: u64,
    },
    /// The statements attached to one arrival. The fields are those of a portion set.
    AttachedStatements {
        /// Of which version.
        manifest: &'a StatementId,
        /// From whom; the own organisation where it was made here.
        from: &'a TrustDomain,
        /// Its number in that feed; from 1 on where it was made here.
        sequence: u64,
        /// Whether it is kept from users.
        quarantined: bool,
    },
    /// A request with its answer.
    Request(&'a StatementId),
    /// A version of the house rules.
    HouseRules(u32),
    /// A part of an attachment, by its offset.
    Chunk(&'a Sha256, u64),
    /// The ledger's state.
    LedgerState,
    /// A record of the ledger: its kind, its number, and the partner (empty for this node).
    LedgerKept(&'a str, u64, &'a str),
    /// A revocation list: its issuing key, its scope and whose it is.
    RevocationList(&'a Sha256, &'a Sha256, &'a TrustDomain),
    /// Revocations by one key of one organisation's certificates.
    Revocations(&'a Sha256, &'a TrustDomain),
    /// An approval, by the digest of what is approved.
    Approval(&'a Sha256),
    /// A person of the own organisation, by a digest of the id.
    Person(&'a Sha256),
    /// A draft without its texts.
    Draft(&'a DraftId),
    /// The text of a revision of a draft, by its number.
    DraftText(&'a DraftId, u32),
    /// A search that a person has saved, by keyed hashes of the person's id and of its name.
    SavedSearch(&'a [u8; 32], &'a [u8; 32]),
    /// A session in a browser, by SHA-256 of its secret.
    BrowserSession(&'a Sha256),
    /// A one-time link that opens a session, by SHA-256 of its secret.
    SignInLink(&'a Sha256),
    /// A partner's receipt.
    Receipt(&'a StatementId),
    /// A recall's envelope.
    Recall(&'a AssessmentId, &'a TrustDomain),
    /// A recall's standing.
    RecallStanding(&'a AssessmentId, &'a TrustDomain),
    /// An entry that can't be verified yet: its sender and its number.
    UnverifiedEntry(&'a TrustDomain, u64),
    /// The two envelopes that prove an equivocation.
    Equivocation {
        /// About which assessment.
        assessment: &'a AssessmentId,
        /// The two statements.
        statements: &'a [StatementId; 2],
        /// Whose they are.
        originator: &'a TrustDomain,
    },
}

impl SealedRow<'_> {
    /// The row's unique name: a tag, then fields of fixed length, then at most one text.
    pub(super) fn name(&self) -> Vec<u8> {
        match self {
            Self::KeyCheck => b"key check\0".to_vec(),
            Self::Agreement(id) => [b"agreement\0", id.as_bytes()].concat(),
            Self::Standing(id) => [b"standing\0", id.as_bytes()].concat(),
            Self::Outbox(partner) => [b"outbox\0", partner.as_str().as_bytes()].concat(),
            Self::LedgerEntry(index) => [&b"ledger\0"[..], &index.to_be_bytes()].concat(),
            Self::AssessmentKey(id, originator) => {
                [b"assessment key\0", id.as_bytes(), originator.as_str().as_bytes()].concat()
            }
            Self::AttachmentKey(sha256) => [b"attachment key\0", sha256.as_bytes()].concat(),
            Self::PortionSet { manifest, from, sequence, quarantined } => {
                of_arrival(b"portion set\0", manifest, from, *sequence, *quarantined)
            }
            Self::Title { manifest, from, sequence, quarantined } => {
                of_arrival(b"title\0", manifest, from, *sequence, *quarantined)
            }
            Self::Summary { manifest, from, sequence, quarantined } => {
                of_arrival(b"summary\0", manifest, from, *sequence, *quarantined)
            }
            Self::SubjectStates { manifest, from, sequence } => {
                of_arrival(b"about\0", manifest, from, *sequence, false)
            }
            Self::AttachedStatements { manifest, from, sequence, quarantined } => {
                of_arrival(b"beside\0", manifest, from, *sequence, *quarantined)
            }
            Self::Request(id) => [b"request\0", id.as_bytes()].concat(),
            Self::HouseRules(version) => [&b"house rules\0"[..], &version.to_be_bytes()].concat(),
            Self::Chunk(sha256, start) => [b"chunk\0", sha256.as_bytes(), &start.to_be_bytes()].concat(),
            Self::LedgerState => b"ledger state\0".to_vec(),
            Self::LedgerKept(kind, number, of) => {
                [b"ledger kept\0", kind.as_bytes(), b"\0", &number.to_be_bytes(), of.as_bytes()].concat()
            }
            Self::RevocationList(key, scope, of) => {
                [&b"revocation list\0"[..], key.as_bytes(), scope.as_bytes(), of.as_str().as_bytes()].concat()
            }
            Self::Revocations(key, of) => [&b"revocations\0"[..], key.as_bytes(), of.as_str().as_bytes()].concat(),
            Self::Approval(subject) => [&b"approval\0"[..], subject.as_bytes()].concat(),
            Self::Draft(id) => [b"draft\0", id.as_bytes()].concat(),
            Self::DraftText(id, revision) => [&b"draft text\0"[..], id.as_bytes(), &revision.to_be_bytes()].concat(),
            Self::Receipt(id) => [b"receipt\0", id.as_bytes()].concat(),
            Self::Recall(id, originator) => [b"recall\0", id.as_bytes(), originator.as_str().as_bytes()].concat(),
            Self::RecallStanding(id, originator) => {
                [b"recall standing\0", id.as_bytes(), originator.as_str().as_bytes()].concat()
            }
            Self::SavedSearch(person, name) => [&b"saved search\0"[..], person.as_slice(), name.as_slice()].concat(),
            Self::BrowserSession(token) => [&b"browser session\0"[..], token.as_bytes()].concat(),
            Self::SignInLink(token) => [&b"sign-in link\0"[..], token.as_bytes()].concat(),
            Self::Person(id) => [b"person\0", id.as_bytes()].concat(),
            Self::UnverifiedEntry(from, sequence) => {
                [&b"held\0"[..], &sequence.to_be_bytes(), from.as_str().as_bytes()].concat()
            }
            Self::Equivocation { assessment, statements: [first, second], originator } => [
                b"equivocation\0",
                assessment.as_bytes(),
                first.as_bytes(),
                second.as_bytes(),
                originator.as_str().as_bytes(),
            ]
            .concat(),
        }
    }
}

/// The name of a row that belongs to one arrival.
fn of_arrival(tag: &[u8], manifest: &StatementId, from: &TrustDomain, sequence: u64, quarantined: bool) -> Vec<u8> {
    [tag, manifest.as_bytes(), &sequence.to_be_bytes(), &[u8::from(quarantined)], from.as_str().as_bytes()].concat()
}

/// The error for a row whose ciphertext does not decrypt, because it was changed or moved.
pub(super) fn torn_row(row: &SealedRow<'_>) -> StoreError {
    let damage = match *row {
        SealedRow::KeyCheck | SealedRow::LedgerState | SealedRow::LedgerKept(_, _, "") => {
            return StoreError::Corrupt("a row does not decrypt: it was changed or moved".to_owned());
        }
        SealedRow::LedgerEntry(index) => {
            return StoreError::Corrupt(format!("ledger entry {index} does not decrypt: it was changed or moved"));
        }
        SealedRow::LedgerKept(_, _, of) => of.parse().map_or(Damage::Row, Damage::Witnessed),
        // The partner of the agreement is in another column, which the caller knows.
        SealedRow::Agreement(_) | SealedRow::Standing(_) => Damage::Row,
        // It is one person's, and nobody else is told of it.
        SealedRow::SavedSearch(..) | SealedRow::BrowserSession(_) | SealedRow::SignInLink(_) => Damage::Row,
        SealedRow::Outbox(to) => Damage::Outbox(to.clone()),
        SealedRow::AssessmentKey(id, originator) => Damage::Assessment(*id, originator.clone()),
        SealedRow::AttachmentKey(sha256) | SealedRow::Chunk(sha256, _) => Damage::Attachment(*sha256),
        SealedRow::PortionSet { manifest, .. }
        | SealedRow::Title { manifest, .. }
        | SealedRow::Summary { manifest, .. }
        | SealedRow::SubjectStates { manifest, .. }
        | SealedRow::AttachedStatements { manifest, .. } => Damage::Version(*manifest),
        SealedRow::Request(id) => Damage::Request(*id),
        SealedRow::HouseRules(version) => Damage::Rules(version),
        SealedRow::RevocationList(_, _, of) | SealedRow::Revocations(_, of) => Damage::Revocations(of.clone()),
        SealedRow::Approval(subject) => Damage::Approval(*subject),
        SealedRow::Person(id) => Damage::Person(*id),
        SealedRow::Draft(id) | SealedRow::DraftText(id, _) => Damage::Draft(*id),
        SealedRow::Receipt(id) => Damage::Receipt(*id),
        SealedRow::Recall(id, originator) | SealedRow::RecallStanding(id, originator) => {
            Damage::Recall(*id, originator.clone())
        }
        SealedRow::UnverifiedEntry(from, sequence) => Damage::UnverifiedEntry(from.clone(), sequence),
        SealedRow::Equivocation { assessment, originator, .. } => Damage::Equivocation(*assessment, originator.clone()),
    };
    StoreError::Damaged(damage)
}
