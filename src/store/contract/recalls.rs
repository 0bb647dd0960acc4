//! Stories of what was taken back, of duties, and of receipts on their way.

use super::{Home, kit::*, quarantine::readmission};
use crate::{
    domain::{
        event::{Deed, Event},
        ids::{Role, Sha256, TrustDomain},
        recall::{RecallKind, RecallStanding, RecallState},
        receipt::ReceiptKind,
        request::RequestState,
    },
    store::{
        AssessmentState, CopyName, ListFilter, Store, StoreError,
        bundles::BundleChange,
        outbox::OutboxOutcome,
        recalls::{ContentEffect, RecallName, RecallRecord, RecallStep, UnverifiedRecall},
        receipts::{Acknowledgement, HolderReport, Readmission},
        requests::{NewAttachedStatement, RequestRecord, RequestStep},
    },
};

fn standing(state: RecallState) -> RecallStanding {
    RecallStanding { state, approvals: vec![approved("spiffe://gb.example/officer/canary-officer", 5)], declined: None }
}

/// A recall that hides.
pub(crate) fn withdrawn(n: u8, originator: &str) -> RecallStep {
    step(n, originator, RecallState::Withdrawn, ContentEffect::Hide)
}

/// A recall that destroys.
pub(super) fn purged(n: u8, originator: &str) -> RecallStep {
    step(n, originator, RecallState::Purged, ContentEffect::Destroy)
}

/// A step of a recall of assessment `n` of `originator`.
pub(crate) fn step(n: u8, originator: &str, state: RecallState, effect: ContentEffect) -> RecallStep {
    let record = RecallRecord {
        assessment: assessment(n),
        originator: domain(originator),
        id: statement(200),
        kind: RecallKind::Purge,
        envelope: b"canary-recall".to_vec(),
        standing: standing(state),
        from: None,
        at: at(90),
        turn: 0,
    };
    let deed = Deed::Recalled {
        assessment: assessment(n),
        originator: domain(originator),
        recall: statement(200),
        kind: RecallKind::Purge,
        state,
    };
    let events = vec![Event::of_node(at(90), deed)];
    RecallStep { catalogue: None, record, before: None, effect, is_told: true, except: vec![], post: vec![], events }
}

/// Something of everything, for the story of a store's life.
pub(super) async fn fill_recalls(store: &dyn Store) {
    store.recall(step(77, "gb", RecallState::AwaitingApproval, ContentEffect::Hide)).await.unwrap();
    let report =
        HolderReport { envelope: b"canary-receipt".to_vec(), ..report(140, "fr", &[], ReceiptKind::Acting, true) };
    store.save_report(report).await.unwrap();
    let envelope = b"canary-unverified".to_vec();
    let (originator, from) = (domain("ng"), domain("us"));
    let name = RecallName { assessment: assessment(78), originator, from };
    assert!(store.keep_unverified_recall(UnverifiedRecall { name, envelope, at: at(3) }, 9, 9).await.unwrap());
}

async fn outbox(store: &dyn Store, name: &str) -> Vec<Vec<u8>> {
    store.outbox(&domain(name), 0, 10).await.unwrap().into_iter().map(|i| i.envelope).collect()
}

