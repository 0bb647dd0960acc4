//! The check after every fault. It compares a node with its own ledger, with its partner, and with the answers that its people got.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use watchfire::{
    domain::body::Body,
    seal::{open::open_listed, statement},
    wire::{self, proto},
};

use crate::{
    kit::Org,
    outcome::Outcome,
    promises::Promises,
    world::{settled, wait},
};

/// The most assessments that a list shows. No node of these tests has more.
const MOST: u32 = 10_000;
/// How many are read in full. Of the others only the headline is read.
const READ: usize = 300;

/// What a node holds, as its desk shows it.
pub struct Held {
    /// The assessments by id.
    views: BTreeMap<String, proto::AssessmentView>,
    /// The entries of the ledger.
    events: Vec<Value>,
}

impl Held {
    /// What can't be listed does not count as complete.
    pub async fn of(org: &Org) -> Result<Self, tonic::Status> {
        let mut analyst = org.connect("analyst-ana").await;
        let request = proto::ListAssessmentsRequest { limit: MOST, ..Default::default() };
        let mut list = analyst.assessments.list_assessments(request).await?.into_inner();
        let mut views = BTreeMap::new();
        while let Some(item) = list.message().await? {
            let view = item.assessment.unwrap();
            views.insert(id_of(&view), view);
        }
        let mut officer = org.connect("officer-olu").await;
        let (mut events, mut page_token) = (vec![], String::new());
        loop {
            let request = proto::ListLedgerRequest { page_size: 1_000, page_token, ..Default::default() };
            let page = officer.ledger.list_ledger(request).await?.into_inner();
            events.extend(page.entries.iter().map(|entry| serde_json::from_str(&entry.event).unwrap()));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(Self { views, events });
            }
        }
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |e| e["event"] == kind)
    }

    /// How many events of a kind name that manifest.
    fn count(&self, kind: &str) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for manifest in self.of_kind(kind).filter_map(|e| e["manifest"].as_str()) {
            *counts.entry(manifest).or_default() += 1;
        }
        counts
    }

    fn numbers(&self, kind: &str) -> Vec<u64> {
        self.of_kind(kind).filter_map(|e| e["sequence"].as_u64()).collect()
    }
}

fn manifest_of(view: &proto::AssessmentView) -> (watchfire::domain::assessment::Manifest, String) {
    let envelope = wire::envelope::from_proto(view.manifest.clone().unwrap()).unwrap();
    let manifest = wire::manifest::decode(&envelope.payload).unwrap();
    (manifest, statement::id(&envelope).to_string())
}

fn id_of(view: &proto::AssessmentView) -> String {
    manifest_of(view).0.assessment.to_string()
}

fn is_recalled(view: &proto::AssessmentView) -> bool {
    matches!(view.state.as_str(), "withdrawn" | "purged")
}

/// Compares both nodes of a pair, once what is in transit has arrived. The promises are those of the first and of the second.
pub async fn pair(orgs: [&Org; 2], promises: [&Promises; 2]) -> Outcome {
    let mut outcome = Outcome { acknowledged: promises.iter().map(|p| p.acknowledged()).sum(), ..Outcome::default() };
    for [from, to] in [orgs, [orgs[1], orgs[0]]] {
        if let Err(why) = settled(from, to).await {
            outcome.wrong.push(why);
        }
    }
    let recalled = promises.iter().map(|p| p.recalled.len()).sum::<usize>() > 0;
    if recalled && let Err(why) = recalls_settled(orgs, promises).await {
        outcome.lost.push(why);
    }
    outcome.take(look(orgs, promises).await);
    for org in orgs {
        is_whole(org, &mut outcome).await;
    }
    outcome
}

/// Both nodes as they are now, without waiting.
pub async fn look(orgs: [&Org; 2], promises: [&Promises; 2]) -> Outcome {
    let mut outcome = Outcome::default();
    let held = match (Held::of(orgs[0]).await, Held::of(orgs[1]).await) {
        (Ok(one), Ok(other)) => [one, other],
        (Err(status), _) | (_, Err(status)) => {
            outcome.half.push(format!("what is there can't be listed: {}", status.message()));
            return outcome;
        }
    };
    for i in [0, 1] {
        let (org, partner) = (orgs[i], orgs[1 - i]);
        against_its_ledger(org, &held[i], &held[1 - i], &mut outcome);
        numbers(org, partner, &held[i], &held[1 - i], &mut outcome).await;
        promised(org, &held[i], promises[i], &mut outcome);
        arrived(partner, &held[1 - i], (org, &held[i]), &mut outcome);
        contents(org, &held[i], promises, &mut outcome).await;
    }
    outcome
}

