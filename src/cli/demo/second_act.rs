//! The second act: a warning passes through a hub, is endorsed, corrected and recalled, and a partner checks the ledger.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    input,
    narrator::{Narrator, failed},
    organisation::{Cast, Organisation, text},
    world::{Published, World, agree_on, is, until},
};
use crate::{
    cli::{CliError, output},
    render::text::shortened,
};

/// A member of the regional organisation. The publisher exchanges nothing with it; the two only know each other.
const MEMBER: Cast = Cast { domain: "gh.example", kind: "state", country: Some("GH") };
/// The draft that may be passed on to members: it has a headline for them, a subject and a recommendation.
const DRAFT: &str = "r25";

/// Runs the second act.
pub async fn play(narrator: &Narrator<'_>, world: &mut World, dir: &Path) -> Result<(), CliError> {
    narrator.words("");
    let member = Organisation::found(dir, &MEMBER).await?;
    let id = hub(narrator, world, &member, dir).await?;
    endorse(narrator, world, &member, &id).await?;
    correct(narrator, world, &member, &id, dir).await?;
    recall(narrator, world, &member, &id).await?;
    ledger(narrator, world, &id, dir).await?;
    world.partners.push(member);
    Ok(())
}

/// The hub's member gets what the publisher's terms permit, and verifies the publisher's signature.
async fn hub(narrator: &Narrator<'_>, world: &World, member: &Organisation, dir: &Path) -> Result<String, CliError> {
    let hub = world.partner_named("ecowas.example")?;
    member.accept(hub, &hub.peer).await?;
    hub.accept(member, &member.peer).await?;
    member.know(&world.publisher).await?;
    world.publisher.know(member).await?;
    agree_on(hub, member, input::agreement("gh.example")?, dir).await?;
    let id = publish(world, dir, &["assess", "publish"], DRAFT).await?.assessment;
    let shown = shown(member, &id, |_| true).await?;
    let way = shown.pointer("/via/0/way").and_then(Value::as_array).cloned().unwrap_or_default();
    if way != [json!("gb.example"), json!("ecowas.example")] {
        return Err(failed(format!("gh.example got it by {way:?}")));
    }
    let signatures = shown.get("signatures").and_then(Value::as_array).cloned().unwrap_or_default();
    if signatures.is_empty() || signatures.iter().any(|s| s.get("valid") != Some(&json!(true))) {
        return Err(failed("gh.example can't verify the author's signature"));
    }
    let portions = shown.get("portions").and_then(Value::as_array).map_or(0, Vec::len);
    let words = format!(
        "a warning on Mali goes on: gb.example → ecowas.example → gh.example, {portions} portions, \
         the author's signature and each hop's terms verified there"
    );
    narrator.step("hub", &words, json!({ "assessment": id, "portions": portions, "way": way }));
    narrator.words("          gh.example reads:");
    let room = output::options().columns().saturating_sub(12).max(40);
    for line in reads(&shown) {
        narrator.words(&format!("            {}", shortened(&line, room)));
    }
    Ok(id)
}

/// What a member reads, a line for each portion: `headline (GREEN): Mali: ...`.
fn reads(shown: &Value) -> Vec<String> {
    let line = |portion: &Value| {
        let field = |pointer: &str| portion.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let places = portion.get("places").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let level = portion.get("level").and_then(Value::as_u64).map(|level| format!("level {level}"));
        let about: Vec<String> = places.map(str::to_owned).chain(level).collect();
        let says = Some(field("/text")).filter(|text| !text.is_empty()).map_or_else(|| about.join(", "), str::to_owned);
        format!("{} ({}): {says}", field("/kind"), field("/marking/tlp"))
    };
    shown.get("portions").and_then(Value::as_array).into_iter().flatten().map(line).collect()
}

async fn publish(world: &World, dir: &Path, command: &[&str], name: &str) -> Result<Published, CliError> {
    let path = dir.join(format!("{name}-after.toml"));
    std::fs::write(&path, input::draft(name)?).map_err(|e| failed(e.to_string()))?;
    let path = path.to_string_lossy();
    let mut arguments = vec!["--as", "ana"];
    arguments.extend(command);
    arguments.push(&path);
    arguments.extend(input::ACCEPTED.iter().flat_map(|code| ["--accept", code]));
    Published::new(&world.publisher.ask_one(&arguments).await?)
}

/// The assessment as an organisation's analyst sees it, once `is_wanted` holds.
async fn shown(organisation: &Organisation, id: &str, is_wanted: impl Fn(&Value) -> bool) -> Result<Value, CliError> {
    until(&format!("{} sees {id} as expected", organisation.domain), async || {
        let held = organisation.ask(&["--as", "ana", "assess", "list", "--limit", "1000"]).await?;
        if !held.iter().any(|a| is(a, "assessment", id)) {
            return Ok(None);
        }
        let shown = organisation.ask_one(&["--as", "ana", "assess", "show", id]).await?;
        Ok(is_wanted(&shown).then_some(shown))
    })
    .await
}

