//! Requests for more of an assessment, what they are answered, and the exceptions by which an officer gives more.

use serde::Serialize;

use super::{
    body::Kind,
    ids::{AssessmentId, Digest, Nonce, Role, StatementId, TrustDomain},
    time::Time,
    words::words,
};

/// The longest question or answer, bytes.
pub const MAX_TEXT_BYTES: usize = 2_000;
/// For how long an exception holds where nobody says, days.
pub const DEFAULT_DAYS: i64 = 7;
/// The longest time for which an exception may hold, days.
pub const MAX_DAYS: i64 = 90;
/// The most portions that one exception gives.
pub const MAX_EXCEPTED: usize = 64;
/// The most exceptions that one release names.
pub const MAX_EXCEPTIONS: usize = 8;

words!(
    /// In what role somebody asks; who it is stays within the organisation.
    AskingRole, "role" {
        /// An analyst.
        Analyst = "analyst",
        /// A releasing officer.
        Officer = "officer",
        /// A program.
        Service = "service",
    }
);

impl AskingRole {
    /// The role, where it is one that may ask.
    pub fn of(role: Role) -> Option<Self> {
        match role {
            Role::Analyst => Some(Self::Analyst),
            Role::Officer => Some(Self::Officer),
            Role::Service => Some(Self::Service),
            Role::Node | Role::Admin => None,
        }
    }
}

/// Asks whoever has released an assessment for more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Who is asked.
    pub addressee: TrustDomain,
    /// About which assessment.
    pub assessment: AssessmentId,
    /// Which version.
    pub version: u32,
    /// That version's manifest.
    pub manifest: StatementId,
    /// Kinds of portions that are asked for, ascending; may be empty.
    pub kinds: Vec<Kind>,
    /// A question; may be empty where kinds are named.
    pub question: String,
    /// In what role somebody asks.
    pub role: AskingRole,
    /// The same question may be asked again.
    pub nonce: Nonce,
    /// When it was signed.
    pub requested_at: Time,
}

words!(
    /// What an answer is.
    AnswerKind, "kind of answer" {
        /// A text.
        Text = "text",
        /// Portions, which come by the feed.
        Released = "released",
        /// Nothing more is given.
        Declined = "declined",
    }
);

/// What a request is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The request.
    pub request: StatementId,
    /// What it is.
    pub kind: AnswerKind,
    /// In words; may be empty where something is released.
    pub text: String,
    /// When it was signed.
    pub answered_at: Time,
    /// The exception, exactly where something is released.
    pub exception: Option<StatementId>,
}

/// For a time stands in for the grant that these portions lack for this partner. It lifts no rule that forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// Whose officer has signed it.
    pub giver: TrustDomain,
    /// Who gets them, and nobody else.
    pub partner: TrustDomain,
    /// The version that they belong to.
    pub manifest: StatementId,
    /// The portions, and endorsements by their ids; strictly ascending, at least one.
    pub digests: Vec<Digest>,
    /// The partner's request that it answers.
    pub request: StatementId,
    /// Why, in one line.
    pub reason: String,
    /// The first moment.
    pub from: Time,
    /// The first moment at which it is over.
    pub until: Time,
}

impl Exception {
    /// Whether it holds at a time.
    pub fn holds_at(&self, time: Time) -> bool {
        self.from <= time && time < self.until
    }
}

words!(
    /// Where a request stands, as its asker and the one who is asked see it.
    RequestState, "state of a request" {
        /// On its way.
        Sent = "sent",
        /// The other side has it, and has not answered.
        Delivered = "delivered",
        /// The other side has refused to take it.
        Refused = "refused",
        /// Answered with a text.
        Answered = "answered",
        /// Answered with portions.
        Released = "released",
        /// Nothing more is given.
        Declined = "declined",
        /// What was released by exception has run out.
        Expired = "expired",
    }
);

impl RequestState {
    /// Whether somebody still owes an answer.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Sent | Self::Delivered)
    }
}
