//! Requests for more of an assessment, the answers to them, and the exceptions by which an officer gives more.

use serde::Serialize;

use super::{
    body::Kind,
    ids::{AssessmentId, Digest, Nonce, Role, StatementId, TrustDomain},
    time::Time,
    words::words,
};

/// The longest question or answer, bytes.
pub const MAX_TEXT_BYTES: usize = 2_000;
/// For how many days an exception holds if nobody says otherwise.
pub const DEFAULT_DAYS: i64 = 7;
/// The longest time for which an exception may hold, in days.
pub const MAX_DAYS: i64 = 90;
/// The most portions that one exception gives.
pub const MAX_EXCEPTED: usize = 64;
/// The most exceptions that one release names.
pub const MAX_EXCEPTIONS: usize = 8;

words!(
    /// The role in which somebody asks. Who it is stays within the organisation.
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
    /// The role for asking, if the role may ask.
    pub fn of(role: Role) -> Option<Self> {
        match role {
            Role::Analyst => Some(Self::Analyst),
            Role::Officer => Some(Self::Officer),
            Role::Service => Some(Self::Service),
            Role::Node | Role::Admin => None,
        }
    }
}

/// Asks the organisation that has released an assessment for more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The organisation that is asked.
    pub addressee: TrustDomain,
    /// The assessment.
    pub assessment: AssessmentId,
    /// The version.
    pub version: u32,
    /// That version's manifest.
    pub manifest: StatementId,
    /// The kinds of portions that are asked for, ascending. May be empty.
    pub kinds: Vec<Kind>,
    /// A question. May be empty if kinds are named.
    pub question: String,
    /// The role in which somebody asks.
    pub role: AskingRole,
    /// Random bytes, so that the same question can be asked again.
    pub nonce: Nonce,
    /// When it was signed.
    pub requested_at: Time,
}

words!(
    /// The kind of an answer.
    AnswerKind, "kind of answer" {
        /// A text.
        Text = "text",
        /// Portions, which come by the feed.
        Released = "released",
        /// Nothing more is given.
        Declined = "declined",
    }
);

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The request.
    pub request: StatementId,
    /// The kind of answer.
    pub kind: AnswerKind,
    /// The text. May be empty if portions are released.
    pub text: String,
    /// When it was signed.
    pub answered_at: Time,
    /// The exception. Set exactly if portions are released.
    pub exception: Option<StatementId>,
}

/// Stands in for a missing grant, for these portions, this partner and a limited time. It lifts no rule that forbids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// The organisation whose officer has signed it.
    pub giver: TrustDomain,
    /// The only partner that gets them.
    pub partner: TrustDomain,
    /// The manifest of the version that they belong to.
    pub manifest: StatementId,
    /// The digests of the portions, and the ids of endorsements. Strictly ascending, at least one.
    pub digests: Vec<Digest>,
    /// The partner's request that it answers.
    pub request: StatementId,
    /// The reason, in one line.
    pub reason: String,
    /// The first moment at which it holds.
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
    /// The state of a request, as both sides see it.
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
        /// The exception by which portions were released has ended.
        Expired = "expired",
    }
);

impl RequestState {
    /// Whether somebody still owes an answer.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Sent | Self::Delivered)
    }
}
