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

/// Authors on each side.
const AUTHORS: usize = 3;
/// After so many kills the pair is looked through, and another one takes its place: no list shows more.
const ROUND: usize = 100;

pub async fn under_load(form: Form) -> Outcome {
    let mut dice = Dice::new(form.seed);
    let mut outcome = Outcome::default();
    let (mut left, mut open, mut there) = (form.kills, 0, 0);
    while left > 0 {
        let kills = left.min(ROUND);
        let (template, gb, no, promises) = round(kills, &mut dice).await;
        let [of_gb, of_no] = &promises;
        outcome.take(audit::pair([&gb, &no], [of_gb, of_no]).await);
        for (org, promises) in [(&gb, of_gb), (&no, of_no)] {
            let here = org.assessments(org.domain).await;
            open += promises.open.len();
            there += promises.open.keys().filter(|id| here.contains(id)).count();
        }
        left -= kills;
        drop(template);
    }
    outcome.done = format!(
        "{} kills of publishers and subscribers under the load of {} authors; of {open} publications without an answer {there} are there, whole",
        form.kills,
        2 * AUTHORS
    );
    outcome
}

async fn round(kills: usize, dice: &mut Dice) -> (crate::world::Template, Org, Org, [Promises; 2]) {
    let (template, mut gb, mut no) = running_pair().await;
    let loads = [Load::on(&Door::of(&gb), AUTHORS), Load::on(&Door::of(&no), AUTHORS)];
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(dice.between(30, 900))).await;
        let victims = match dice.between(0, 5) {
            0 => vec![&mut gb, &mut no],
            1 | 2 => vec![&mut gb],
            _ => vec![&mut no],
        };
        for org in victims {
            org.kill().await;
            // At once, or a while later, or killed again in the middle of its start.
            tokio::time::sleep(Duration::from_millis(dice.between(0, 3) * 40)).await;
            org.start().await;
        }
    }
    let [gb_load, no_load] = loads;
    let promises = [gb_load.end().await, no_load.end().await];
    (template, gb, no, promises)
}
