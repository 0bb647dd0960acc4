//! Stories of two statements that an originator signed and that contradict each other.

use super::{Home, kit::*};
use crate::{
    domain::{
        equivocation::{Equivocation, MAX_EQUIVOCATIONS, StatementSubject, Twice},
        event::{Deed, Event},
        ids::{Sha256, StatementId},
        recall::RecallKind,
    },
    store::{
        ReceivedEntry, Store,
        bundles::BundleChange,
        equivocations::{EquivocationProof, SignedVersion},
    },
};

/// The id of another manifest of version 1 of assessment `n`.
fn other(n: u8) -> StatementId {
    StatementId([n ^ 0x80; 32])
}

fn subject(n: u8) -> StatementSubject {
    StatementSubject { originator: domain("ng"), assessment: assessment(n), twice: Twice::Version(1) }
}

/// An entry whose manifest, of version 1 of assessment `n`, its originator has signed beyond doubt.
fn signed(sequence: u64, n: u8, manifest_id: StatementId) -> ReceivedEntry {
    let manifest = format!("canary-manifest {manifest_id}").into_bytes();
    let signed = SignedVersion { subject: subject(n), manifest_id, manifest: manifest.clone() };
    let entry = entry_but(sequence, n, 1, |c| (c.manifest_id, c.manifest) = (manifest_id, manifest));
    ReceivedEntry { signed: Some(signed), ..entry }
}

/// The same, of what is not kept.
fn refused_but_signed(sequence: u64, n: u8, manifest_id: StatementId) -> ReceivedEntry {
    let reason = Some("REPLAY_DIFFERS".into());
    ReceivedEntry { content: None, refused: true, reason, ..signed(sequence, n, manifest_id) }
}

async fn found(store: &dyn Store) -> Vec<(StatementSubject, [StatementId; 2])> {
    store.equivocations(None).await.unwrap().into_iter().map(|e| (e.subject, e.statements)).collect()
}

fn equivocated(events: &[Event]) -> usize {
    events.iter().filter(|e| matches!(e.deed, Deed::Equivocated { .. })).count()
}

pub(crate) async fn two_manifests_of_one_version_leave_one_proof(home: &dyn Home) {
    let store = home.open();
    // The same by two ways contradicts nothing, and nor does a later version.
    receive(&*store, "us", 0, vec![signed(1, 1, manifest(1, 1)), entry(2, 1, 2)]).await.unwrap();
    receive(&*store, "fr", 0, vec![signed(1, 1, manifest(1, 1))]).await.unwrap();
    assert_eq!(found(&*store).await, []);
    // Whether it is refused or kept in quarantine, it is held against what is here; a third one says nothing new.
    receive(&*store, "fr", 1, vec![refused_but_signed(2, 1, other(1))]).await.unwrap();
    receive(&*store, "us", 2, vec![signed(3, 1, StatementId([99; 32]))]).await.unwrap();
    // Two that come together, neither of which users see.
    let quarantined = |sequence, id| {
        let mut entry = signed(sequence, 2, id);
        entry.content.as_mut().unwrap().quarantined = true;
        entry
    };
    receive(&*store, "us", 3, vec![quarantined(4, manifest(2, 1)), quarantined(5, other(2))]).await.unwrap();
    let wanted = [(subject(1), [manifest(1, 1), other(1)]), (subject(2), [manifest(2, 1), other(2)])];
    drop(store);
    let store = home.open();
    assert_eq!(found(&*store).await, wanted);
    assert_eq!(equivocated(&store.events(0, 100).await.unwrap()), 2);
    let ng = domain("ng");
    let of_one = store.equivocations(Some((&ng, &assessment(1)))).await.unwrap();
    assert_eq!(of_one.iter().map(|e| e.subject.clone()).collect::<Vec<_>>(), [subject(1)]);
    assert!(store.equivocations(Some((&domain("gb"), &assessment(1)))).await.unwrap().is_empty());
    let proofs = store.equivocation_proofs(&assessment(1)).await.unwrap();
    let text = |id| format!("canary-manifest {id}").into_bytes();
    assert_eq!(proofs[0].envelopes, [text(manifest(1, 1)), text(other(1))]);
}

