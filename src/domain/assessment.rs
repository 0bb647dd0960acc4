//! The assessment: a manifest that commits to portions.

use serde::Serialize;

use super::{
    body::{Body, Kind, Subject},
    ids::{AssessmentId, Digest, Handle, Salt, StatementId, TrustDomain},
    level::WarningLevel,
    marking::Marking,
    place::{Country, Place},
    time::Time,
};

/// The most digests that a manifest may list, decoys included (01-protocol §8).
pub const MAX_DIGESTS: usize = 1024;
/// The longest encoding of one portion, bytes.
pub const MAX_PORTION_BYTES: usize = 256 * 1024;
/// The longest encodings of all portions of an assessment together, bytes: with the manifest, the release and their
/// signatures they travel in one message of at most 4 MiB, so that no assessment can block a feed.
pub const MAX_PORTIONS_BYTES: usize = 3 * 1024 * 1024;
/// The largest attachment, bytes.
pub const MAX_ATTACHMENT_BYTES: u64 = 1 << 30;

/// Commits to all portions of one version of an assessment. Holds no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The same over all versions.
    pub assessment: AssessmentId,
    /// Counts from 1.
    pub version: u32,
    /// The manifest before; `None` exactly for version 1.
    pub previous: Option<StatementId>,
    /// The signers' trust domain.
    pub originator: TrustDomain,
    /// When it was signed.
    pub issued: Time,
    /// When it stops being released; later than `issued`.
    pub expires: Time,
    /// The portions' digests and decoys, strictly ascending, a multiple of 16.
    pub digests: Vec<Digest>,
    /// Whether it is an exercise.
    pub exercise: bool,
}

/// One unit of release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Portion {
    /// Makes the digest unguessable.
    #[serde(skip)]
    pub salt: Salt,
    /// What other portions of the same version call this one.
    pub handle: Handle,
    /// Where it stands among the others; has gaps.
    pub order: u32,
    /// How it may be handled.
    pub marking: Marking,
    /// What it says.
    #[serde(flatten)]
    pub body: Body,
}

impl Portion {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.body.kind()
    }
}

/// The subjects of an assessment, as far as they are known here.
pub fn subjects<'a>(portions: impl IntoIterator<Item = &'a Portion>) -> impl Iterator<Item = &'a Subject> {
    portions.into_iter().filter_map(|p| match &p.body {
        Body::Subject(subject) => Some(subject),
        _ => None,
    })
}

/// The states that an assessment names as its subject: of its places, a region's all, and of its actors.
/// Ascending, without repeats. They and theirs must never get it.
pub fn subject_states(portions: &[Portion]) -> Vec<Country> {
    let mut states: Vec<Country> = subjects(portions)
        .flat_map(|s| {
            let actors = s.actors.iter().filter_map(|a| a.state).map(Place::Country);
            s.places.iter().copied().chain(actors).flat_map(Place::states_concerned)
        })
        .collect();
    states.sort_unstable();
    states.dedup();
    states
}

/// The highest level among the subjects.
pub fn level<'a>(portions: impl IntoIterator<Item = &'a Portion>) -> Option<WarningLevel> {
    subjects(portions).map(|s| s.level).max()
}