pub(crate) async fn a_recall_hides_all_versions_and_is_first_in_the_outbox(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    store.commit_releases(&domain("fr"), batch(0, vec![release(1, 1, 1)])).await.unwrap();
    store.publish(publication(1, 2)).await.unwrap();
    store.publish(publication(2, 1)).await.unwrap();
    store.post(&domain("fr"), b"before".to_vec(), at(0)).await.unwrap();
    let post = vec![(domain("us"), b"receipt".to_vec())];
    let done =
        store.recall(RecallStep { post, ..step(1, "gb", RecallState::Withdrawn, ContentEffect::Hide) }).await.unwrap();
    assert_eq!((done.told, done.manifests), (vec![domain("fr")], vec![manifest(1, 1), manifest(1, 2)]));
    drop(store);
    let store = home.open();
    assert_eq!(outbox(&*store, "fr").await, [&b"canary-recall"[..], b"before"]);
    assert_eq!(outbox(&*store, "us").await, [b"receipt"]);
    // It is first among statements, and holds up no entry of anything else.
    let look = store.pending_work(&domain("fr"), 1, at(0), 1 << 20).await.unwrap();
    assert_eq!(look.due.iter().map(|(item, _)| item.manifest_id).collect::<Vec<_>>(), [manifest(2, 1)]);
    // Pages go on behind it, and clearing it clears nothing that came later.
    let items = store.outbox(&domain("fr"), 0, 1).await.unwrap();
    assert_eq!(store.outbox(&domain("fr"), items[0].id, 9).await.unwrap()[0].envelope, b"before");
    store.record_outbox_outcomes(&domain("fr"), vec![(items[0].id, OutboxOutcome::Done)]).await.unwrap();
    for version in [1, 2] {
        let sealed = store.by_manifest(&manifest(1, version), false).await.unwrap().unwrap();
        assert_eq!((sealed.state, sealed.portions.len()), (AssessmentState::Withdrawn, 0));
        let seen = store.by_manifest(&manifest(1, version), true).await.unwrap().unwrap();
        assert_eq!(sorted(seen.portions), sorted(portions(1, 3)), "the bytes stay");
    }
    let due = store.due(&domain("fr"), at(0), 10).await.unwrap();
    assert_eq!(due.iter().map(|i| i.manifest_id).collect::<Vec<_>>(), [manifest(2, 1)]);
    let current = ListFilter { current_only: true, ..ListFilter::default() };
    assert_eq!(
        names(&store.list(&current).await.unwrap().whole().unwrap()),
        [(2, 1), (1, 2)],
        "one row for all versions"
    );
    // It is closed.
    assert_eq!(store.publish(publication(1, 3)).await, Err(StoreError::Recalled));
    let late = batch(1, vec![release(2, 1, 2)]);
    assert_eq!(store.commit_releases(&domain("fr"), late).await, Err(StoreError::Conflict));
    store.enqueue(&manifest(1, 2), 5, vec![(domain("fr"), at(0))]).await.unwrap();
    assert_eq!(store.due(&domain("fr"), at(0), 10).await.unwrap().len(), 1);
}

pub(crate) async fn a_purge_leaves_the_tombstone_and_nothing_else(home: &dyn Home) {
    let store = home.open();
    let [own, shared] = [1, 2].map(|n| Sha256([n; 32]));
    let naming = |n, names: &[Sha256]| {
        let mut publication = publication(n, 1);
        publication.attachments = names.to_vec();
        publication
    };
    store.publish(naming(1, &[own, shared])).await.unwrap();
    store.publish(naming(2, &[shared])).await.unwrap();
    for sha256 in [own, shared] {
        store.append_attachment(&CopyName::own(sha256), 4, 0, vec![1; 4]).await.unwrap();
        store.finish_attachment(&CopyName::own(sha256), true).await.unwrap();
    }
    assert!(!store.is_attachment_recalled(&own).await.unwrap());
    let attached = |n| NewAttachedStatement {
        manifest_id: manifest(n, 1),
        from: domain("gb"),
        envelope: b"endorsement".to_vec(),
        at: at(1),
        urgency: 1,
        queue: vec![],
    };
    for n in [1, 2] {
        assert!(store.attach_statement(attached(n), vec![]).await.unwrap());
    }
    store.recall(step(1, "gb", RecallState::Purged, ContentEffect::Destroy)).await.unwrap();
    drop(store);
    let store = home.open();
    for officer in [false, true] {
        let gone = store.by_manifest(&manifest(1, 1), officer).await.unwrap().unwrap();
        assert_eq!((gone.state, gone.portions.len(), gone.attached.len()), (AssessmentState::Purged, 0, 0));
    }
    assert_eq!(store.attach_statement(attached(1), vec![]).await, Err(StoreError::Conflict), "there is no key for it");
    assert_eq!(store.by_manifest(&manifest(2, 1), false).await.unwrap().unwrap().attached.len(), 1);
    assert_eq!(store.by_manifest(&manifest(2, 1), false).await.unwrap().unwrap().portions.len(), 3);
    assert!(!store.attachment(&CopyName::own(own)).await.unwrap().complete);
    assert!(store.attachment(&CopyName::own(shared)).await.unwrap().complete, "another one names it");
    assert!(store.is_attachment_recalled(&own).await.unwrap() && !store.is_attachment_recalled(&shared).await.unwrap());
    // A second step must know where it stands.
    let blind = step(1, "gb", RecallState::Purged, ContentEffect::Destroy);
    assert_eq!(store.recall(blind).await, Err(StoreError::Conflict));
    let kept = store.recall_of(&domain("gb"), &assessment(1)).await.unwrap().unwrap();
    assert_eq!((kept.standing, kept.turn), (standing(RecallState::Purged), 1));
    assert_eq!(store.recall_named(&statement(200)).await.unwrap().unwrap().assessment, assessment(1));
    assert!(store.recall_named(&statement(201)).await.unwrap().is_none());
}

