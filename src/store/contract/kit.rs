//! Test data for the stories.

use std::collections::BTreeSet;

use crate::{
    domain::{
        actor::SignIn,
        approval::Approved,
        event::{Deed, Event, PortionDecision},
        ids::{AssessmentId, Digest, Sha256, StatementId, TrustDomain},
        level::{Crime, WarningLevel},
        marking::Tlp,
        place::{Country, Place},
        release::EntryKind,
        statement::StatementKind,
        summary::{BodySummary, Life, PortionSummary, Summary},
        time::{Period, Time},
    },
    store::{
        AssessmentRecord, Publication, ReceivedContent, ReceivedEntry, ReceivingBasis, ReleaseBatch, ReleaseRecord,
        Store, StoreError, Verification,
    },
};

/// An approval whose content does not matter here.
pub(crate) fn approved(by: &str, second: i64) -> Approved {
    Approved { by: by.parse().unwrap(), at: at(second), id: statement(7), statement: vec![1, 2, 3] }
}

pub(crate) fn domain(name: &str) -> TrustDomain {
    format!("{name}.example").parse().unwrap()
}

pub(crate) fn at(second: i64) -> Time {
    // With nanoseconds, so that a backend that rounds them is noticed.
    Time::from_parts(1_780_000_000 + second, 123_456_789).unwrap()
}

pub(crate) fn assessment(n: u8) -> AssessmentId {
    AssessmentId([n; 16])
}

/// The states that a version is about.
pub(crate) fn subject_states(n: u8, version: u32) -> BTreeSet<Country> {
    let place = usize::from(n) + usize::try_from(version).unwrap();
    BTreeSet::from([["BF", "ML", "NE", "TD", "SD"][place % 5].parse().unwrap()])
}

/// The manifest of a version of an assessment.
pub(crate) fn manifest(n: u8, version: u32) -> StatementId {
    let mut id = [n; 32];
    id[0] = u8::try_from(version).unwrap();
    StatementId(id)
}

pub(crate) fn statement(n: u8) -> StatementId {
    StatementId([n; 32])
}

pub(crate) fn portions(n: u8, count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|i| format!("portion {i} of {n}").repeat(usize::from(i) * 50 + 1).into_bytes()).collect()
}

/// A summary: a subject about a country of level `n % 5 + 1`, under the topic `t<n>`.
pub(crate) fn summary(n: u8) -> Summary {
    let day = at(0).day();
    let body = BodySummary::Subject {
        places: subject_states(n, 0).into_iter().map(Place::Country).collect(),
        crimes: vec![Crime::MassKilling],
        level: WarningLevel::try_from(n % 5 + 1).unwrap(),
        period: Period { from: day, until: day },
    };
    let topics = vec![format!("t{n}").parse().unwrap()];
    let portions = vec![PortionSummary { tlp: Tlp::Green, topics, caveats: vec![], body }];
    Summary { life: Life { issued: at(0), expires: at(1000), exercise: false }, portions }
}

pub(crate) fn decided(n: u8, version: u32, partner: &str) -> Event {
    let because = vec!["grant g1".into()];
    let portions = vec![PortionDecision { portion: Digest([n; 32]), release: true, because, not_before: None }];
    let deed = Deed::Decided { manifest: manifest(n, version), partner: domain(partner), portions };
    let by = Some("spiffe://gb.example/analyst/alice".parse().unwrap());
    Event { at: at(0), by, signed_in: Some(SignIn::Certificate), deed }
}

pub(crate) fn refused(partner: &str) -> Event {
    Event::of_node(
        at(0),
        Deed::Refused {
            partner: domain(partner),
            kind: StatementKind::Receipt,
            reason: "NOT_A_PARTNER".into(),
            count: 1,
        },
    )
}

