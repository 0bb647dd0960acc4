//! Stories of the timer table.

use super::{Home, kit::*, records};
use crate::{
    domain::{
        agreement::Standing,
        time::Time,
        timer::{Timer, TimerKind},
    },
    store::Store,
};

const KIND: TimerKind = TimerKind::Agreements;

fn timer(subject: &[u8], due: i64) -> Timer {
    Timer::new(KIND, subject, at(due))
}

async fn due(store: &dyn Store, now: i64) -> Vec<Vec<u8>> {
    store.due_timers(at(now), 100).await.unwrap().into_iter().map(|t| t.subject).collect()
}

pub(crate) async fn timers_are_due_in_order_and_kept_over_a_restart(home: &dyn Home) {
    let store = home.open();
    assert_eq!(store.next_due().await.unwrap(), None);
    store.set_timers(vec![timer(b"c", 30), timer(b"a", 10), timer(b"b", 20)]).await.unwrap();
    drop(store);
    let store = home.open();
    assert_eq!(store.next_due().await.unwrap(), Some(at(10)));
    assert!(due(&*store, 9).await.is_empty());
    assert_eq!(due(&*store, 20).await, [b"a", b"b"], "due at the very second, and no later one");
    assert_eq!(store.due_timers(at(99), 2).await.unwrap(), [timer(b"a", 10), timer(b"b", 20)]);
    store.set_timers(vec![timer(b"a", 40)]).await.unwrap();
    assert_eq!(due(&*store, 99).await, [b"b", b"c", b"a"], "set again means at the new time only");
    store.clear_timer(KIND, b"b").await.unwrap();
    store.clear_timer(KIND, b"none").await.unwrap();
    assert_eq!(store.timers(KIND).await.unwrap(), [timer(b"a", 40), timer(b"c", 30)]);
}

pub(crate) async fn a_timer_that_was_set_while_it_was_fired_stays(home: &dyn Home) {
    let store = home.open();
    store.set_timers(vec![timer(b"a", 10), timer(b"b", 10), timer(b"c", 10)]).await.unwrap();
    store.set_timers(vec![timer(b"a", 15)]).await.unwrap();
    store.timer_fired(&timer(b"a", 10), None).await.unwrap();
    store.timer_fired(&timer(b"b", 10), None).await.unwrap();
    store.timer_fired(&timer(b"c", 10), Some(at(50))).await.unwrap();
    assert_eq!(store.timers(KIND).await.unwrap(), [timer(b"a", 15), timer(b"c", 50)]);
    store.set_timers(vec![timer(b"a", 12)]).await.unwrap();
    store.timer_fired(&timer(b"a", 15), Some(at(90))).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(12)));
}

pub(crate) async fn timers_too_far_ahead_are_pulled_in(home: &dyn Home) {
    let store = home.open();
    store.set_timers(vec![timer(b"a", 10), timer(b"b", 1_000)]).await.unwrap();
    assert_eq!(store.pull_in_timers(KIND, at(100)).await.unwrap(), 1);
    assert_eq!(store.pull_in_timers(KIND, at(100)).await.unwrap(), 0);
    assert_eq!(store.timers(KIND).await.unwrap(), [timer(b"a", 10), timer(b"b", 100)]);
}

pub(crate) async fn an_agreement_sets_the_timer_of_its_end(home: &dyn Home) {
    let store = home.open();
    let record = records::agreement("fr", 1, Standing::proposed_there(at(1)), 1);
    let end: Time = record.agreement.until.end();
    store.save_agreements(vec![record.clone()], None, vec![]).await.unwrap();
    assert_eq!(store.timers(KIND).await.unwrap(), [Timer::new(KIND, [], end)]);
    store.set_timers(vec![timer(b"", 5)]).await.unwrap();
    store.save_agreements(vec![record], None, vec![]).await.unwrap();
    assert_eq!(store.timers(KIND).await.unwrap(), [timer(b"", 5)], "an earlier time stays");
}
