//! A node that is stopped (SIGSTOP) under load, and continues.

use std::time::{Duration, Instant};

use crate::{
    audit,
    form::Form,
    load::Load,
    outcome::Outcome,
    world::{Door, running_pair},
};

pub async fn stopped(form: Form) -> Outcome {
    let pause = Duration::from_secs(if form.long { 60 } else { 8 });
    let mut outcome = Outcome::default();
    let mut caught_up = vec![];
    for victim in [1, 0] {
        let (template, gb, no) = running_pair().await;
        let load = Load::on(&Door::of(&gb), 3);
        tokio::time::sleep(Duration::from_millis(700)).await;
        [&gb, &no][victim].signal("STOP");
        tokio::time::sleep(pause).await;
        [&gb, &no][victim].signal("CONT");
        let again = Instant::now();
        tokio::time::sleep(Duration::from_millis(700)).await;
        let promises = load.end().await;
        outcome.expect(promises.acknowledged() > 0, || "nothing was acknowledged, so nothing could be lost".to_owned());
        outcome.take(audit::pair([&gb, &no], [&promises, &Default::default()]).await);
        caught_up.push(format!("{:.1}", again.elapsed().as_secs_f64()));
        drop((gb, no, template));
    }
    outcome.done = format!(
        "subscriber, then publisher, stood still for {} s under load; all is there and looked through {} s after",
        pause.as_secs(),
        caught_up.join(" and ")
    );
    outcome
}