pub(crate) async fn nobody_else_s_word_keeps_an_attachment_from_a_purge(home: &dyn Home) {
    let store = home.open();
    let sha256 = Sha256([3; 32]);
    let naming =
        |n, quarantined| entry_but(1, n, 1, |c| (c.attachments, c.quarantined) = (vec![(sha256, 4)], quarantined));
    let whole = async |from: &str| {
        let name = CopyName { sha256, from: Some(domain(from)) };
        store.append_attachment(&name, 4, 0, vec![1; 4]).await.unwrap();
        store.finish_attachment(&name, true).await.unwrap();
    };
    let is_whole =
        async |from: &str| store.attachment(&CopyName { sha256, from: Some(domain(from)) }).await.unwrap().complete;
    receive(&*store, "us", 0, vec![naming(1, false)]).await.unwrap();
    receive(&*store, "fr", 0, vec![naming(2, true)]).await.unwrap();
    whole("us").await;
    store.recall(step(1, "ng", RecallState::AwaitingApproval, ContentEffect::Hide)).await.unwrap();
    assert!(store.is_attachment_recalled(&sha256).await.unwrap(), "what is in quarantine gives it to nobody");
    let purge = RecallStep {
        before: Some(RecallState::AwaitingApproval),
        ..step(1, "ng", RecallState::Purged, ContentEffect::Destroy)
    };
    // What users see keeps the copy of whoever gave it, and no other.
    receive(&*store, "de", 0, vec![naming(4, false)]).await.unwrap();
    whole("de").await;
    assert!(!store.is_attachment_recalled(&sha256).await.unwrap());
    store.recall(purge).await.unwrap();
    assert!(!is_whole("us").await && is_whole("de").await);
    assert!(store.wanted_attachments(&domain("us")).await.unwrap().is_empty(), "it is not fetched again");
    let mut other = step(4, "ng", RecallState::Purged, ContentEffect::Destroy);
    other.record.id = statement(201);
    store.recall(other).await.unwrap();
    assert!(!is_whole("de").await && store.is_attachment_recalled(&sha256).await.unwrap());
    // Once it is shown, it names it.
    let named = vec![(sha256, 4)];
    let readmission = Readmission { partner: domain("fr"), attachments: named, post: vec![], ..readmission(1, 1) };
    assert!(store.readmit(readmission).await.unwrap());
    assert!(!store.is_attachment_recalled(&sha256).await.unwrap());
}

