//! Stories of partners, agreements, outboxes, attachments and the ledger.

use super::{Home, kit::*};
use crate::{
    domain::{
        agreement::{Agreement, Duties, Grant, Side, Standing},
        body::Kind,
        bundle::HeldBundle,
        event::{Deed, Event},
        ids::{AssessmentId, Sha256},
        marking::Tlp,
        partner::{Organisation, PartnerKind, PartnerState},
        statement::{Envelope, Signature, StatementKind, Suite},
    },
    seal::hash::sha256,
    store::{
        AgreementRecord, AttachmentStatus, CopyName, PartnerRecord, Store, StoreError,
        outbox::{OutboxItem, OutboxOutcome},
    },
    wire,
};

pub(super) fn partner(name: &str) -> PartnerRecord {
    PartnerRecord {
        organisation: Organisation {
            domain: domain(name),
            kind: PartnerKind::State,
            country: Some(name.to_uppercase().parse().unwrap()),
        },
        endpoint: Some(format!("{name}.example:7443").parse().unwrap()),
        roots: vec![b"root".to_vec(), vec![], b"other root".to_vec()],
        bundle: HeldBundle::new(1, Sha256([5; 32]), at(4)),
        state: PartnerState::Active,
        introduces: true,
        accepted_at: at(4),
    }
}

/// One that both have signed.
pub(super) fn in_force() -> Standing {
    let approvals = vec![approved("spiffe://gb.example/admin/canary-admin", 1)];
    Standing { approvals, signed_here: Some(at(2)), ..Standing::proposed_there(at(1)) }
}

pub(super) fn agreement(name: &str, version: u32, standing: Standing, second: i64) -> AgreementRecord {
    let (own, other) = (domain("gb"), domain(name));
    let grant = Grant {
        later_kinds: vec![],
        id: "g1".parse().unwrap(),
        from: own.clone(),
        to: other.clone(),
        places: vec!["NG".parse().unwrap()],
        topics: vec![],
        kinds: vec![Kind::Headline],
        max_tlp: Tlp::Amber,
        min_level: None,
        delay_seconds: 0,
        retention_days: None,
        onward: None,
        purpose: "early warning".into(),
    };
    let mut parties = [own, other.clone()];
    parties.sort();
    let agreement = Agreement {
        triggers: vec![],
        series: AssessmentId([1; 16]),
        version,
        previous: (version > 1).then(|| statement(1)),
        parties,
        from: "2026-01-01".parse().unwrap(),
        until: "2026-12-31".parse().unwrap(),
        purpose: "canary-agreement".into(),
        notice_days: 30,
        groups: vec![],
        grants: vec![grant],
        duties: Duties::default(),
    };
    let payload = wire::agreement::encode(&agreement);
    let signature = Signature {
        suite: Suite::Ed25519,
        certificates: vec![vec![1]],
        value: vec![u8::try_from(second).unwrap(); 64],
    };
    let envelope = Envelope::new(StatementKind::Agreement, payload, vec![signature]);
    AgreementRecord {
        id: statement(u8::try_from(version).unwrap()),
        partner: other,
        // As it reads back: an absent duty and an empty one are the same.
        agreement: wire::agreement::decode(&envelope.payload).unwrap(),
        envelope: wire::envelope::encode(&envelope),
        standing,
        changed_at: at(second),
    }
}

pub(crate) async fn partners_are_saved_and_replaced(home: &dyn Home) {
    let store = home.open();
    let mut bare = partner("fr");
    (bare.endpoint, bare.organisation.country) = (None, None);
    bare.organisation.kind = PartnerKind::Regional;
    store.save_partner(partner("us"), refused("us")).await.unwrap();
    store.save_partner(bare.clone(), refused("fr")).await.unwrap();
    assert_eq!(store.partners().await.unwrap(), [bare.clone(), partner("us")]);
    let changed = PartnerRecord { state: PartnerState::Suspended, endpoint: None, ..partner("us") };
    store.save_partner(changed.clone(), refused("us")).await.unwrap();
    assert_eq!(store.partners().await.unwrap(), [bare, changed]);
    assert_eq!(store.retired_roots().await.unwrap(), []);
    let other_roots = PartnerRecord { roots: vec![b"another root".to_vec()], ..partner("us") };
    store.save_partner(other_roots.clone(), refused("us")).await.unwrap();
    let retired = store.retired_roots().await.unwrap();
    assert!(retired.iter().all(|r| r.of == domain("us") && r.by_words));
    assert_eq!(sorted(retired.into_iter().map(|r| r.der).collect()), sorted(partner("us").roots));
    assert_eq!(store.events(0, 10).await.unwrap(), ["us", "fr", "us", "us"].map(refused));
}