/// A publication that is queued for `fr` and `de`.
pub(crate) fn publication(n: u8, version: u32) -> Publication {
    Publication {
        catalogue: None,
        assessment: assessment(n),
        version,
        manifest_id: manifest(n, version),
        manifest: format!("manifest {n} {version}").into_bytes(),
        originator: domain("gb"),
        author: "spiffe://gb.example/analyst/author".parse().unwrap(),
        at: at(i64::from(version)),
        urgency: 3,
        portions: portions(n, 3),
        title: portions(n, 1),
        summary: summary(n),
        subject_states: subject_states(n, version),
        attachments: vec![],
        queue: vec![(domain("fr"), at(0)), (domain("de"), at(0))],
        events: vec![
            Event::of_node(
                at(0),
                Deed::Published {
                    assessment: assessment(n),
                    version,
                    manifest: manifest(n, version),
                    accepted: vec![],
                },
            ),
            decided(n, version, "fr"),
        ],
        verified: verified(),
    }
}

/// How a manifest was verified.
pub(crate) fn verified() -> Verification {
    Verification { at: at(0), roots: vec![Sha256([7; 32])], on_word_of: None }
}

pub(crate) fn release(sequence: u64, n: u8, version: u32) -> ReleaseRecord {
    let byte = u8::try_from(sequence).unwrap();
    ReleaseRecord {
        sequence,
        id: statement(byte),
        manifest_id: manifest(n, version),
        envelope: format!("release {sequence}").into_bytes(),
        is_void: false,
        digests: vec![Digest([byte; 32]), Digest([n; 32])],
        attachments: vec![Sha256([n; 32])],
    }
}

pub(crate) fn batch(after: u64, releases: Vec<ReleaseRecord>) -> ReleaseBatch {
    let released = |r: &ReleaseRecord| {
        Event::of_node(
            at(9),
            Deed::Released {
                manifest: r.manifest_id,
                partner: domain("fr"),
                sequence: r.sequence,
                release: r.id,
                digests: r.digests.clone(),
                grants: vec!["g1".into()],
            },
        )
    };
    ReleaseBatch {
        catalogue: None,
        after,
        events: releases.iter().map(released).collect(),
        releases,
        signers: [domain("ng")].into(),
        settled: vec![],
        duties: vec![],
    }
}

/// An entry with a version of `ng`'s assessment.
pub(crate) fn entry(sequence: u64, n: u8, version: u32) -> ReceivedEntry {
    ReceivedEntry {
        sequence,
        release_id: statement(u8::try_from(sequence).unwrap()),
        release: format!("release {sequence} of {n}").into_bytes(),
        provenance: vec![],
        content: Some(ReceivedContent {
            kind: if version == 1 { EntryKind::Assessment } else { EntryKind::Correction },
            assessment: assessment(n),
            version,
            manifest_id: manifest(n, version),
            manifest: format!("manifest {n} {version}").into_bytes(),
            originator: domain("ng"),
            portions: portions(n, 3),
            title: portions(n, 1),
            summary: summary(n),
            subject_states: subject_states(n, version),
            attached: vec![],
            attachments: vec![],
            quarantined: false,
            due: None,
            verified: verified(),
        }),
        refused: false,
        reason: None,
        missing_agreement: None,
        pending_verification: None,
        signed: None,
        came_back: None,
    }
}

/// The same, with its content changed.
pub(crate) fn entry_but(
    sequence: u64,
    n: u8,
    version: u32,
    change: impl FnOnce(&mut ReceivedContent),
) -> ReceivedEntry {
    let mut entry = entry(sequence, n, version);
    change(entry.content.as_mut().unwrap());
    entry
}

/// What a batch was judged on if it depends on nothing in the catalogue.
pub(crate) fn since(after: u64) -> ReceivingBasis {
    ReceivingBasis { after, catalogue: None }
}

pub(crate) async fn receive(
    store: &dyn Store,
    partner: &str,
    after: u64,
    entries: Vec<ReceivedEntry>,
) -> Result<(), StoreError> {
    store.receive(&domain(partner), since(after), entries, at(50), vec![refused(partner)], vec![]).await
}

pub(crate) fn sorted(mut portions: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    portions.sort();
    portions
}

/// The releases by which it came.
pub(crate) fn releases(record: &AssessmentRecord) -> Vec<&[u8]> {
    record.releases.iter().map(|r| &*r.release).collect()
}

/// The versions of assessments, as (assessment's byte, version).
pub(crate) fn names(records: &[AssessmentRecord]) -> Vec<(u8, u32)> {
    records.iter().map(|r| (r.assessment.0[0], r.version)).collect()
}
