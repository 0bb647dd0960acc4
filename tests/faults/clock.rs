//! A clock that jumps while the node runs, and jumps back: by an hour, by a year, on either side, in either direction.

use crate::{
    audit,
    form::Form,
    kit::{Org, note, publication, watchfire},
    load::publish,
    outcome::Outcome,
    promises::Promises,
    system::{NO_FAKETIME, faketime},
    world::{Door, Template},
};

/// Long enough for a wrong clock to have its effects.
const A_WHILE: std::time::Duration = std::time::Duration::from_secs(3);

pub async fn jumps(form: Form) -> Outcome {
    let Some(library) = faketime() else { return Outcome::skipped(NO_FAKETIME) };
    let library = library.to_string_lossy();
    let template = Template::make().await;
    let all = [
        (0, "+3600s"),
        (1, "-31536000s"),
        (0, "+31536000s"),
        (1, "+3600s"),
        (0, "-3600s"),
        (0, "-31536000s"),
        (1, "-3600s"),
        (1, "+31536000s"),
    ];
    let chosen = if form.long { &all[..] } else { &all[..4] };
    let mut outcome = Outcome::default();
    for (i, (victim, by)) in chosen.iter().enumerate() {
        let (_, gb, no) = template.copy(&format!("jump-{i}"));
        let who = if *victim == 0 { "the publisher" } else { "the subscriber" };
        let (mut found, said) = one((gb, no), *victim, by, &library).await;
        form.tell(|| format!("{who} {by}: {said}: {}", found.in_short()));
        if !found.is_well() {
            found.wrong.push(format!("the above was found after the clock of {who} was {by}; meanwhile: {said}"));
        }
        outcome.take(found);
    }
    outcome.done = format!("{} jumps of a running node's clock by an hour and a year, and back", chosen.len());
    outcome
}

async fn one((mut gb, mut no): (Org, Org), victim: usize, by: &str, library: &str) -> (Outcome, String) {
    let victims_dir = if victim == 0 { gb.dir.clone() } else { no.dir.clone() };
    let clock = victims_dir.join("clock");
    std::fs::write(&clock, "+0s").unwrap();
    let environment = [
        ("LD_PRELOAD", library.to_owned()),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_string_lossy().into_owned()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    let org = if victim == 0 { &mut gb } else { &mut no };
    org.environment = environment.to_vec();
    gb.start().await;
    no.start().await;
    let (mut ours, mut theirs) = (Promises::default(), Promises::default());
    act(&gb, "before", &mut ours).await;
    act(&no, "before", &mut theirs).await;
    crate::world::settled(&gb, &no).await.unwrap();
    std::fs::write(&clock, by).unwrap();
    act(&gb, "with a wrong clock", &mut ours).await;
    act(&no, "with a wrong clock", &mut theirs).await;
    tokio::time::sleep(A_WHILE).await;
    act(&gb, "still", &mut ours).await;
    let mut outcome = Outcome::default();
    let said = is_told(&gb, &no, victim, by, &mut outcome).await;
    std::fs::write(&clock, "+0s").unwrap();
    act(&gb, "after", &mut ours).await;
    act(&no, "after", &mut theirs).await;
    outcome.take(audit::pair([&gb, &no], [&ours, &theirs]).await);
    for org in [&mut gb, &mut no] {
        org.kill().await;
    }
    (outcome, said)
}

/// Publishes one note, and records the result.
async fn act(org: &Org, when: &str, promises: &mut Promises) {
    let door = Door::of(org);
    let Some(mut desk) = door.connect("analyst-ana").await else { return };
    let headline = format!("{when}, from {}", org.domain);
    let request = publication(org.domain, &door.key("analyst-ana"), &note(&headline, "BF"));
    publish(&mut desk, request, headline, promises).await;
}

/// Something reports the fault: the command that is refused, or the feed's status on either side. Returns the report.
async fn is_told(gb: &Org, no: &Org, victim: usize, by: &str, outcome: &mut Outcome) -> String {
    let (bad, good) = if victim == 0 { (gb, no) } else { (no, gb) };
    let command = watchfire(&bad.dir, &["--as", "root", "feed", "status"]).await;
    let other = watchfire(&good.dir, &["--as", "root", "feed", "status"]).await;
    let said = format!("{} {} | {} {}", command.stdout, command.stderr, other.stdout, other.stderr);
    let words: Vec<&str> = said
        .lines()
        .filter(|l| l.contains("clock") || l.contains("FUTURE") || l.contains("valid") || l.contains("expired"))
        .collect();
    outcome.expect(!words.is_empty(), || format!("nothing reports a clock that is {by}: {said}"));
    words.join(" / ")
}
