//! Stories of two stores on one database, as two processes would open it. What one has read is compared within its transaction,
//! so that neither overwrites or repeats what the other did.

use super::{Home, approvals::waits, kit::*, records::partner as new_partner, rules::rules, sign};
use crate::{
    domain::{
        event::{Deed, Event},
        partner::PartnerState,
    },
    store::{
        PartnerRecord, Store, StoreError,
        catalogue::CatalogueChange,
        forward::Forwarding,
        ledger::{LedgerChange, LedgerRecord, LedgerRecordKind, NewAlarm, SettlingApproval},
    },
};

/// How often each race is run: the two sides begin in another order each time.
const ROUNDS: u64 = 20;

/// Which of two sides has won. The other one must have got a conflict.
fn winner<T: std::fmt::Debug>(outcomes: (Result<T, StoreError>, Result<T, StoreError>)) -> usize {
    match outcomes {
        (Ok(_), Err(StoreError::Conflict)) => 0,
        (Err(StoreError::Conflict), Ok(_)) => 1,
        other => panic!("exactly one side wins, and the other one gets a conflict: {other:?}"),
    }
}

async fn is_whole(store: &dyn Store) -> bool {
    store.verify_ledger(Box::new(|_| ())).await.unwrap().fault.is_none()
}

pub(crate) async fn two_stores_forward_an_arrival_once(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    for n in 1..=ROUNDS {
        receive(&*one, "us", n - 1, vec![entry(n, u8::try_from(n).unwrap(), 1)]).await.unwrap();
        let from = one.forwarded().await.unwrap();
        let upto = other.arrived_after(from, 10).await.unwrap().pop().unwrap().arrival;
        let forwarding = |to: &str| Forwarding {
            catalogue: None,
            from,
            upto,
            queue: vec![(manifest(u8::try_from(n).unwrap(), 1), 3, vec![(domain(to), at(0))])],
            events: vec![refused(to)],
        };
        let (first, second) = (forwarding("fr"), forwarding("de"));
        winner(tokio::join!(one.forward(first), other.forward(second)));
        assert_eq!((one.forwarded().await.unwrap(), other.forwarded().await.unwrap()), (upto, upto));
        // The one that lost has queued nothing and recorded nothing.
        let queued = one.queued(&domain("fr")).await.unwrap() + one.queued(&domain("de")).await.unwrap();
        let deeds = one.events(0, 1000).await.unwrap();
        let recorded = deeds.iter().filter(|e| **e == refused("fr") || **e == refused("de")).count();
        assert_eq!((queued, recorded as u64), (n, n));
        // It goes on from where the other one ended.
        let next = Forwarding { catalogue: None, from: upto, upto, queue: vec![], events: vec![] };
        other.forward(next).await.unwrap();
    }
    assert!(is_whole(&*one).await);
}

pub(crate) async fn two_stores_judge_a_head_against_the_same_one_and_one_judges_again(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    let fr = domain("fr");
    let head = |number, by: &str| LedgerRecord {
        kind: LedgerRecordKind::Head,
        of: Some(domain("fr")),
        number,
        value: format!("head of {number} entries, seen by {by}").into_bytes(),
    };
    let mut newest = None;
    for n in 1..=ROUNDS {
        // Both grow from the same head, and are two branches of a fork.
        let branches = [head(2 * n, "one"), head(2 * n + 1, "other")];
        let outcomes = tokio::join!(
            one.put_head(branches[0].clone(), newest.clone()),
            other.put_head(branches[1].clone(), newest.clone())
        );
        let winner = winner(outcomes);
        let stored = other.ledger_records(LedgerRecordKind::Head, Some(&fr), 1).await.unwrap().pop();
        assert_eq!(stored.as_ref(), Some(&branches[winner]), "the branch that was not judged against it is not stored");
        newest = stored;
    }
    // Of one number and two contents: the number alone is not enough.
    let same_number = LedgerRecord { value: b"other".to_vec(), ..newest.clone().unwrap() };
    assert_eq!(one.put_head(head(999, "one"), Some(same_number)).await, Err(StoreError::Conflict));
    assert_eq!(one.put_head(head(999, "one"), None).await, Err(StoreError::Conflict));
    one.put_head(head(999, "one"), newest).await.unwrap();
    assert!(is_whole(&*other).await);
}

