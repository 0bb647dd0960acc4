//! A small day at a node. Everything that the node can write is written once. The node may die during any act.

use std::time::{Duration, Instant};

use watchfire::{
    domain::{
        ids::{Role, SpiffeId},
        time::Clock,
    },
    identity::{
        devca::{DevCa, Purpose},
        files::{Existing, write_public, write_secret},
    },
    telemetry::SystemClock,
};

use crate::{
    kit::{Org, note, publication},
    load::publish,
    outcome::Outcome,
    promises::Promises,
    world::{Door, both_ways, wait},
};

/// How long to wait for an act if the node may be dead.
const A_WHILE: Duration = Duration::from_secs(4);

/// All acts, in order. Returns the id of the next version of the agreement, once its proposal is acknowledged.
pub async fn all(
    gb: &mut Org,
    no: &Org,
    agreement: &str,
    (ours, theirs): (&mut Promises, &mut Promises),
) -> Option<String> {
    several(gb, 2, "early", ours).await;
    let first = ours.kept.keys().next().cloned();
    several(no, 1, "from the partner", theirs).await;
    let come: Vec<String> = theirs.kept.keys().cloned().collect();
    until_dead_or(gb, async |gb| gb.run(&["--as", "ana", "assess", "list"]).await.stdout.contains(&come[0])).await;
    if let Some(id) = first {
        let reason = ["--reason", "the source was wrong"];
        let recall = ["--as", "olu", "--yes", "assess", "recall", &id, "--purge"];
        let taken_back = gb.run(&[&recall[..], &reason].concat()).await.code == 0;
        if taken_back { &mut ours.recalled } else { &mut ours.maybe_recalled }.insert(id);
    }
    renew_signing_key(gb);
    let path = gb.file("next.toml", &both_ways(gb.domain, no.domain).replace("A test", "Another test"));
    let proposed = gb.run(&["--as", "root", "agreement", "propose", &path, "--amends", agreement]).await;
    let id = (proposed.code == 0).then(|| proposed.lines()[0]["id"].as_str().unwrap().to_owned());
    if let Some(id) = &id {
        until_dead_or(gb, async |_| sign(no, id).await).await;
    }
    several(gb, 2, "late", ours).await;
    until_dead_or(gb, async |gb| gb.log().contains("renewed")).await;
    id
}

/// Publishes several times, over one connection.
async fn several(org: &Org, count: usize, when: &str, promises: &mut Promises) {
    let door = Door::of(org);
    let Some(mut desk) = door.connect("analyst-ana").await else { return };
    let key = door.key("analyst-ana");
    for number in 0..count {
        let headline = format!("{when}, note {number} of {}", org.domain);
        let request = publication(org.domain, &key, &note(&headline, "BF"));
        if !publish(&mut desk, request, headline, promises).await {
            return;
        }
    }
}

async fn until_dead_or(gb: &mut Org, mut is_so: impl AsyncFnMut(&Org) -> bool) {
    let started = Instant::now();
    while gb.ended().is_none() && started.elapsed() < A_WHILE && !is_so(gb).await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether the partner has signed, now or before.
async fn sign(no: &Org, id: &str) -> bool {
    let listed = no.run(&["--as", "root", "agreement", "list"]).await;
    match listed.lines().iter().find(|a| a["id"] == id).and_then(|a| a["state"].as_str().map(str::to_owned)).as_deref()
    {
        Some("proposed") => no.run(&["--as", "root", "agreement", "sign", id]).await.code == 0,
        Some(_) => true,
        None => false,
    }
}

/// The files of a new key of the node, as its CA would put them there.
pub fn renew_signing_key(org: &Org) {
    let now = SystemClock.now();
    let text = |name: &str| std::fs::read_to_string(org.dir.join(name)).unwrap();
    let domain = org.domain.parse().unwrap();
    let ca = DevCa::load(&domain, &text("ca/ca.pem"), &text("ca/ca.key")).unwrap();
    let issued = ca.issue(&SpiffeId::new(domain, Role::Node, "n1").unwrap(), Purpose::Signing, now, 300).unwrap();
    let file = |name: &str| org.dir.join("node").join(name);
    write_secret(&file("signing.key"), issued.key_pem.as_bytes(), Existing::Replace).unwrap();
    write_public(&file("signing.pem"), issued.certificate_pem.as_bytes(), Existing::Replace).unwrap();
}

/// Checks that the agreement's next version, if it was acknowledged, is there and comes into force on both sides.
pub async fn agreement_stands(gb: &Org, no: &Org, id: Option<&str>) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(id) = id else { return outcome };
    let listed = gb.run(&["--as", "root", "agreement", "list"]).await;
    if !listed.stdout.contains(id) {
        outcome.lost.push(format!("the proposal of {id} was acknowledged, and is not here"));
        return outcome;
    }
    outcome.acknowledged = 1;
    let state = async |org: &Org| {
        let all = org.run(&["--as", "root", "agreement", "list"]).await.lines();
        let found = all.iter().find(|a| a["id"] == id).map(|a| a["state"].as_str().unwrap_or_default().to_owned());
        found.unwrap_or_default()
    };
    let in_force = wait("the next version is in force on both sides", async || {
        sign(no, id).await;
        let states = (state(gb).await, state(no).await);
        if states == ("in-force".to_owned(), "in-force".to_owned()) { Ok(()) } else { Err(format!("{states:?}")) }
    });
    if let Err(why) = in_force.await {
        outcome.half.push(why);
    }
    outcome
}
