//! Compares what each partner received with what was decided, and reports it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    narrator::{Narrator, failed},
    organisation::{Organisation, text},
    reasons::Reasons,
    world::{Published, World, is, until},
};
use crate::cli::CliError;

/// What a partner should get: the portions (handles) of each assessment.
fn expected(world: &World, partner: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for published in &world.published {
        if let Some(portions) = released_to(published, partner) {
            all.insert(published.assessment.clone(), portions);
        }
    }
    all
}

/// The portions (handles) of an assessment that were released to a partner. `None` if nothing was.
pub fn released_to(published: &Published, partner: &str) -> Option<BTreeSet<String>> {
    let decision = published.decisions.get(partner).filter(|d| is(d, "decision", "release"))?;
    Some(handles(decision, true))
}

/// The portions in an answer.
pub fn portions(value: &Value) -> impl Iterator<Item = &Value> {
    value.get("portions").and_then(Value::as_array).into_iter().flatten()
}

fn handles(value: &Value, released_only: bool) -> BTreeSet<String> {
    let chosen = portions(value).filter(|p| !released_only || is(p, "decision", "release"));
    chosen.filter_map(|p| p.get("handle").and_then(Value::as_str)).map(str::to_owned).collect()
}

/// Waits until every partner has what it should get.
pub async fn settle(world: &World) -> Result<(), CliError> {
    for partner in &world.partners {
        let wanted = expected(world, partner.domain).len();
        until(&format!("{} holds {wanted} assessments", partner.domain), async || {
            let held = partner.ask(&["assess", "list", "--limit", "1000"]).await?;
            Ok((held.len() >= wanted).then_some(()))
        })
        .await?;
        // Anything that should not arrive has time to arrive now.
        partner.ask(&["feed", "pull"]).await?;
    }
    Ok(())
}

/// Checks and reports what each partner received.
pub async fn tell(narrator: &Narrator<'_>, world: &World) -> Result<(), CliError> {
    narrator.words("");
    for partner in &world.partners {
        let wanted = expected(world, partner.domain);
        let held = held(partner).await?;
        if held.keys().collect::<Vec<_>>() != wanted.keys().collect::<Vec<_>>() {
            return Err(failed(format!(
                "{} holds {} assessments, but {} were released",
                partner.domain,
                held.len(),
                wanted.len()
            )));
        }
        for (id, portions) in &wanted {
            if held.get(id) != Some(portions) {
                return Err(failed(format!(
                    "{} holds portions of {id} that differ from those released",
                    partner.domain
                )));
            }
        }
        one(narrator, world, partner, &wanted).await?;
    }
    check_subject_rule(world)
}

/// What a partner holds: the handles of every portion. Checks that every signature is valid.
async fn held(partner: &Organisation) -> Result<BTreeMap<String, BTreeSet<String>>, CliError> {
    let mut all = BTreeMap::new();
    for row in partner.ask(&["assess", "list", "--limit", "1000"]).await? {
        let id = text(&row, "assessment")?;
        let shown = partner.ask_one(&["assess", "show", &id]).await?;
        let signatures = shown.get("signatures").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_valid = |s: &Value| s.get("valid") == Some(&Value::Bool(true));
        if signatures.is_empty() || !signatures.iter().all(is_valid) {
            return Err(failed(format!("{} holds {id} without a valid signature", partner.domain)));
        }
        if all.insert(id.clone(), handles(&shown, false)).is_some() {
            return Err(failed(format!("{} holds {id} twice", partner.domain)));
        }
    }
    Ok(all)
}

async fn one(
    narrator: &Narrator<'_>,
    world: &World,
    partner: &Organisation,
    wanted: &BTreeMap<String, BTreeSet<String>>,
) -> Result<(), CliError> {
    let portions_held: usize = wanted.values().map(BTreeSet::len).sum();
    let mut reasons = Reasons::default();
    for decision in world.published.iter().filter_map(|p| p.decisions.get(partner.domain)) {
        for portion in portions(decision).filter(|p| is(p, "decision", "withhold")) {
            let because = portion.get("because").and_then(Value::as_array).and_then(|b| b.first());
            reasons.count(because.and_then(Value::as_str).unwrap_or("no reason given"));
        }
    }
    let sequence = partner.ask(&["--as", "root", "feed", "status"]).await?;
    let sequence = sequence.iter().find(|s| is(s, "partner", world.publisher.domain) && is(s, "direction", "in"));
    let sequence = sequence.and_then(|s| s.get("last_sequence")).and_then(Value::as_u64).unwrap_or_default();
    let words = if wanted.is_empty() {
        format!("{} received nothing: no entry, no number, no trace (its feed stands at {sequence})", partner.domain)
    } else {
        format!(
            "{} received {} assessments ({portions_held} portions), each once; all signatures and digests verified; its feed stands at {sequence}",
            partner.domain,
            wanted.len()
        )
    };
    if wanted.is_empty() && sequence != 0 {
        return Err(failed(format!("{} got {sequence} numbers although it may have nothing", partner.domain)));
    }
    let facts = json!({
        "partner": partner.domain, "assessments": wanted.len(), "portions": portions_held, "withheld": reasons.total(),
        "reasons": reasons.by_count().into_iter().collect::<BTreeMap<_, _>>(), "last_sequence": sequence,
    });
    narrator.step("received", &words, facts);
    if reasons.total() > 0 {
        narrator.words(&format!("          withheld from it: {} portions, because", reasons.total()));
    }
    for (reason, count) in reasons.by_count() {
        narrator.words(&format!("            {count:4} × {}", crate::render::text::shortened(reason, 110)));
    }
    Ok(())
}

/// Checks that the assessed state got nothing, and that the subject rule was a reason.
fn check_subject_rule(world: &World) -> Result<(), CliError> {
    let barred = world.published.iter().filter_map(|p| p.decisions.get("sd.example")).filter(|d| {
        portions(d)
            .flat_map(|p| p.get("because").and_then(Value::as_array).into_iter().flatten())
            .any(|b| b.as_str().is_some_and(|b| b.starts_with("subject-rule")))
    });
    let count = barred.count();
    if count == 0 {
        return Err(failed("no assessment was withheld from sd.example by the subject rule"));
    }
    if world.published.iter().filter_map(|p| p.decisions.get("sd.example")).any(|d| is(d, "decision", "release")) {
        return Err(failed("something was released to sd.example"));
    }
    Ok(())
}