pub(crate) async fn what_proves_nothing_against_an_originator_is_not_kept(home: &dyn Home) {
    let store = home.open();
    // Roots that turned out not to be the originator's.
    let disown = vec![(domain("ng"), Sha256([9; 32]))];
    store.change_bundles(BundleChange { disown, ..BundleChange::default() }, vec![]).await.unwrap();
    let hub_attested = |mut entry: ReceivedEntry| {
        entry.content.as_mut().unwrap().verified.on_word_of = Some(domain("us"));
        ReceivedEntry { signed: None, ..entry }
    };
    // On a hub's word alone, before or after the originator's own.
    receive(&*store, "us", 0, vec![hub_attested(signed(1, 1, other(1)))]).await.unwrap();
    receive(&*store, "us", 1, vec![signed(2, 1, manifest(1, 1)), hub_attested(signed(3, 1, StatementId([99; 32])))])
        .await
        .unwrap();
    // Of another originator.
    let namesake = entry_but(4, 1, 1, |c| (c.originator, c.manifest_id) = (domain("ci"), StatementId([98; 32])));
    receive(&*store, "us", 3, vec![namesake]).await.unwrap();
    // Under the roots that were disowned.
    let mut under_others = signed(1, 2, manifest(2, 1));
    let content = under_others.content.as_mut().unwrap();
    (content.verified.roots, content.quarantined) = (vec![Sha256([9; 32])], true);
    receive(&*store, "fr", 0, vec![ReceivedEntry { signed: None, ..under_others }]).await.unwrap();
    receive(&*store, "fr", 1, vec![signed(2, 2, other(2))]).await.unwrap();
    assert_eq!(found(&*store).await, []);
    assert_eq!(equivocated(&store.events(0, 100).await.unwrap()), 0);
}

pub(crate) async fn a_proof_survives_a_purge(home: &dyn Home) {
    let store = home.open();
    receive(&*store, "us", 0, vec![signed(1, 1, manifest(1, 1)), signed(2, 2, manifest(2, 1))]).await.unwrap();
    receive(&*store, "us", 2, vec![refused_but_signed(3, 1, other(1))]).await.unwrap();
    let before = store.equivocation_proofs(&assessment(1)).await.unwrap();
    assert_eq!(before.len(), 1);
    for n in [1, 2] {
        store.recall(super::recalls::purged(n, "ng")).await.unwrap();
    }
    assert_eq!(store.equivocation_proofs(&assessment(1)).await.unwrap(), before);
    // The manifest of what is gone stays, and is held against what comes.
    receive(&*store, "us", 3, vec![refused_but_signed(4, 2, other(2))]).await.unwrap();
    assert_eq!(store.equivocation_proofs(&assessment(2)).await.unwrap().len(), 1);
}

pub(crate) async fn an_originator_has_room_for_so_many_proofs(home: &dyn Home) {
    let store = home.open();
    let proof = |n: u8, originator: &str, twice| {
        let subject = StatementSubject { originator: domain(originator), assessment: assessment(n), twice };
        let found = Equivocation { subject, statements: [statement(n), other(n)], at: at(n.into()) };
        EquivocationProof { found, envelopes: [vec![n], vec![n, n]] }
    };
    let withdrawn = Twice::Recall(RecallKind::Withdraw);
    for n in 0..u8::try_from(MAX_EQUIVOCATIONS).unwrap() {
        assert!(store.keep_equivocation(proof(n, "ng", Twice::Version(7))).await.unwrap());
    }
    assert!(!store.keep_equivocation(proof(0, "ng", withdrawn)).await.unwrap());
    assert!(!store.keep_equivocation(proof(100, "ng", Twice::Version(7))).await.unwrap());
    // Nobody else's room is taken, and of one assessment each thing is kept once.
    assert!(store.keep_equivocation(proof(0, "ci", Twice::Version(7))).await.unwrap());
    assert!(!store.keep_equivocation(proof(0, "ci", Twice::Version(7))).await.unwrap());
    assert!(store.keep_equivocation(proof(0, "ci", withdrawn)).await.unwrap());
    let kept = store.equivocation_proofs(&assessment(0)).await.unwrap();
    let subjects: Vec<_> = kept.iter().map(|p| (p.found.subject.originator.clone(), p.found.subject.twice)).collect();
    let (ng, ci) = (domain("ng"), domain("ci"));
    assert_eq!(subjects, [(ng, Twice::Version(7)), (ci.clone(), Twice::Version(7)), (ci, withdrawn)]);
    assert_eq!(equivocated(&store.events(0, 200).await.unwrap()), 66);
}
