//! What was found in an entry that was verified.

use crate::{
    domain::{
        assessment::Manifest,
        body::Body,
        entry::FeedEntry,
        event::{Deed, Event},
        fault::Reason,
        ids::{Sha256, StatementId, TrustDomain},
        release::Release,
    },
    node::{
        assessment_cache::parts::{LoadedEndorsement, LoadedException},
        inbound::unusable::{ExaminedAt, Unusable, VerifiedPath},
    },
    seal::open::OpenedPortion,
    store::Verification,
};

/// Content that was verified.
pub(in crate::node) struct Content {
    pub(in crate::node) manifest: Manifest,
    /// How its manifest was verified.
    pub(in crate::node) verified: Verification,
    pub(in crate::node) manifest_id: StatementId,
    pub(in crate::node) portions: Vec<OpenedPortion>,
    /// Endorsements whose signers could not be verified.
    pub(in crate::node) unverified: Vec<StatementId>,
    /// Why it is kept from users, if it is.
    pub(in crate::node) not_covered: Option<NotCovered>,
}

/// A verified release, and the entry by which it came.
pub(in crate::node) struct CheckedRelease<'a> {
    pub(in crate::node) release: &'a Release,
    /// The release's id.
    pub(in crate::node) id: StatementId,
    pub(in crate::node) entry: FeedEntry,
    /// Its content, or why that can't be used.
    pub(in crate::node) content: Result<Box<Content>, Unusable>,
}

/// How an entry came: from whom, by which release and which route, and when.
pub(in crate::node) struct Carrying<'a> {
    /// The sender.
    pub partner: &'a TrustDomain,
    /// The sender's release.
    pub release: &'a Release,
    /// The releases before it.
    pub path: &'a VerifiedPath,
    /// When the entry is examined, and when it came.
    pub examined: ExaminedAt,
}

/// What is attached to the portions that came.
pub(in crate::node) struct AttachedEntries {
    pub(in crate::node) endorsements: Vec<LoadedEndorsement>,
    /// The exceptions that count here.
    pub(in crate::node) exceptions: Vec<LoadedException>,
}

/// Why content is kept from users.
pub(in crate::node) struct NotCovered {
    pub(in crate::node) reason: Reason,
    /// The organisation on the way that passed on more than it might, if there is one.
    pub(in crate::node) at_fault: Option<TrustDomain>,
}

impl From<Reason> for NotCovered {
    fn from(reason: Reason) -> Self {
        Self { reason, at_fault: None }
    }
}

impl Content {
    /// What its manifest says.
    pub(in crate::node) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// How its manifest was verified.
    pub(in crate::node) fn verified(&self) -> &Verification {
        &self.verified
    }

    /// The attachments that it names: (digest, length).
    pub(in crate::node) fn attachments(&self) -> Vec<(Sha256, u64)> {
        let named = self.portions.iter().filter_map(|o| match &o.portion().body {
            Body::Attachment(attachment) => Some((attachment.sha256, attachment.size)),
            _ => None,
        });
        named.collect()
    }
}

/// The manifests that gave way to others.
pub(in crate::node) fn gave_way(events: &[Event]) -> impl Iterator<Item = StatementId> {
    events.iter().filter_map(|e| match e.deed {
        Deed::GaveWay { manifest, .. } => Some(manifest),
        _ => None,
    })
}