pub(crate) async fn what_people_wrote_goes_with_a_purge(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    store.publish(publication(2, 1)).await.unwrap();
    let asked = |n: u8, about: u8| RequestRecord {
        id: statement(n),
        partner: domain("fr"),
        outgoing: false,
        manifest_id: manifest(about, 1),
        state: RequestState::Sent,
        at: at(1),
        turn: 0,
        envelope: b"question".to_vec(),
        answer: None,
        by: None,
        reason: None,
    };
    let step_of =
        |record, post| RequestStep { catalogue: None, record, is_theirs: false, post, attached: None, events: vec![] };
    for (n, about) in [(1, 1), (2, 2), (3, 1)] {
        assert!(store.begin_request(step_of(asked(n, about), None)).await.unwrap());
    }
    let answered = |n, about, text: &[u8]| RequestRecord {
        state: RequestState::Answered,
        answer: Some(text.to_vec()),
        ..asked(n, about)
    };
    for (n, text) in [(1, b"answer"), (2, b"others")] {
        assert!(store.settle_request(step_of(answered(n, n, text), Some(text.to_vec()))).await.unwrap());
    }
    assert!(store.save_report(report(40, "fr", &[], ReceiptKind::Acting, true)).await.unwrap());
    store.recall(step(1, "gb", RecallState::Purged, ContentEffect::Destroy)).await.unwrap();
    drop(store);
    let store = home.open();
    let blank = RequestRecord { envelope: vec![], answer: None, ..answered(1, 1, b"") };
    assert_eq!(store.request(&statement(1)).await.unwrap(), Some(blank));
    assert_eq!(store.request(&statement(2)).await.unwrap(), Some(answered(2, 2, b"others")));
    assert_eq!(outbox(&*store, "fr").await, [b"others"]);
    let known = store.holders(&domain("gb"), &assessment(1)).await.unwrap();
    let said: Vec<_> = known.reports.iter().map(|r| (r.kind, r.receipt.len())).collect();
    assert_eq!(said, [(ReceiptKind::Acting, 0)]);
    // Nor is anything kept of what comes late.
    assert!(store.settle_request(step_of(answered(3, 1, b"late"), None)).await.unwrap());
    let late = store.request(&statement(3)).await.unwrap().unwrap();
    assert_eq!((late.state, late.envelope.len(), late.answer), (RequestState::Answered, 0, None));
}

