//! The release: the decision that hands portions to one partner, and its place in that partner's feed.

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
    /// What sort of entry stands in a feed.
    EntryKind, "kind of entry" {
        /// A first version, or more portions of a version.
        Assessment = "assessment",
        /// A later version.
        Correction = "correction",
        /// What became of forecasts that were released before.
        Resolution = "resolution",
    }
);

/// The most releases by which an entry may have come: the hops of a long chain, and what an entry's size allows.
pub const MAX_HOPS: usize = 8;

/// The most statements beside the portions of a release, of all kinds together.
pub const MAX_BESIDE: usize = 64;

/// The signed decision that hands a set of portions to one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Whom it is for.
    pub recipient: TrustDomain,
    /// What sort of entry it is.
    pub kind: EntryKind,
    /// The manifest that it hands over.
    pub manifest: StatementId,
    /// The portions that it discloses, in the author's order; none exactly where the kind is a resolution.
    pub digests: Vec<Digest>,
    /// The agreement that allows it, and its version.
    pub agreement: AgreementRef,
    /// The grants that allow it, strictly ascending, at least one.
    pub grants: Vec<GroupName>,
    /// What the recipient is held to.
    pub terms: Terms,
    /// Its place in the feed.
    pub position: Position,
    /// When it was signed.
    pub released_at: Time,
    /// The release by which a hub got it.
    pub via: Option<StatementId>,
    /// When the sender first logged what it hands over: the originator the manifest, a hub the release in `via`. Whole
    /// seconds. The signature of the manifest, or of that release, is judged as of this time.
    pub logged_at: Time,
    /// The endorsements that it discloses, strictly ascending by id.
    pub endorsements: Vec<Listed>,
    /// The exceptions that allow what no grant does, strictly ascending by id.
    pub exceptions: Vec<Listed>,
    /// Statements of kinds that this version does not read, strictly ascending.
    pub unknown: Vec<(GroupName, Listed)>,
}

/// A statement that a release lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: StatementId,
    /// When the sender of the release first logged it. Whole seconds.
    pub logged_at: Time,
}

impl Release {
    /// All that it discloses: the portions' digests, and the endorsements' ids, which stand where a digest does.
    pub fn disclosed(&self) -> impl Iterator<Item = Digest> {
        self.digests.iter().copied().chain(self.endorsements.iter().map(|listed| Digest(listed.id.0)))
    }
}

/// Names one version of an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct AgreementRef {
    /// The statement.
    pub id: StatementId,
    /// The version that it says it is.
    pub version: u32,
}

/// A place in a partner's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Position {
    /// From 1, without gaps.
    pub sequence: u64,
    /// The release numbered one less; `None` exactly for number 1.
    pub previous: Option<StatementId>,
}

/// What a release holds its recipient to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// What may be passed on; `None`: nothing.
    pub onward: Option<OnwardLimit>,
    /// States whose organisations must not get it, strictly ascending.
    pub barred_states: Vec<Country>,
    /// How long it may be kept, days; `None`: without limit.
    pub retention_days: Option<u32>,
}

/// What may be passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OnwardLimit {
    /// To whom, ascending, not empty.
    pub to: Vec<Audience>,
    /// Kinds of portions, ascending.
    pub kinds: Vec<Kind>,
    /// Kinds of a later edition, ascending: no portion of these can be read here. Not empty where `kinds` is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later_kinds: Vec<GroupName>,
    /// The highest marking.
    pub max_tlp: Tlp,
    /// How many hops further, at least 1.
    pub depth: u32,
    /// Each group that `to` names, spelled out, and no other; ascending by name.
    pub groups: Vec<Group>,
}

/// Stands in for a release whose permission has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Void {
    /// Whom it is for.
    pub recipient: TrustDomain,
    /// The place of the release that it replaces.
    pub position: Position,
    /// The release that it replaces; the next release's `previous` names this.
    pub replaced: StatementId,
    /// When it was signed.
    pub voided_at: Time,
}