pub(crate) async fn agreements_and_their_outbox_go_together(home: &dyn Home) {
    let store = home.open();
    let proposed = agreement("fr", 1, Standing::proposed_there(at(1)), 1);
    store.save_agreements(vec![proposed.clone()], None, vec![refused("fr")]).await.unwrap();
    assert_eq!(store.agreements().await.unwrap(), [proposed]);
    let mut over = in_force();
    over.terminate(Side::Here, at(3));
    let ended = agreement("fr", 1, over, 3);
    let next = agreement("fr", 2, in_force(), 4);
    let send = Some((domain("fr"), next.envelope.clone()));
    store.save_agreements(vec![next.clone(), ended.clone()], send, vec![refused("fr")]).await.unwrap();
    let outbox = store.outbox(&domain("fr"), 0, 10).await.unwrap();
    assert_eq!(outbox.iter().map(|i| &i.envelope).collect::<Vec<_>>(), [&next.envelope]);
    assert_eq!(store.agreements().await.unwrap(), [next, ended]);
    assert_eq!(store.events(0, 10).await.unwrap().len(), 2);
}

pub(crate) async fn the_outbox_keeps_its_order(home: &dyn Home) {
    let store = home.open();
    let (us, fr) = (domain("us"), domain("fr"));
    for n in 0..4u8 {
        store.post(if n == 2 { &fr } else { &us }, vec![n], at(i64::from(n))).await.unwrap();
    }
    let items = store.outbox(&us, 0, 10).await.unwrap();
    assert_eq!(items.iter().map(|i| i.envelope[0]).collect::<Vec<_>>(), [0, 1, 3]);
    assert_eq!(store.outbox(&us, 0, 1).await.unwrap(), items[..1]);
    assert_eq!(store.outbox(&us, items[0].id, 10).await.unwrap(), items[1..]);
    assert!(store.outbox(&us, items[2].id, 10).await.unwrap().is_empty());
    store.record_outbox_outcomes(&fr, vec![(items[0].id, OutboxOutcome::Done)]).await.unwrap();
    assert_eq!(store.outbox(&us, 0, 10).await.unwrap(), items, "another partner can't clear it");
    store
        .record_outbox_outcomes(&us, vec![(items[0].id, OutboxOutcome::Done), (items[2].id, OutboxOutcome::Done)])
        .await
        .unwrap();
    assert_eq!(store.outbox(&us, 0, 10).await.unwrap(), items[1..2]);
}

pub(crate) async fn what_the_partner_can_t_take_yet_waits_and_is_offered_again(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    for n in 0..3u8 {
        store.post(&fr, vec![n], at(i64::from(n))).await.unwrap();
    }
    let due = async |now: i64| -> Vec<u8> {
        store.outbox_due(&fr, 0, at(now), 10).await.unwrap().iter().map(|i| i.envelope[0]).collect()
    };
    let items = store.outbox(&fr, 0, 10).await.unwrap();
    let kept = |reason: Option<&str>| OutboxOutcome::Kept {
        reason: reason.map(str::to_owned),
        again_at: at(100),
        seen: Some(b"edition 1".to_vec()),
    };
    let answers = vec![
        (items[0].id, kept(Some("CHAIN_INVALID"))),
        (items[1].id, kept(None)),
        (items[2].id, OutboxOutcome::Later(at(30))),
    ];
    store.record_outbox_outcomes(&fr, answers).await.unwrap();
    assert_eq!(due(10).await, [0u8; 0]);
    assert_eq!((due(30).await, due(100).await), (vec![2], vec![0, 1, 2]));
    assert_eq!(due(20 - 3 * 86_400).await, [0, 1, 2], "put off by a clock that was days ahead");
    // Under the edition that it was refused under nothing has changed; under another one it may have.
    assert!(!store.offer_again(&fr, b"edition 1".to_vec()).await.unwrap());
    assert_eq!(due(10).await, [0u8; 0]);
    assert!(store.offer_again(&fr, b"edition 2".to_vec()).await.unwrap());
    assert_eq!(due(10).await, [0]);
    let reasons = |items: Vec<OutboxItem>| items.into_iter().map(|i| i.reason).collect::<Vec<_>>();
    drop(store);
    let store = home.open();
    let all = store.outbox(&fr, 0, 10).await.unwrap();
    assert_eq!(reasons(all), [Some("CHAIN_INVALID".to_owned()), None, None]);
}