/// The hub's officer endorses it. The hub's member sees that, and so does its author.
async fn endorse(narrator: &Narrator<'_>, world: &World, member: &Organisation, id: &str) -> Result<(), CliError> {
    let hub = world.partner_named("ecowas.example")?;
    hub.ask_one(&["person", "add", "olu", "--role", "officer"]).await?;
    let text = "Our own monitors in the region report the same.";
    hub.ask_one(&["--as", "olu", "assess", "endorse", id, "--text", text, "--tlp", "GREEN"]).await?;
    let endorsed = |shown: &Value| shown.pointer("/endorsements/0/valid") == Some(&json!(true));
    let behind = endorser(&shown(member, id, endorsed).await?);
    let author = endorser(&shown(&world.publisher, id, endorsed).await?);
    if author != behind {
        return Err(failed(format!("gb.example sees an endorsement by {author}, and gh.example one by {behind}")));
    }
    let words = format!("{behind} has endorsed it; gh.example sees that, and so does gb.example, which wrote it");
    narrator.step("endorse", &words, json!({ "endorser": behind, "author_sees": author }));
    Ok(())
}

fn endorser(shown: &Value) -> String {
    shown.pointer("/endorsements/0/endorser").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The publisher corrects it. The correction reaches the member through the hub.
async fn correct(
    narrator: &Narrator<'_>,
    world: &World,
    member: &Organisation,
    id: &str,
    dir: &Path,
) -> Result<(), CliError> {
    publish(world, dir, &["assess", "correct", id], DRAFT).await?;
    shown(member, id, |shown| shown.get("version") == Some(&json!(2)) && is(shown, "state", "current")).await?;
    narrator.step(
        "correct",
        "gb.example corrects it; gh.example has version 2, and version 1 is superseded",
        json!({}),
    );
    Ok(())
}

/// The publisher's officer recalls it with a purge, over two hops.
async fn recall(narrator: &Narrator<'_>, world: &World, member: &Organisation, id: &str) -> Result<(), CliError> {
    let publisher = &world.publisher;
    publisher.ask_one(&["person", "add", "olu", "--role", "officer"]).await?;
    let reason = "A source may be in danger.";
    publisher.ask_one(&["--as", "olu", "--yes", "assess", "recall", id, "--purge", "--reason", reason]).await?;
    for organisation in [world.partner_named("ecowas.example")?, member] {
        until(&format!("{} has purged it", organisation.domain), async || {
            let held = organisation.ask(&["--as", "ana", "assess", "list", "--limit", "1000"]).await?;
            Ok(held.iter().find(|a| is(a, "assessment", id)).is_none_or(|a| is(a, "state", "purged")).then_some(()))
        })
        .await?;
    }
    let confirmed = until("all holders have confirmed the purge", async || {
        let holders = publisher.ask(&["--as", "olu", "assess", "holders", id]).await?;
        let holders: Vec<Value> = holders.iter().flat_map(holders_in).collect();
        let confirmed: Vec<String> = holders
            .iter()
            .filter(|h| is(h, "state", "confirmed"))
            .map(|h| text(h, "holder"))
            .collect::<Result<_, _>>()?;
        Ok((confirmed.len() == holders.len() && confirmed.iter().any(|h| h == "gh.example")).then_some(confirmed))
    });
    let confirmed = confirmed.await?;
    let words = format!(
        "gb.example recalls it and has it destroyed; each holder's own receipt has come, over two hops: {}",
        confirmed.join(", ")
    );
    narrator.step("recall", &words, json!({ "confirmed": confirmed }));
    Ok(())
}

/// The holders in an answer, which is an object with a list or one holder.
fn holders_in(answer: &Value) -> Vec<Value> {
    match answer.get("holders").and_then(Value::as_array) {
        Some(holders) => holders.clone(),
        None => vec![answer.clone()],
    }
}

/// A partner verifies that the recall is in the publisher's ledger.
async fn ledger(narrator: &Narrator<'_>, world: &World, id: &str, dir: &Path) -> Result<(), CliError> {
    let publisher = &world.publisher;
    let partner = world.partner_named("no.example")?;
    let events = publisher.ask(&["--as", "root", "ledger", "list", "--about", id]).await?;
    let recalled = events.iter().rev().find(|e| e.to_string().contains("recalled"));
    let index = recalled.and_then(|e| e.get("index")).and_then(Value::as_u64);
    let index = index.ok_or_else(|| failed("the recall is not in the ledger"))?.to_string();
    let proof = dir.join("recall.proof");
    let proof = proof.to_string_lossy();
    until("the recall is under a checkpoint", async || {
        let made =
            publisher.ask(&["--as", "root", "ledger", "prove", &index, "--for", "no.example", "--out", &proof]).await;
        Ok(made.is_ok().then_some(()))
    })
    .await?;
    let checked = partner.ask_one(&["--as", "root", "ledger", "check", &proof]).await?;
    if checked.get("ok") != Some(&json!(true)) {
        return Err(failed(format!("no.example does not accept the proof: {checked}")));
    }
    let words = format!("no.example checks the proof that entry {index} of gb.example's ledger is the recall: it is");
    narrator.step("ledger", &words, json!({ "index": index, "check": checked }));
    let verified = publisher.ask_one(&["--as", "root", "ledger", "verify"]).await?;
    if verified.get("ok") != Some(&json!(true)) {
        return Err(failed(format!("gb.example's own ledger does not verify: {verified}")));
    }
    Ok(())
}
