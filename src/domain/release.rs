//! Releases: the decisions that hand portions to one partner, and their positions in that partner's feed.

use serde::Serialize;

use super::{
    body::Kind,
    group::Group,
    ids::{Digest, StatementId, TrustDomain},
    marking::{Audience, GroupName, Tlp},
    place::Country,
    time::Time,
    words::words,
};

words!(
    /// The kind of an entry in a feed.
    EntryKind, "kind of entry" {
        /// A first version, or more portions of a version.
        Assessment = "assessment",
        /// A later version.
        Correction = "correction",
        /// The outcome of forecasts that were released before.
        Resolution = "resolution",
    }
);

/// The most releases by which an entry may have come. It is bounded by the longest chain of hops and by the size of an entry.
pub const MAX_HOPS: usize = 8;

/// The most statements that a release lists in addition to its portions, of all kinds together.
pub const MAX_ATTACHED: usize = 64;

/// The signed decision that hands a set of portions to one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// The recipient.
    pub recipient: TrustDomain,
    /// The kind of entry.
    pub kind: EntryKind,
    /// The manifest that it hands over.
    pub manifest: StatementId,
    /// The portions that it discloses, in the author's order. Empty exactly if the kind is a resolution.
    pub digests: Vec<Digest>,
    /// The agreement that permits it, and its version.
    pub agreement: AgreementRef,
    /// The grants that permit it, strictly ascending, at least one.
    pub grants: Vec<GroupName>,
    /// The terms that bind the recipient.
    pub terms: ReleaseTerms,
    /// Its position in the feed.
    pub position: FeedPosition,
    /// When it was signed.
    pub released_at: Time,
    /// The release by which a hub got it. `None` at the originator.
    pub via: Option<StatementId>,
    /// When the sender first logged what it hands over, in whole seconds. The originator logs the manifest, and a hub logs the release in `via`.
    /// The signature of the manifest, or of that release, is judged as of this time.
    pub logged_at: Time,
    /// The endorsements that it discloses, strictly ascending by id.
    pub endorsements: Vec<Listed>,
    /// The exceptions that permit what no grant does, strictly ascending by id.
    pub exceptions: Vec<Listed>,
    /// Statements of kinds that this version does not read, strictly ascending.
    pub unknown: Vec<(GroupName, Listed)>,
}

/// A statement that a release lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: StatementId,
    /// When the sender of the release first logged it, in whole seconds.
    pub logged_at: Time,
}

impl Release {
    /// Everything that it discloses: the digests of portions, and the ids of endorsements, which are used like digests.
    pub fn disclosed(&self) -> impl Iterator<Item = Digest> {
        self.digests.iter().copied().chain(self.endorsements.iter().map(|listed| Digest(listed.id.0)))
    }
}

/// Identifies one version of an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct AgreementRef {
    /// The statement.
    pub id: StatementId,
    /// The version in that statement.
    pub version: u32,
}

/// A position in a partner's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct FeedPosition {
    /// The number, from 1, without gaps.
    pub sequence: u64,
    /// The id of the release numbered one less. `None` exactly for number 1.
    pub previous: Option<StatementId>,
}

/// The terms of a release that bind its recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseTerms {
    /// What may be passed on. `None` means nothing.
    pub onward: Option<OnwardLimit>,
    /// States whose organisations must not get it, strictly ascending.
    pub barred_states: Vec<Country>,
    /// For how many days it may be kept. `None` means without limit.
    pub retention_days: Option<u32>,
}

/// What may be passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnwardLimit {
    /// The audiences, ascending, not empty.
    pub to: Vec<Audience>,
    /// Kinds of portions, ascending.
    pub kinds: Vec<Kind>,
    /// Kinds of a later edition, ascending. This program can't read portions of these kinds. Not empty if `kinds` is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later_kinds: Vec<GroupName>,
    /// The highest TLP level.
    pub max_tlp: Tlp,
    /// Over how many more hops, at least 1.
    pub depth: u32,
    /// Exactly the groups that `to` names, with their members, ascending by name.
    pub groups: Vec<Group>,
}

/// Replaces a release whose permission has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Void {
    /// The recipient.
    pub recipient: TrustDomain,
    /// The position of the release that it replaces.
    pub position: FeedPosition,
    /// The release that it replaces. The `previous` of the next release names this id.
    pub replaced: StatementId,
    /// When it was signed.
    pub voided_at: Time,
}
