//! An entry as the store keeps it.

use std::sync::Arc;

use crate::{
    domain::{entry::FeedEntry, ids::StatementId, release::Release, statement::Envelope, summary::Summary, time::Time},
    node::inbound::content::Content,
    seal::{open::OpenedPortion, statement::id_of},
    store::{AttachedStatement, ReceivedContent, ReceivedEntry, ReturnedEndorsements, subject_states, title},
    wire,
};

/// An entry of whose content nothing is known.
pub(in crate::node) fn received(sequence: u64, release_id: StatementId, entry: &FeedEntry) -> ReceivedEntry {
    ReceivedEntry {
        sequence,
        release_id,
        release: wire::envelope::encode(&entry.release),
        provenance: entry.provenance.iter().map(|e| wire::envelope::encode(e)).collect(),
        content: None,
        refused: false,
        reason: None,
        missing_agreement: None,
        pending_verification: None,
        signed: None,
        came_back: None,
    }
}

/// The statements that came beside the portions.
fn attached<'a>(checked: &Content, statements: impl Iterator<Item = &'a Arc<Envelope>>) -> Vec<AttachedStatement> {
    let is_verified = |e: &Envelope| !checked.unverified.contains(&id_of(e.kind, &e.payload));
    let statement =
        |e: &Arc<Envelope>| AttachedStatement { envelope: wire::envelope::encode(e), verified: is_verified(e) };
    statements.map(statement).collect()
}

/// What is kept of an entry that a partner has returned about a version that was published here: the endorsements alone.
pub(in crate::node) fn returned(checked: &Content, entry: &FeedEntry) -> ReturnedEndorsements {
    ReturnedEndorsements {
        manifest_id: checked.manifest_id,
        originator: checked.manifest.originator.clone(),
        assessment: checked.manifest.assessment,
        endorsements: attached(checked, entry.endorsements.iter()),
    }
}

/// Content that was verified, for users or for quarantine.
pub(in crate::node) fn received_content(
    release: &Release,
    checked: &Content,
    entry: &FeedEntry,
    quarantined: bool,
    due: Option<Time>,
) -> ReceivedContent {
    let content = &checked.manifest;
    let named = checked.portions.iter().map(OpenedPortion::portion).zip(entry.portions.iter().map(|bytes| &**bytes));
    ReceivedContent {
        kind: release.kind,
        assessment: content.assessment,
        version: content.version,
        manifest_id: checked.manifest_id,
        manifest: entry.manifest.as_ref().map(|m| wire::envelope::encode(m)).unwrap_or_default(),
        originator: content.originator.clone(),
        portions: entry.portions.iter().map(|p| p.to_vec()).collect(),
        title: title::of(named),
        summary: Summary::of(content, checked.portions.iter().map(|opened| (opened.portion(), opened.digest()))),
        subject_states: subject_states::of(content, checked.portions.iter().map(OpenedPortion::portion)),
        attached: attached(checked, entry.endorsements.iter().chain(&entry.exceptions)),
        attachments: checked.attachments(),
        quarantined,
        due,
        verified: checked.verified.clone(),
    }
}