pub(crate) async fn what_was_taken_back_is_not_received_and_not_readmitted(home: &dyn Home) {
    let store = home.open();
    // Ahead of what it takes back.
    store.recall(step(7, "ng", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap();
    let came = receive(&*store, "us", 0, vec![entry(1, 6, 1), entry(2, 7, 1)]).await;
    assert_eq!(came, Err(StoreError::Recalled));
    assert_eq!(store.inbound(&domain("us")).await.unwrap().sequence, 0, "nothing of the batch");
    let mut refused = entry(2, 7, 1);
    (refused.content, refused.refused, refused.reason) = (None, true, Some("RECALLED".into()));
    receive(&*store, "us", 0, vec![entry(1, 6, 1), refused]).await.unwrap();
    assert!(store.by_manifest(&manifest(7, 1), true).await.unwrap().is_none());
    // Another originator's of the same id is another assessment.
    receive(&*store, "us", 2, vec![entry_but(3, 7, 1, |c| c.originator = domain("ml"))]).await.unwrap();
    assert!(store.by_manifest(&manifest(7, 1), false).await.unwrap().is_some());
}

pub(crate) async fn a_recall_under_roots_that_are_disowned_waits_to_be_proved_again(home: &dyn Home) {
    let store = home.open();
    let mut taken = step(7, "ng", RecallState::Withdrawn, ContentEffect::Hide);
    taken.record.from = Some(domain("us"));
    store.recall(taken).await.unwrap();
    assert_eq!(receive(&*store, "fr", 0, vec![entry(1, 7, 1)]).await, Err(StoreError::Recalled));
    let disown = vec![(domain("ng"), Sha256([9; 32]))];
    store.change_bundles(BundleChange { disown, ..BundleChange::default() }, vec![]).await.unwrap();
    assert!(store.recall_of(&domain("ng"), &assessment(7)).await.unwrap().is_none());
    let name = RecallName { assessment: assessment(7), originator: domain("ng"), from: domain("us") };
    let waits = store.unverified_recall(&name).await.unwrap().map(|recall| recall.envelope);
    assert_eq!(waits, Some(b"canary-recall".to_vec()));
    // Followers resume by the number of a change: no later recall gets one that was used.
    store.recall(step(8, "gb", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap();
    assert_eq!(store.recall_of(&domain("gb"), &assessment(8)).await.unwrap().map(|recall| recall.turn), Some(2));
    // What was verified under those roots a moment before is not committed; what is verified under others is.
    let under_those = entry_but(1, 9, 1, |c| c.verified.roots = vec![Sha256([9; 32])]);
    assert_eq!(receive(&*store, "fr", 0, vec![under_those]).await, Err(StoreError::Conflict));
    receive(&*store, "fr", 0, vec![entry(1, 7, 1)]).await.unwrap();
    assert!(store.by_manifest(&manifest(7, 1), false).await.unwrap().is_some());
}

pub(crate) async fn a_stranger_s_recall_keeps_from_users_what_is_in_quarantine(home: &dyn Home) {
    let store = home.open();
    let mut held = entry_but(1, 1, 1, |c| c.quarantined = true);
    (held.reason, held.missing_agreement) = (Some("AGREEMENT_DIFFERS".into()), Some(statement(90)));
    receive(&*store, "us", 0, vec![held]).await.unwrap();
    let named = |n: u8, by: &str, from: &str| UnverifiedRecall {
        name: RecallName { assessment: assessment(n), originator: domain(by), from: domain(from) },
        envelope: format!("canary-recall by {from}").into_bytes(),
        at: at(n.into()),
    };
    let unverified = |from: &str| named(1, "ng", from);
    let keep = async |recall: UnverifiedRecall| store.keep_unverified_recall(recall, 1, 2).await.unwrap();
    assert!(keep(unverified("us")).await && keep(unverified("us")).await, "the same again takes no more room");
    assert!(!keep(named(2, "ng", "us")).await, "one name's are few");
    assert!(keep(named(2, "ml", "us")).await && !keep(named(2, "gh", "us")).await, "and so are one partner's");
    assert!(keep(unverified("fr")).await, "and take no place from another's");
    let here = store.version_statuses(&domain("us"), vec![(domain("ng"), assessment(1), 1)]).await.unwrap().remove(0);
    assert!(here.is_recall_claimed && !here.is_recalled, "{here:?}");
    let here = store.version_statuses(&domain("de"), vec![(domain("ng"), assessment(1), 1)]).await.unwrap().remove(0);
    assert!(!here.is_recall_claimed, "the word of one partner counts for nothing with another: {here:?}");
    let readmission = || Readmission { attachments: vec![], post: vec![], ..readmission(1, 1) };
    assert!(!store.readmit(readmission()).await.unwrap());
    drop(store);
    let store = home.open();
    let names = store.unverified_recall_names().await.unwrap();
    assert_eq!(names, [unverified("fr").name, unverified("us").name, named(2, "ml", "us").name]);
    assert_eq!(store.unverified_recall(&names[1]).await.unwrap(), Some(unverified("us")));
    for from in ["us", "fr"] {
        store.forget_unverified_recall(&unverified(from).name).await.unwrap();
    }
    assert!(store.readmit(readmission()).await.unwrap());
}

pub(crate) async fn what_was_stored_is_answered_once_up_to_a_number(home: &dyn Home) {
    let store = home.open();
    let us = domain("us");
    let hidden = entry_but(2, 2, 1, |c| c.quarantined = true);
    let mut void = entry(3, 3, 1);
    void.content = None;
    let mut passed_on = entry(4, 4, 1);
    passed_on.provenance = vec![b"before".to_vec()];
    receive(&*store, "us", 0, vec![entry(1, 1, 1), hidden, void, passed_on]).await.unwrap();
    assert_eq!(store.to_answer().await.unwrap(), std::slice::from_ref(&us));
    let first = store.unanswered(&us, 3).await.unwrap();
    assert_eq!((first.after, first.until), (0, 3));
    assert_eq!(first.arrived.iter().map(|a| a.sequence).collect::<Vec<_>>(), [1]);
    store.answered(&us, 0, 3, vec![(us.clone(), b"stored".to_vec())]).await.unwrap();
    let again = store.answered(&us, 0, 3, vec![(us.clone(), b"again".to_vec())]).await;
    assert_eq!(again, Err(StoreError::Conflict));
    drop(store);
    let store = home.open();
    let rest = store.unanswered(&us, 3).await.unwrap();
    assert_eq!((rest.after, rest.until, rest.arrived.len()), (3, 4, 1));
    assert_eq!(rest.arrived[0].provenance, [b"before"]);
    store.answered(&us, 3, 4, vec![]).await.unwrap();
    assert!(store.to_answer().await.unwrap().is_empty());
    assert_eq!(store.unanswered(&us, 3).await.unwrap().until, 4);
    assert_eq!(outbox(&*store, "us").await, [b"stored"]);
    let all = store.arrivals_of(&domain("ng"), &assessment(2), None).await.unwrap();
    assert_eq!(all.iter().map(|a| (a.sequence, a.quarantined)).collect::<Vec<_>>(), [(2, true)]);
}

/// What `holder` says of the first assessment's first version.
pub(crate) async fn recalls_are_read_in_pages_of_so_many_and_so_many_bytes(home: &dyn Home) {
    let store = home.open();
    for n in 1..=5 {
        let mut step = withdrawn(n, "ng");
        step.record.id = statement(n);
        // Two of the large ones take more than a page does.
        step.record.envelope = vec![n; if n > 2 { 600 << 10 } else { 9 }];
        store.recall(step).await.unwrap();
    }
    let page = async |after: u64, limit: u32| -> Vec<(u64, Vec<u8>)> {
        let page = store.recalls_after(after, None, limit).await.unwrap();
        page.into_iter().map(|r| (r.turn, r.assessment.0[..1].to_vec())).collect()
    };
    let (first, second) = (page(0, 9).await, page(0, 2).await);
    assert_eq!(first.len(), 3, "both small ones and one large one");
    assert_eq!(first[..2], second[..], "so many as are asked for");
    let mut seen = first;
    while let Some((turn, _)) = seen.last().cloned()
        && let more = page(turn, 9).await
        && !more.is_empty()
    {
        assert_eq!(more.len(), 1, "one is given, however large it is");
        seen.extend(more);
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted() && seen.iter().map(|(turn, _)| turn).is_sorted());
}

pub(super) fn report(n: u8, holder: &str, through: &[&str], kind: ReceiptKind, verified: bool) -> HolderReport {
    HolderReport {
        id: statement(n),
        envelope: format!("canary-report {n}").into_bytes(),
        holder: domain(holder),
        through: through.iter().map(|t| domain(t)).collect(),
        kind,
        role: kind.acknowledges().then_some(Role::Analyst),
        reason: None,
        at: at(i64::from(n)),
        verified,
        versions: vec![(manifest(1, 1), 2)],
        recall: None,
        post: vec![],
        events: vec![],
    }
}

pub(crate) async fn holders_are_known_by_what_they_said_and_nobody_s_word_takes_its_place(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    store.commit_releases(&domain("fr"), batch(0, vec![release(1, 1, 1)])).await.unwrap();
    store.save_partner(super::records::partner("us"), refused("us")).await.unwrap();
    let said = async |report: HolderReport| store.save_report(report).await.unwrap();
    assert!(said(report(40, "fr", &[], ReceiptKind::Read, true)).await);
    assert!(!said(report(40, "fr", &[], ReceiptKind::Read, true)).await, "the same again");
    assert!(said(report(41, "us", &["fr"], ReceiptKind::Stored, true)).await);
    assert!(said(report(42, "us", &["fr"], ReceiptKind::Declined, true)).await);
    assert!(said(report(43, "us", &["fr"], ReceiptKind::Declined, false)).await);
    store.heard_of(&domain("fr"), at(3)).await.unwrap();
    store.heard_of(&domain("fr"), at(1)).await.unwrap();
    let known = store.holders(&domain("gb"), &assessment(1)).await.unwrap();
    let given: Vec<_> = known.given.iter().map(|g| (g.holder.as_str().to_owned(), g.sequence, g.portions)).collect();
    assert_eq!(given, [("fr.example".to_owned(), 1, 2)]);
    let words: Vec<_> = known.reports.iter().map(|r| (r.kind, r.verified, &r.receipt[..])).collect();
    let wanted: [(ReceiptKind, bool, &[u8]); 3] = [
        (ReceiptKind::Read, true, b"canary-report 40"),
        (ReceiptKind::Stored, true, b"canary-report 41"),
        (ReceiptKind::Declined, true, b"canary-report 42"),
    ];
    assert_eq!(words, wanted);
    assert_eq!(known.reports[1].through, [domain("fr")]);
    assert_eq!(known.contacts, [(domain("fr"), at(3))]);

    let told = store.recall(step(1, "gb", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap().told;
    assert_eq!(told, [domain("fr"), domain("us")], "whoever is known to hold it and is a partner, too");
    let answer =
        |n, verified, kind| HolderReport { recall: Some(statement(200)), ..report(n, "us", &["fr"], kind, verified) };
    let unknown = HolderReport { recall: Some(statement(9)), ..answer(50, true, ReceiptKind::Purged) };
    assert_eq!(store.save_report(unknown).await, Err(StoreError::Conflict));
    let kinds = async || {
        let known = store.holders(&domain("gb"), &assessment(1)).await.unwrap();
        known.answers.iter().map(|a| (a.kind, a.verified)).collect::<Vec<_>>()
    };
    assert!(said(answer(51, false, ReceiptKind::Purged)).await);
    assert_eq!(kinds().await, [(ReceiptKind::Purged, false)]);
    assert!(said(answer(52, true, ReceiptKind::Withdrawn)).await);
    assert!(said(answer(53, false, ReceiptKind::Purged)).await);
    assert_eq!(kinds().await, [(ReceiptKind::Withdrawn, true)], "nobody's word takes its place");
    assert!(said(answer(54, true, ReceiptKind::Purged)).await);
    assert!(said(answer(55, true, ReceiptKind::Withdrawn)).await);
    assert_eq!(kinds().await, [(ReceiptKind::Purged, true)], "what is destroyed stays so");
}

pub(crate) async fn duties_are_met_by_a_word_and_end_with_a_recall(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    store.publish(publication(1, 1)).await.unwrap();
    store.publish(publication(2, 1)).await.unwrap();
    let duties = vec![(manifest(1, 1), at(10)), (manifest(2, 1), at(20))];
    let releases = vec![release(1, 1, 1), release(2, 2, 1)];
    store.commit_releases(&fr, crate::store::ReleaseBatch { duties, ..batch(0, releases) }).await.unwrap();
    let overdue = async |partner: &TrustDomain, outgoing, second| {
        let (count, oldest) = store.overdue(partner, outgoing, at(second), 1).await.unwrap();
        (count, oldest.first().map(|o| o.assessment.0.0[0]))
    };
    assert_eq!(overdue(&fr, true, 10).await, (0, None));
    assert_eq!(overdue(&fr, true, 15).await, (1, Some(1)));
    assert_eq!(overdue(&fr, true, 25).await, (2, Some(1)));
    assert_eq!(overdue(&fr, false, 25).await, (0, None));
    // Another's word, and a word from behind it, meet nothing.
    store.save_report(report(40, "de", &[], ReceiptKind::Read, true)).await.unwrap();
    store.save_report(report(41, "fr", &["de"], ReceiptKind::Read, true)).await.unwrap();
    assert_eq!(overdue(&fr, true, 25).await, (2, Some(1)));
    store.save_report(report(42, "fr", &[], ReceiptKind::Read, true)).await.unwrap();
    assert_eq!(overdue(&fr, true, 25).await, (1, Some(2)));
    store.recall(step(2, "gb", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap();
    assert_eq!(overdue(&fr, true, 25).await, (0, None));

    let us = domain("us");
    receive(&*store, "us", 0, vec![entry_but(1, 3, 1, |c| c.due = Some(at(10)))]).await.unwrap();
    receive(&*store, "us", 1, vec![entry_but(2, 3, 2, |c| c.due = Some(at(12)))]).await.unwrap();
    assert_eq!(overdue(&us, false, 25).await, (2, Some(3)));
    let read = |kind| Acknowledgement {
        manifest_id: manifest(3, 2),
        kind,
        role: Role::Analyst,
        post: vec![(domain("us"), kind.as_str().as_bytes().to_vec())],
        events: vec![],
    };
    assert!(store.acknowledge(read(ReceiptKind::Read)).await.unwrap());
    assert!(!store.acknowledge(read(ReceiptKind::Read)).await.unwrap(), "said once");
    assert!(store.acknowledge(read(ReceiptKind::Acting)).await.unwrap());
    assert_eq!(overdue(&us, false, 25).await, (0, None), "those before it count as read with it");
    assert_eq!(outbox(&*store, "us").await.len(), 2);
}