pub(crate) async fn attachments_grow_without_holes(home: &dyn Home) {
    let store = home.open();
    let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let name = CopyName::own(Sha256(sha256(&[&bytes])));
    assert_eq!(store.attachment(&name).await.unwrap(), AttachmentStatus::default());
    assert!(store.read_attachment(&name, 0, 10).await.unwrap().is_empty());
    let append = async |size, start: usize, end: usize| {
        let offset = u64::try_from(start).unwrap();
        store.append_attachment(&name, size, offset, bytes[start..end].to_vec()).await
    };
    assert_eq!(append(1000, 1, 5).await, Err(StoreError::Conflict), "a hole at the start");
    append(1000, 0, 300).await.unwrap();
    for (size, start, end) in [(1000, 0, 300), (1000, 301, 400), (999, 300, 400)] {
        assert_eq!(append(size, start, end).await, Err(StoreError::Conflict), "{size} {start} {end}");
    }
    assert_eq!(store.finish_attachment(&name, true).await, Err(StoreError::Conflict), "not whole yet");
    append(1000, 300, 301).await.unwrap();
    let status = AttachmentStatus { size: 1000, stored: 301, complete: false };
    assert_eq!(store.attachment(&name).await.unwrap(), status);
    drop(store);
    let store = home.open();
    assert_eq!(store.append_attachment(&name, 1000, 301, bytes[..].to_vec()).await, Err(StoreError::Conflict));
    store.append_attachment(&name, 1000, 301, bytes[301..].to_vec()).await.unwrap();
    store.finish_attachment(&name, true).await.unwrap();
    assert!(store.attachment(&name).await.unwrap().complete);
    for (offset, length) in
        [(0, 2000), (0, 1), (299, 3), (300, 1), (301, 5), (0, 301), (999, 9), (1000, 9), (5000, 1), (7, 0)]
    {
        let wanted: Vec<u8> = bytes.iter().copied().skip(offset).take(length).collect();
        let (offset, length) = (u64::try_from(offset).unwrap(), u32::try_from(length).unwrap());
        assert_eq!(store.read_attachment(&name, offset, length).await.unwrap(), wanted, "{offset} {length}");
    }
    assert!(store.read_attachment(&name, i64::MAX as u64 - 1, 1).await.unwrap().is_empty());
    assert_eq!(store.read_attachment(&name, u64::MAX, u32::MAX).await, Err(StoreError::TooLarge));
}

pub(crate) async fn attachments_that_entries_named_are_wanted_until_they_are_whole(home: &dyn Home) {
    let store = home.open();
    let (one, other, hidden) = (Sha256([1; 32]), Sha256([2; 32]), Sha256([3; 32]));
    let naming = |sequence, n, names: &[Sha256], quarantined| {
        let attachments = names.iter().map(|name| (*name, 4)).collect();
        entry_but(sequence, n, 1, |c| (c.attachments, c.quarantined) = (attachments, quarantined))
    };
    let entries = vec![naming(1, 1, &[one, other], false), naming(2, 2, &[one], false), naming(3, 3, &[hidden], true)];
    receive(&*store, "us", 0, entries).await.unwrap();
    let wanted = async |name: &str| {
        let mut wanted = store.wanted_attachments(&domain(name)).await.unwrap();
        wanted.sort();
        wanted
    };
    assert_eq!(wanted("us").await, [(one, 4), (other, 4)]);
    assert!(wanted("fr").await.is_empty());
    // Whole from another source is not whole from this one: it would learn what is here already.
    let names = [CopyName::own(one), CopyName::of(&domain("fr"), one), CopyName::of(&domain("us"), one)];
    for name in &names {
        assert_eq!(wanted("us").await.len(), 2, "not from here yet");
        store.append_attachment(name, 4, 0, vec![1, 2, 3, 4]).await.unwrap();
        assert_eq!(wanted("us").await.len(), 2, "not checked yet");
        store.finish_attachment(name, true).await.unwrap();
    }
    assert_eq!(wanted("us").await, [(other, 4)]);
}

