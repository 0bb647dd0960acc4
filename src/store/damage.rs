//! Stored things that can't be read any more. Only the damaged thing is out of service; everything else works.

use std::fmt;

use crate::domain::ids::{AssessmentId, DraftId, Sha256, StatementId, TrustDomain};

/// A stored thing that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// The record of an organisation: its roots, its address, its state.
    Partner(TrustDomain),
    /// An agreement with a partner.
    Agreement(TrustDomain, StatementId),
    /// The chain of an organisation's bundles.
    Bundles(TrustDomain),
    /// A retired root of an organisation.
    Root(TrustDomain),
    /// Revocations of an organisation's certificates, or a list of them.
    Revocations(TrustDomain),
    /// Somebody of the own organisation, by a digest of the id.
    Person(Sha256),
    /// A version of the house rules.
    Rules(u32),
    /// All versions of an originator's assessment.
    Assessment(AssessmentId, TrustDomain),
    /// A version of an assessment, by its manifest.
    Version(StatementId),
    /// An attachment.
    Attachment(Sha256),
    /// A recall of an originator's assessment.
    Recall(AssessmentId, TrustDomain),
    /// A request, or its answer.
    Request(StatementId),
    /// An approval that waits for another administrator.
    Approval(Sha256),
    /// A draft, or one of its texts.
    Draft(DraftId),
    /// A partner's receipt.
    Receipt(StatementId),
    /// A partner's feed: its position, or the releases in it.
    Feed(TrustDomain),
    /// An entry that can't be verified yet: its sender and its number.
    UnverifiedEntry(TrustDomain, u64),
    /// A statement that waits for a partner.
    Outbox(TrustDomain),
    /// What is stored of an organisation's ledger.
    Witnessed(TrustDomain),
    /// The proof that an originator has signed two different things.
    Equivocation(AssessmentId, TrustDomain),
    /// A row that can't be identified.
    Row,
}

impl Damage {
    /// Whether everything of its kind is read at each start, so that what is not found damaged then is intact.
    pub fn is_read_at_start(&self) -> bool {
        self.closes().is_some() || matches!(self, Self::Person(_) | Self::Rules(_) | Self::Approval(_) | Self::Root(_))
    }

    /// The partner with which nothing is exchanged while this is damaged: its identity, an agreement or its revocations are
    /// unknown.
    pub fn closes(&self) -> Option<&TrustDomain> {
        match self {
            Self::Partner(of) | Self::Agreement(of, _) | Self::Revocations(of) => Some(of),
            _ => None,
        }
    }

    /// What an administrator can do about it.
    pub fn way_out(&self) -> &'static str {
        match self {
            Self::Partner(_) | Self::Revocations(_) => {
                "ask there for a new invitation (`watchfire partner invite`) and accept it (`watchfire partner accept`), or restore a backup"
            }
            Self::Agreement(..) => {
                "ask there for it (`watchfire agreement export ID --out FILE`), then `watchfire agreement import FILE` and, where it is shown as \
                 proposed, `watchfire agreement sign ID`; or restore a backup"
            }
            Self::Person(_) => {
                "restore a backup, or add this person under another name (`watchfire person add`); until then they can't sign in"
            }
            Self::Rules(_) => {
                "change a file of the house rules while the node runs, a comment is enough, or restore a backup"
            }
            Self::Recall(..) => "restore a backup; until then the assessment stays sealed",
            Self::Approval(_) => "decide it again",
            Self::Witnessed(_) => "nothing: the partner's next greeting is kept in its place",
            Self::Attachment(_) => "fetch it again, or restore a backup",
            Self::Draft(_) => {
                "ask its author for a copy, or restore a backup; `watchfire draft delete` removes what is left of it"
            }
            Self::Assessment(..)
            | Self::Bundles(_)
            | Self::Root(_)
            | Self::Version(_)
            | Self::Request(_)
            | Self::Receipt(_)
            | Self::Feed(_)
            | Self::UnverifiedEntry(..)
            | Self::Outbox(_)
            | Self::Equivocation(..)
            | Self::Row => "restore a backup",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partner(of) => write!(f, "what is known of {of}"),
            Self::Agreement(with, id) => write!(f, "agreement {id} with {with}"),
            Self::Bundles(of) => write!(f, "the chain of {of}'s bundles"),
            Self::Root(of) => write!(f, "a root that {of} had once"),
            Self::Revocations(of) => write!(f, "revocations of {of}'s certificates"),
            Self::Person(id) => write!(f, "the register's entry {id}"),
            Self::Rules(version) => write!(f, "version {version} of the house rules"),
            Self::Assessment(id, originator) => write!(f, "assessment {id} of {originator}"),
            Self::Version(manifest) => write!(f, "the version of an assessment with manifest {manifest}"),
            Self::Attachment(sha256) => write!(f, "attachment {sha256}"),
            Self::Recall(id, originator) => write!(f, "the recall of assessment {id} of {originator}"),
            Self::Request(id) => write!(f, "request {id}"),
            Self::Approval(subject) => write!(f, "what was approved of {subject}"),
            Self::Draft(id) => write!(f, "draft {id}"),
            Self::Receipt(id) => write!(f, "receipt {id}"),
            Self::Feed(of) => write!(f, "where the feed to or from {of} stands"),
            Self::UnverifiedEntry(from, sequence) => {
                write!(f, "entry {sequence} from {from}, which waits to be verified")
            }
            Self::Outbox(to) => write!(f, "a statement that waits for {to}"),
            Self::Witnessed(of) => write!(f, "what is remembered of {of}'s ledger"),
            Self::Equivocation(id, originator) => write!(f, "the proof about assessment {id} of {originator}"),
            Self::Row => write!(f, "a row of the store"),
        }
    }
}