/// Raises alarms as the node does: reads, and again after a conflict. How often it had to.
async fn alarms_by(store: &dyn Store, by: &str) -> usize {
    let mut conflicts = 0;
    for n in 0..ROUNDS {
        loop {
            let known = store.ledger_records(LedgerRecordKind::Alarm, None, 1000).await.unwrap();
            let value = format!("evidence {n} by {by}").into_bytes();
            let newest_read = known.first().map(|newest| newest.number);
            match store.put_alarm(NewAlarm { of: None, value, newest_read, event: refused(by) }).await {
                Ok(number) => {
                    assert_eq!(number, newest_read.unwrap_or_default() + 1);
                    break;
                }
                Err(StoreError::Conflict) => conflicts += 1,
                Err(other) => panic!("{other}"),
            }
        }
    }
    conflicts
}

pub(crate) async fn alarms_of_two_stores_have_a_number_each(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    tokio::join!(alarms_by(&*one, "fr"), alarms_by(&*other, "de"));
    let all = one.ledger_records(LedgerRecordKind::Alarm, None, 1000).await.unwrap();
    let mut numbers: Vec<u64> = all.iter().map(|alarm| alarm.number).collect();
    numbers.reverse();
    assert_eq!(numbers, (1..=2 * ROUNDS).collect::<Vec<_>>());
    let mut evidence: Vec<String> = all.into_iter().map(|a| String::from_utf8(a.value).unwrap()).collect();
    let each = |by: &str| (0..ROUNDS).map(|n| format!("evidence {n} by {by}")).collect::<Vec<_>>();
    let mut expected = [each("fr"), each("de")].concat();
    evidence.sort();
    expected.sort();
    assert_eq!(evidence, expected, "no alarm overwrites another one's evidence");
    let recorded = one.events(0, 1000).await.unwrap();
    let is_alarm = |e: &&Event| matches!(e.deed, Deed::Refused { .. });
    assert_eq!(recorded.iter().filter(is_alarm).count() as u64, 2 * ROUNDS);
    // An alarm that was decided without the newest one in sight is decided again.
    let blind = |newest_read| NewAlarm { of: None, value: b"blind".to_vec(), newest_read, event: refused("fr") };
    assert_eq!(other.put_alarm(blind(None)).await, Err(StoreError::Conflict));
    assert_eq!(other.put_alarm(blind(Some(2 * ROUNDS - 1))).await, Err(StoreError::Conflict));
    assert_eq!(other.put_alarm(blind(Some(2 * ROUNDS))).await, Ok(2 * ROUNDS + 1));
    // Each organisation's alarms are counted by themselves.
    let about_fr = NewAlarm { of: Some(domain("fr")), ..blind(None) };
    assert_eq!(one.put_alarm(about_fr).await, Ok(1));
    assert!(is_whole(&*one).await);
}