/// Waits until recalled assessments are recalled on both sides.
async fn recalls_settled(orgs: [&Org; 2], promises: [&Promises; 2]) -> Result<(), String> {
    let all: BTreeSet<&String> = promises.iter().flat_map(|p| &p.recalled).collect();
    wait("recalls are on both sides", async || {
        for org in orgs {
            let held = Held::of(org).await.map_err(|s| s.message().to_owned())?;
            let is_left = |id: &&&String| held.views.get(**id).is_some_and(|v| !is_recalled(v));
            if let Some(left) = all.iter().find(is_left) {
                return Err(format!("{}: {left} was recalled and is still shown", org.domain));
            }
        }
        Ok(())
    })
    .await
}

/// Checks that its ledger verifies, nobody is suspected of forgery, and `doctor` finds nothing.
async fn is_whole(org: &Org, outcome: &mut Outcome) {
    let verified = org.run(&["--as", "root", "ledger", "verify"]).await;
    outcome.expect(verified.code == 0, || format!("{}: ledger verify: {}", org.domain, verified.stdout));
    let alarms = org.run(&["--as", "root", "ledger", "alarms"]).await;
    outcome
        .expect(alarms.code == 0 && alarms.stdout.is_empty(), || format!("{}: alarms: {}", org.domain, alarms.stdout));
    let well = wait("doctor finds all well", async || {
        let doctor = org.run(&["--as", "root", "doctor"]).await;
        if doctor.code == 0 { Ok(()) } else { Err(format!("{}: doctor: {}", org.domain, doctor.stdout)) }
    });
    if let Err(why) = well.await {
        outcome.wrong.push(why);
    }
}

/// Checks that each assessment has its one entry in the ledger, each entry its assessment, and each publication its decision. (A partner's void
/// is received, too, and has no assessment.)
fn against_its_ledger(org: &Org, held: &Held, partner: &Held, outcome: &mut Outcome) {
    let (published, decided, mut received) =
        (held.count("published"), held.count("decided-alike"), held.count("received"));
    let voids: BTreeSet<&str> = partner.of_kind("voided").filter_map(|e| e["release"].as_str()).collect();
    let of_voids = held.of_kind("received").filter(|e| e["release"].as_str().is_some_and(|r| voids.contains(r)));
    for manifest in of_voids.filter_map(|e| e["manifest"].as_str()) {
        if let Some(count) = received.get_mut(manifest) {
            *count -= 1;
        }
    }
    received.retain(|_, count| *count > 0);
    let mut seen = BTreeSet::new();
    for view in held.views.values() {
        let (manifest, id) = manifest_of(view);
        let is_own = manifest.originator.as_str() == org.domain;
        let counts = if is_own { &published } else { &received };
        let count = counts.get(id.as_str()).copied().unwrap_or_default();
        if count != 1 {
            outcome.half.push(format!("{}: {id} is here, and in the ledger {count} times", org.domain));
        }
        if is_own && decided.get(id.as_str()) != Some(&1) {
            outcome.half.push(format!("{}: {id} is here without the decision about it", org.domain));
        }
        seen.insert(id);
    }
    for id in published.keys().chain(received.keys()).filter(|id| !seen.contains(**id)) {
        outcome.half.push(format!("{}: {id} is in the ledger, and not here", org.domain));
    }
}

/// Checks that numbers have no gaps or repeats, and agree in both ledgers and in the feed's status.
async fn numbers(from: &Org, to: &Org, gave: &Held, got: &Held, outcome: &mut Outcome) {
    let (out, into) = (gave.numbers("released"), got.numbers("received"));
    let last = from.feed(to.domain, "out").await["last_sequence"].as_u64().unwrap();
    let arrived = to.feed(from.domain, "in").await["last_sequence"].as_u64().unwrap();
    let counted: Vec<u64> = (1..=last).collect();
    for (what, numbers) in [("released", &out), ("received", &into)] {
        if *numbers != counted {
            outcome.half.push(format!(
                "{} to {}: {what} {} entries, not 1 to {last} each once",
                from.domain,
                to.domain,
                numbers.len()
            ));
        }
    }
    outcome.expect(arrived == last, || format!("{} stands at {arrived} of {last} of {}", to.domain, from.domain));
}