pub(crate) async fn copies_from_several_sources_do_not_touch_each_other(home: &dyn Home) {
    let store = home.open();
    let file = Sha256([1; 32]);
    let [own, us, fr] = [CopyName::own(file), CopyName::of(&domain("us"), file), CopyName::of(&domain("fr"), file)];
    assert_eq!(store.best_copy(&file).await.unwrap(), None);
    store.append_attachment(&us, 4, 0, vec![1, 2]).await.unwrap();
    // Another one tells another length, and begins at its own beginning.
    store.append_attachment(&fr, 9, 0, vec![7]).await.unwrap();
    assert_eq!(store.best_copy(&file).await.unwrap(), Some(us.clone()));
    assert_eq!(store.read_attachment(&us, 0, 9).await.unwrap(), [1, 2]);
    assert_eq!(store.attachment(&own).await.unwrap(), AttachmentStatus::default());
    store.append_attachment(&us, 4, 2, vec![3, 4]).await.unwrap();
    store.finish_attachment(&us, true).await.unwrap();
    store.finish_attachment(&fr, false).await.unwrap();
    drop(store);
    let store = home.open();
    assert_eq!(store.attachment(&fr).await.unwrap(), AttachmentStatus::default());
    assert_eq!(store.best_copy(&file).await.unwrap(), Some(us.clone()));
    store.append_attachment(&own, 4, 0, vec![1, 2, 3, 4]).await.unwrap();
    assert_eq!(store.best_copy(&file).await.unwrap(), Some(us), "the other one is not checked yet");
    store.finish_attachment(&own, true).await.unwrap();
    assert_eq!(store.best_copy(&file).await.unwrap(), Some(own));
}

pub(crate) async fn a_wrong_attachment_is_forgotten(home: &dyn Home) {
    let store = home.open();
    let [one, other] = [1, 2].map(|n| CopyName::own(Sha256([n; 32])));
    for name in [&one, &other] {
        store.append_attachment(name, 4, 0, vec![1, 2, 3, 4]).await.unwrap();
    }
    store.finish_attachment(&one, false).await.unwrap();
    store.finish_attachment(&one, false).await.unwrap();
    assert_eq!(store.attachment(&one).await.unwrap(), AttachmentStatus::default());
    assert_eq!(store.finish_attachment(&one, true).await, Err(StoreError::Conflict));
    assert_eq!(store.read_attachment(&other, 0, 4).await.unwrap(), [1, 2, 3, 4]);
    store.append_attachment(&one, 0, 0, vec![]).await.unwrap();
    store.finish_attachment(&one, true).await.unwrap();
    let empty = AttachmentStatus { size: 0, stored: 0, complete: true };
    assert_eq!(store.attachment(&one).await.unwrap(), empty);
}

pub(crate) async fn the_ledger_is_in_order_and_found_by_manifest(home: &dyn Home) {
    let store = home.open();
    let read = Event::of_node(at(1), Deed::Read { manifest: manifest(1, 1) });
    let received = Event::of_node(
        at(2),
        Deed::Received {
            manifest: manifest(1, 1),
            partner: domain("us"),
            sequence: 5,
            release: statement(5),
            quarantined: Some("NOT_COVERED".into()),
            at_fault: None,
        },
    );
    let because = vec!["not in force".into()];
    let dropped =
        Event { deed: Deed::Dropped { manifest: manifest(1, 1), partner: domain("fr"), because }, ..read.clone() };
    let all = [decided(1, 1, "fr"), read, decided(2, 1, "fr"), received.clone(), dropped.clone()];
    store.record(all[..2].to_vec()).await.unwrap();
    store.record(vec![]).await.unwrap();
    store.record(all[2..].to_vec()).await.unwrap();
    assert_eq!(store.events(0, 100).await.unwrap(), all);
    assert_eq!(store.events(1, 2).await.unwrap(), all[1..3]);
    assert!(store.events(5, 2).await.unwrap().is_empty());
    assert_eq!(store.events_of(&manifest(1, 1)).await.unwrap(), [decided(1, 1, "fr"), received, dropped]);
    assert!(store.events_of(&manifest(3, 1)).await.unwrap().is_empty());
}

/// Fills what the other stories do not.
pub(super) async fn fill_records(store: &dyn Store) {
    store.save_partner(partner("fr"), refused("fr")).await.unwrap();
    store.save_agreements(vec![agreement("fr", 1, in_force(), 1)], None, vec![]).await.unwrap();
    store.post(&domain("fr"), b"canary-outbox".to_vec(), at(0)).await.unwrap();
    super::rules::fill_rules(store).await;
    store.append_attachment(&CopyName::own(Sha256([7; 32])), 99, 0, b"canary-attachment".to_vec()).await.unwrap();
}
