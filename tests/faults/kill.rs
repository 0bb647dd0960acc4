//! `kill -9` at any moment, under load, of either side or both.

use std::time::Duration;

use crate::{
    audit,
    form::{Dice, Form},
    kit::Org,
    load::Load,
    outcome::Outcome,
    promises::Promises,
    world::{Door, running_pair},
};

/// The number of authors on each side.
const AUTHORS: usize = 3;
/// The approximate duration of a start, in milliseconds.
const START: u64 = 60;
/// After this many killed starts, at least one must have been killed in its middle.
const ENOUGH: usize = 5;
/// After this many kills the pair is checked, and another pair replaces it, because lists show no more entries.
const ROUND: usize = 100;

pub async fn under_load(form: Form) -> Outcome {
    let mut dice = Dice::new(form.seed);
    let mut outcome = Outcome::default();
    let (mut left, mut open, mut there) = (form.kills, 0, 0);
    let (mut starts, mut acknowledged) = ([0; 2], [0; 2]);
    while left > 0 {
        let kills = left.min(ROUND);
        let (template, gb, no, promises) = round(kills, &mut dice, &mut starts).await;
        let [of_gb, of_no] = &promises;
        outcome.take(audit::pair([&gb, &no], [of_gb, of_no]).await);
        for (i, (org, promises)) in [(&gb, of_gb), (&no, of_no)].into_iter().enumerate() {
            acknowledged[i] += promises.acknowledged();
            let here = org.assessments(org.domain).await;
            open += promises.open.len();
            there += promises.open.keys().filter(|id| here.contains(id)).count();
        }
        left -= kills;
        drop(template);
    }
    outcome.expect(!acknowledged.contains(&0), || {
        format!("{acknowledged:?} publications were acknowledged on the two sides, so nothing could be checked")
    });
    let [begun, in_a_start] = starts;
    outcome.expect(begun < ENOUGH || in_a_start > 0, || {
        format!("{begun} starts were killed, but none before it was complete")
    });
    outcome.done = format!(
        "{} kills of publishers and subscribers, and {in_a_start} in the middle of a start, under the load of {} authors; of {open} publications without an answer {there} are there, whole",
        form.kills,
        2 * AUTHORS
    );
    outcome
}

/// Counts the killed starts, and those that were killed before they were complete.
async fn round(
    kills: usize,
    dice: &mut Dice,
    [begun, in_a_start]: &mut [usize; 2],
) -> (crate::world::Template, Org, Org, [Promises; 2]) {
    let (template, mut gb, mut no) = running_pair().await;
    let loads = [Load::on(&Door::of(&gb), AUTHORS), Load::on(&Door::of(&no), AUTHORS)];
    for number in 0..kills {
        tokio::time::sleep(Duration::from_millis(dice.between(30, 900))).await;
        let victims = match dice.between(0, 5) {
            0 => vec![&mut gb, &mut no],
            1 | 2 => vec![&mut gb],
            _ => vec![&mut no],
        };
        for org in victims {
            org.kill().await;
            // At once, or a while later.
            tokio::time::sleep(Duration::from_millis(dice.between(0, 3) * 40)).await;
            if number % 3 == 0 {
                *begun += 1;
                *in_a_start += usize::from(is_killed_in_its_start(org, dice.between(0, START)).await);
            }
            org.start().await;
        }
    }
    let [gb_load, no_load] = loads;
    let promises = [gb_load.end().await, no_load.end().await];
    (template, gb, no, promises)
}

/// Begins a start and kills it. Returns whether the kill came before the node was ready.
async fn is_killed_in_its_start(org: &Org, after: u64) -> bool {
    let mut process = org.begun();
    tokio::time::sleep(Duration::from_millis(after)).await;
    process.start_kill().unwrap();
    let said = process.wait_with_output().await.unwrap().stdout;
    !String::from_utf8_lossy(&said).contains("\"ready\":true")
}
