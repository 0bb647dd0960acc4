//! Negative controls: the check at the end of every fault must find what is lost and what is half-applied.

use rusqlite::Connection;

use crate::{
    audit,
    form::Form,
    kit::{Org, note},
    outcome::Outcome,
    promises::Promises,
    world::{Template, stop},
};

async fn publish(org: &Org, count: usize, promises: &mut Promises) {
    let mut author = org.author().await;
    for number in 0..count {
        let headline = format!("note {} of a control", promises.kept.len() + number);
        promises.kept.insert(author.publish(&note(&headline, "BF")).await, headline);
    }
}

/// An older copy of the store replaces it (with its head, so that the node does not refuse to start). The check must report what was published
/// since then as lost.
pub async fn an_older_copy(_form: Form) -> Outcome {
    let template = Template::make().await;
    let (_, mut gb, mut no) = template.copy("older");
    let mut promises = Promises::default();
    gb.start().await;
    publish(&gb, 2, &mut promises).await;
    stop(&mut gb).await;
    let files = ["store.db", "ledger.head"];
    for file in files {
        std::fs::copy(gb.dir.join(file), gb.dir.join(format!("{file}.old"))).unwrap();
    }
    gb.start().await;
    publish(&gb, 3, &mut promises).await;
    stop(&mut gb).await;
    for file in files {
        std::fs::rename(gb.dir.join(format!("{file}.old")), gb.dir.join(file)).unwrap();
    }
    gb.start().await;
    no.start().await;
    let found = audit::pair([&gb, &no], [&promises, &Promises::default()]).await;
    let lost = found.lost.len();
    let mut outcome = Outcome { done: format!("{lost} of 3 found as lost"), ..Outcome::default() };
    outcome.expect(lost == 3, || {
        format!("the store was replaced by an older one, and the check reported {lost} as lost: {}", found.in_short())
    });
    outcome
}

/// Rows are removed from a store, one kind at a time. The check must report each as half-applied.
pub async fn torn(_form: Form) -> Outcome {
    let template = Template::make().await;
    let mut outcome = Outcome::default();
    let cuts = [
        (
            "a ledger entry that has no assessment",
            "DELETE FROM manifest WHERE number = (SELECT max(number) FROM manifest)",
        ),
        ("an assessment without its portions", "DELETE FROM portion_set"),
        ("a feed that lacks an entry", "UPDATE feed_out SET sequence = sequence + 1"),
    ];
    for (i, (what, sql)) in cuts.into_iter().enumerate() {
        let (_, mut gb, mut no) = template.copy(&format!("torn-{i}"));
        let mut promises = Promises::default();
        gb.start().await;
        no.start().await;
        publish(&gb, 3, &mut promises).await;
        crate::world::settled(&gb, &no).await.unwrap();
        stop(&mut gb).await;
        let conn = Connection::open(gb.dir.join("store.db")).unwrap();
        conn.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        drop(conn);
        gb.start().await;
        let found = audit::look([&gb, &no], [&promises, &Promises::default()]).await;
        outcome.expect(!found.half.is_empty(), || format!("{what} was not found: {}", found.in_short()));
    }
    outcome.done = format!("{} ways of tearing a store are found", cuts.len());
    outcome
}