/// Compares with the answers that its own people got.
fn promised(org: &Org, held: &Held, promises: &Promises, outcome: &mut Outcome) {
    for (id, headline) in promises.kept.iter().filter(|(id, _)| !held.views.contains_key(*id)) {
        outcome.lost.push(format!("{}: {id} (`{headline}`) was published, and is not here", org.domain));
    }
    for (id, headline) in promises.refused.iter().filter(|(id, _)| held.views.contains_key(*id)) {
        outcome.wrong.push(format!("{}: {id} (`{headline}`) was refused, and is here", org.domain));
    }
    for (id, view) in &held.views {
        let (is_own, recalled) = (manifest_of(view).0.originator.as_str() == org.domain, is_recalled(view));
        if is_own && promises.headline(id).is_none() {
            outcome.wrong.push(format!("{}: {id} is here, and nobody published it", org.domain));
        }
        if is_own && recalled && !promises.recalled.contains(id) && !promises.maybe_recalled.contains(id) {
            outcome.lost.push(format!("{}: {id} is {}, and nobody took it back", org.domain, view.state));
        }
        if promises.recalled.contains(id) && !recalled {
            outcome.lost.push(format!("{}: {id} was recalled, and is {}", org.domain, view.state));
        }
    }
}

/// Checks that what was published is at the partner too, in the same state. (What was recalled before it was sent is never sent.)
fn arrived(partner: &Org, there: &Held, (org, here): (&Org, &Held), outcome: &mut Outcome) {
    for (id, view) in &here.views {
        if manifest_of(view).0.originator.as_str() != org.domain {
            continue;
        }
        match there.views.get(id) {
            None if is_recalled(view) => {}
            None => outcome.lost.push(format!("{}: {id} of {} never came", partner.domain, org.domain)),
            Some(copy) if copy.state == view.state => {}
            Some(copy) => {
                outcome.half.push(format!("{}: {id} is {} and should be {}", partner.domain, copy.state, view.state))
            }
        }
    }
}

/// Checks that what can be read is what was written, and that each signature and digest verifies.
async fn contents(org: &Org, held: &Held, promises: [&Promises; 2], outcome: &mut Outcome) {
    let mut analyst = org.connect("analyst-ana").await;
    let step = (held.views.len() / READ).max(1);
    for (i, (id, named)) in held.views.iter().enumerate() {
        let in_full = i % step == 0 || promises.iter().any(|p| p.open.contains_key(id));
        let full = if in_full {
            let request =
                proto::GetAssessmentRequest { assessment_id: hex::decode(id).unwrap().into(), ..Default::default() };
            match analyst.assessments.get_assessment(request).await {
                Ok(answer) => answer.into_inner().assessment,
                Err(status) => {
                    outcome.half.push(format!("{}: {id} can't be read: {}", org.domain, status.message()));
                    continue;
                }
            }
        } else {
            None
        };
        let view = full.as_ref().unwrap_or(named);
        let headline = promises.iter().find_map(|p| p.headline(id));
        if let Err(why) = verifies(view, headline, if full.is_some() { 3 } else { 2 }) {
            outcome.half.push(format!("{}: {id}: {why}", org.domain));
        }
    }
}

fn verifies(view: &proto::AssessmentView, headline: Option<&String>, portions: usize) -> Result<(), String> {
    if let Some(bad) = view.signatures.iter().find(|s| !s.valid) {
        return Err(format!("a signature does not verify: {}", bad.reason));
    }
    if is_recalled(view) {
        return if view.portions.is_empty() { Ok(()) } else { Err("it is recalled and can be read".to_owned()) };
    }
    let opened = open_listed(&manifest_of(view).0, &view.portions).map_err(|f| f.to_string())?;
    if opened.len() < portions {
        return Err(format!("{} of {portions} portions are here", opened.len()));
    }
    let found = opened.iter().find_map(|o| match &o.portion().body {
        Body::Headline { text } => Some(text),
        _ => None,
    });
    if headline.is_some() && found != headline { Err(format!("its headline is {found:?}")) } else { Ok(()) }
}