pub(crate) async fn a_statement_waits_once_whichever_store_posts_it(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    let (fr, de) = (domain("fr"), domain("de"));
    for n in 1..=ROUNDS {
        let statement = format!("statement {n}").into_bytes();
        let (first, second) =
            tokio::join!(one.post(&fr, statement.clone(), at(1)), other.post(&fr, statement.clone(), at(2)));
        first.and(second).unwrap();
        assert_eq!(one.outbox(&fr, 0, 100).await.unwrap().len() as u64, n, "there already is done");
        other.post(&de, statement, at(3)).await.unwrap();
    }
    let waiting = other.outbox(&fr, 0, 100).await.unwrap();
    let expected: Vec<_> = (1..=ROUNDS).map(|n| format!("statement {n}").into_bytes()).collect();
    assert_eq!(waiting.iter().map(|item| item.envelope.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(one.outbox(&de, 0, 100).await.unwrap().len() as u64, ROUNDS, "another partner's is another one");
    // Once it has left the outbox it may wait again.
    let done = vec![(waiting[0].id, crate::store::outbox::OutboxOutcome::Done)];
    one.record_outbox_outcomes(&fr, done).await.unwrap();
    other.post(&fr, b"statement 1".to_vec(), at(4)).await.unwrap();
    assert_eq!(one.outbox(&fr, 0, 100).await.unwrap().len() as u64, ROUNDS);
}

pub(crate) async fn a_repeated_statement_is_offered_at_once(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    store.post(&fr, b"statement".to_vec(), at(0)).await.unwrap();
    let item = store.outbox(&fr, 0, 10).await.unwrap().remove(0);
    let later = crate::store::outbox::OutboxOutcome::Kept {
        reason: Some("NOT_YET".to_owned()),
        again_at: at(86_400),
        seen: None,
    };
    store.record_outbox_outcomes(&fr, vec![(item.id, later)]).await.unwrap();
    assert!(store.outbox_due(&fr, 0, at(1), 10).await.unwrap().is_empty());
    store.post(&fr, b"statement".to_vec(), at(1)).await.unwrap();
    let due = store.outbox_due(&fr, 0, at(1), 10).await.unwrap();
    assert_eq!(due.iter().map(|i| i.at).collect::<Vec<_>>(), [Some(at(0))]);
    // An answer to the offer before does not remove it.
    store.record_outbox_outcomes(&fr, vec![(item.id, crate::store::outbox::OutboxOutcome::Done)]).await.unwrap();
    assert_eq!(store.outbox(&fr, 0, 10).await.unwrap().len(), 1);
}

/// A partner whose state is the only thing that an administrator decides about here.
fn partner(state: PartnerState) -> CatalogueChange {
    let record = PartnerRecord { state, ..new_partner("fr") };
    CatalogueChange::Partner { record, event: refused("fr") }
}

pub(crate) async fn of_two_administrators_who_decide_on_one_catalogue_one_decides_again(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    for n in 1..=ROUNDS {
        let read = one.catalogue().await.unwrap();
        assert_eq!(other.catalogue().await.unwrap(), read);
        let new_rules =
            || CatalogueChange::Rules { rules: rules(u32::try_from(n).unwrap(), &[]), event: refused("de") };
        // One suspends a partner, and the other one changes rules that were meant for an active one.
        let outcomes = tokio::join!(
            one.change_catalogue(Some(read), partner(PartnerState::Suspended)),
            other.change_catalogue(Some(read), new_rules())
        );
        let winner = match outcomes {
            (Ok(done), Err(StoreError::CatalogueMoved)) if (done.before, done.after) == (read, read + 1) => 0,
            (Err(StoreError::CatalogueMoved), Ok(done)) if (done.before, done.after) == (read, read + 1) => 1,
            other => panic!("exactly one side wins, and the other one is told that the catalogue has moved: {other:?}"),
        };
        assert_eq!(one.catalogue().await.unwrap(), read + 1);
        let recorded = one.events(0, 1000).await.unwrap().len();
        // It reads again, and decides again.
        let again = other.catalogue().await.unwrap();
        match winner {
            0 => other.change_catalogue(Some(again), new_rules()).await.unwrap(),
            _ => one.change_catalogue(Some(again), partner(PartnerState::Suspended)).await.unwrap(),
        };
        assert_eq!(one.events(0, 1000).await.unwrap().len(), recorded + 1, "the refused change has left no entry");
        assert_eq!(other.partners().await.unwrap()[0].state, PartnerState::Suspended);
    }
    // A change that names no version moves it, too.
    let read = one.catalogue().await.unwrap();
    other.save_approval(waits(1, &["admin/a"]), vec![]).await.unwrap();
    let undone = one.change_catalogue(Some(read), partner(PartnerState::Active)).await;
    assert_eq!(undone, Err(StoreError::CatalogueMoved));
    assert_eq!(one.partners().await.unwrap()[0].state, PartnerState::Suspended, "the suspension is not undone");
    // What nobody decides by does not.
    let read = one.catalogue().await.unwrap();
    other.record(vec![refused("fr")]).await.unwrap();
    other.publish(publication(1, 1)).await.unwrap();
    assert_eq!(one.catalogue().await.unwrap(), read);
    assert!(is_whole(&*one).await);
}

pub(crate) async fn two_stores_change_the_ledger_on_what_both_have_read_and_one_reads_again(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    let approval = |by: &str| SettlingApproval {
        approved: approved(&format!("spiffe://gb.example/admin/{by}"), 1),
        reason: "x".into(),
    };
    for n in 1..=ROUNDS {
        // Two administrators approve at once. Each adds to the approvals that were read.
        let read = one.ledger().await.unwrap();
        let with = |by: &str| LedgerChange::Settling([&read.settling[..], &[approval(by)]].concat());
        let (first, second) = (format!("a{n}"), format!("b{n}"));
        let outcomes = tokio::join!(
            one.change_ledger(&read, with(&first), None, vec![refused("fr")]),
            other.change_ledger(&read, with(&second), None, vec![refused("fr")])
        );
        let winner = winner(outcomes);
        let now = one.ledger().await.unwrap();
        let last = if winner == 0 { first } else { second };
        assert_eq!(now.settling.last(), Some(&approval(&last)));
        assert_eq!((now.settling.len() as u64, now.size), (n, n), "no approval is lost, and no refused one recorded");
    }
    // The ledger's growth is no other state.
    let read = one.ledger().await.unwrap();
    other.record(vec![refused("fr")]).await.unwrap();
    one.change_ledger(&read, LedgerChange::Settling(vec![]), None, vec![]).await.unwrap();
    assert!(is_whole(&*one).await);
}

pub(crate) async fn no_store_signs_a_head_once_another_one_knows_that_entries_are_lost(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    one.checkpoint(8, at(1), sign()).await.unwrap();
    let read = other.ledger().await.unwrap();
    let signing = async {
        let mut signed = 1;
        while one.checkpoint(8, at(2), sign()).await.is_ok() {
            signed += 1;
        }
        signed
    };
    let falling_behind = async {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        other.change_ledger(&read, LedgerChange::Behind(b"lost".to_vec()), None, vec![]).await.unwrap()
    };
    let (signed, behind) = tokio::join!(signing, falling_behind);
    assert_eq!(one.checkpoint(8, at(3), sign()).await, Err(StoreError::Conflict));
    let size = other.ledger().await.unwrap().size;
    assert_eq!((size, behind.size), (8 * signed, 8 * signed), "none was signed afterwards");
    one.change_ledger(&behind, LedgerChange::Settled { epoch: 2, key: None }, None, vec![]).await.unwrap();
    other.checkpoint(8, at(4), sign()).await.unwrap();
    assert!(is_whole(&*one).await);
}

pub(crate) async fn a_sign_in_that_two_stores_hear_is_one_entry(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    let [ada, bo] = ["spiffe://gb.example/admin/ada", "spiffe://gb.example/admin/bo"].map(|id| id.parse().unwrap());
    let signed_in = |second| Event { at: at(second), ..Event::of_node(at(second), Deed::SignedIn) };
    const SILENCE: i64 = 900;
    for n in 0..i64::try_from(ROUNDS).unwrap() {
        let second = n * (SILENCE + 1);
        let (first, last) = tokio::join!(
            one.record_sign_in(&ada, SILENCE, signed_in(second)),
            other.record_sign_in(&ada, SILENCE, signed_in(second))
        );
        let is_first = [first.unwrap(), last.unwrap()];
        assert_eq!(is_first.iter().filter(|is_first| **is_first).count(), 1);
        assert_eq!(one.events(0, 1000).await.unwrap().len() as i64, n + 1);
        assert!(!other.record_sign_in(&ada, SILENCE, signed_in(second + SILENCE)).await.unwrap());
    }
    assert!(other.record_sign_in(&bo, SILENCE, signed_in(0)).await.unwrap(), "each person for themselves");
    // If the clock was ahead, the time that was stored then silences nobody.
    assert!(one.record_sign_in(&ada, SILENCE, signed_in(0)).await.unwrap());
    assert!(!one.record_sign_in(&ada, SILENCE, signed_in(0)).await.unwrap());
}
