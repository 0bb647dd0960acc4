//! The demo, step by step.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    input,
    link::Link,
    narrator::{Narrator, failed},
    organisation::{Cast, Organisation},
    report, second_act, side_by_side,
    world::{Published, World, is, propose, sign, until},
};
use crate::cli::CliError;

/// The organisations, the publisher first.
const CAST: [Cast; 5] = [
    Cast { domain: "gb.example", kind: "state", country: Some("GB") },
    Cast { domain: "ecowas.example", kind: "regional", country: None },
    Cast { domain: "no.example", kind: "state", country: Some("NO") },
    Cast { domain: "witness.example", kind: "ngo", country: None },
    Cast { domain: "sd.example", kind: "state", country: Some("SD") },
];

/// Runs the whole story.
pub async fn run(narrator: &Narrator<'_>, dir: &Path) -> Result<World, CliError> {
    let mut world = found(narrator, dir).await?;
    agree(narrator, &world, dir).await?;
    let [first, second, third] = input::in_three_parts();
    publish(narrator, &mut world, dir, first).await?;
    cut_the_link(narrator, &mut world, dir, second).await?;
    kill_nodes(narrator, &mut world, dir, third).await?;
    report::settle(&world).await?;
    report::tell(narrator, &world).await?;
    side_by_side::tell(narrator, &world).await?;
    second_act::play(narrator, &mut world, dir).await?;
    Ok(world)
}

async fn found(narrator: &Narrator<'_>, dir: &Path) -> Result<World, CliError> {
    let mut organisations = vec![];
    for cast in &CAST {
        organisations.push(Organisation::found(dir, cast).await?);
    }
    let names: Vec<&str> = organisations.iter().map(|o| o.domain).collect();
    narrator.step(
        "nodes",
        &format!("five nodes are up, each with its own CA and store: {}", names.join(", ")),
        json!({ "nodes": names }),
    );
    let publisher = organisations.remove(0);
    let link = Link::to(publisher.peer.clone()).await?;
    for (i, partner) in organisations.iter().enumerate() {
        // The first partner dials through the relay, so that its link can be cut.
        let endpoint = if i == 0 { &link.address } else { &publisher.peer };
        partner.accept(&publisher, endpoint).await?;
        publisher.accept(partner, &partner.peer).await?;
    }
    narrator.step(
        "partners",
        "both have accepted each other's trust bundle by its fingerprint; from now on they use mutual TLS 1.3",
        json!({}),
    );
    Ok(World { publisher, partners: organisations, link, published: vec![] })
}

async fn agree(narrator: &Narrator<'_>, world: &World, dir: &Path) -> Result<(), CliError> {
    for partner in &world.partners {
        propose(&world.publisher, input::agreement(partner.domain)?, partner, dir).await?;
    }
    for partner in &world.partners {
        sign(partner).await?;
    }
    until("all agreements are in force", async || {
        let all = world.publisher.ask(&["--as", "root", "agreement", "list"]).await?;
        let in_force = all.iter().filter(|a| a.get("state").and_then(Value::as_str) == Some("in-force")).count();
        Ok((in_force == world.partners.len()).then_some(()))
    })
    .await?;
    narrator.step(
        "agreements",
        "four agreements are signed by both sides and in force; the one with sd.example covers Sudan",
        json!({}),
    );
    Ok(())
}

async fn publish(
    narrator: &Narrator<'_>,
    world: &mut World,
    dir: &Path,
    drafts: &[input::Draft],
) -> Result<(), CliError> {
    for (name, draft) in drafts {
        let path = dir.join(format!("{name}.toml"));
        std::fs::write(&path, draft).map_err(|e| failed(e.to_string()))?;
        let path = path.to_string_lossy();
        let mut arguments = vec!["assess", "publish", &*path];
        arguments.extend(input::ACCEPTED.iter().flat_map(|code| ["--accept", code]));
        let answer = world.publisher.ask_one(&arguments).await?;
        world.published.push(Published::new(&answer)?);
    }
    let total = world.published.len();
    let words =
        format!("gb.example has published {} more assessments, made from real warnings ({total} so far)", drafts.len());
    narrator.step("publish", &words, json!({ "published": total }));
    Ok(())
}

async fn cut_the_link(
    narrator: &Narrator<'_>,
    world: &mut World,
    dir: &Path,
    drafts: &[input::Draft],
) -> Result<(), CliError> {
    world.link.cut();
    narrator.step("cut", "the link between ecowas.example and gb.example is cut", json!({}));
    publish(narrator, world, dir, drafts).await?;
    let status = world.publisher.ask(&["--as", "root", "feed", "status"]).await?;
    let waiting = status.iter().find(|s| is(s, "partner", "ecowas.example") && is(s, "direction", "out"));
    let waiting = waiting.and_then(|s| s.get("lag")).and_then(Value::as_u64).unwrap_or_default();
    if waiting == 0 {
        return Err(failed("nothing waits for ecowas.example although its link is cut"));
    }
    world.link.mend();
    narrator.step(
        "mend",
        &format!("the link is restored; {waiting} entries wait for ecowas.example"),
        json!({ "waiting": waiting }),
    );
    Ok(())
}

async fn kill_nodes(
    narrator: &Narrator<'_>,
    world: &mut World,
    dir: &Path,
    drafts: &[input::Draft],
) -> Result<(), CliError> {
    world.partner_mut("no.example")?.kill().await?;
    narrator.step("kill", "no.example's node is killed (SIGKILL)", json!({}));
    publish(narrator, world, dir, drafts).await?;
    world.publisher.kill().await?;
    narrator.step("kill", "gb.example's node is killed right after its last publish was acknowledged", json!({}));
    world.publisher.start().await?;
    world.partner_mut("no.example")?.start().await?;
    narrator.step("restart", "both nodes are started again", json!({}));
    Ok(())
}
