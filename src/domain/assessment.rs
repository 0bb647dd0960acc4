//! The assessment: a manifest that commits to portions.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{
    body::{Body, Kind, Subject},
    edition::NEWEST,
    ids::{AssessmentId, Digest, Handle, Salt, Sha256, StatementId, TrustDomain},
    language::Language,
    level::WarningLevel,
    marking::Marking,
    place::{Country, Place, SubjectTimes},
    time::Time,
};

/// The most digests that a manifest may list, decoys included (01-protocol §8).
pub const MAX_DIGESTS: usize = 1024;
/// The longest encoding of one portion, bytes.
pub const MAX_PORTION_BYTES: usize = 256 * 1024;
/// The longest encodings of all portions of an assessment together, in bytes. With the manifest, the release and their signatures they fit into
/// one message of 4 MiB, so no assessment can block a feed.
pub const MAX_PORTIONS_BYTES: usize = 3 * 1024 * 1024;
/// The most names in the markings of all portions of an assessment together ([`Marking::names`](super::marking::Marking::names)). Each decision
/// for each partner looks at all of them.
pub const MAX_MARKED_NAMES: usize = 8_192;
/// The largest attachment, bytes.
pub const MAX_ATTACHMENT_BYTES: u64 = 1 << 30;

/// Commits to all portions of one version of an assessment. It contains no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// The id, which is the same for all versions.
    pub assessment: AssessmentId,
    /// The version, from 1.
    pub version: u32,
    /// The manifest of the version before. `None` exactly for version 1.
    pub previous: Option<StatementId>,
    /// The signers' trust domain.
    pub originator: TrustDomain,
    /// When it was signed.
    pub issued: Time,
    /// When it stops being released. Later than `issued`.
    pub expires: Time,
    /// The portions' digests and decoys, strictly ascending, a multiple of 16.
    pub digests: Vec<Digest>,
    /// Whether it is an exercise.
    pub exercise: bool,
    /// Set if a hub publishes under its own seal: a commitment to the original manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sealed_origin: Option<Sha256>,
}

/// One unit of release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Portion {
    /// Random bytes that make the digest unguessable.
    #[serde(skip)]
    pub salt: Salt,
    /// The handle by which other portions of the same version refer to this one.
    pub handle: Handle,
    /// The lowest edition of the vocabularies that contains all its codes.
    #[serde(skip)]
    pub edition: u32,
    /// The language of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The portion that it translates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub translates: Option<Handle>,
    /// How it may be handled.
    pub marking: Marking,
    /// What it says.
    #[serde(flatten)]
    pub body: Body,
}

impl Portion {
    /// A portion of the newest edition without a stated language.
    pub fn new(salt: Salt, handle: Handle, marking: Marking, body: Body) -> Self {
        Self { salt, handle, edition: NEWEST, language: None, translates: None, marking, body }
    }

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

/// The places that a subject is about, including the states of its actors.
pub fn places_concerned(subject: &Subject) -> impl Iterator<Item = Place> {
    let actors = subject.actors.iter().filter_map(|actor| actor.state).map(Place::Country);
    subject.places.iter().copied().chain(actors)
}

/// The states that an assessment is about: those of its places and actors, all states of a region, and those that govern or control any of
/// these. They must never get it.
pub fn subject_states(portions: &[Portion], issued: Time, expires: Time) -> BTreeSet<Country> {
    subjects(portions).flat_map(|subject| states_of(subject, issued, expires)).collect()
}

/// The same states for one subject.
pub fn states_of(subject: &Subject, issued: Time, expires: Time) -> BTreeSet<Country> {
    let when = SubjectTimes::new(subject.period, issued, expires);
    places_concerned(subject).flat_map(|place| place.states_concerned(when)).collect()
}

/// The highest level among the subjects.
pub fn level<'a>(portions: impl IntoIterator<Item = &'a Portion>) -> Option<WarningLevel> {
    subjects(portions).map(|s| s.level).max()
}
