//! Other house rules over what was published: how many decisions of an assessment for a partner are compared in a second.

use std::time::Instant;

use serde_json::json;
use tokio::sync::mpsc;
use watchfire::{
    domain::rules::RuleFile,
    node::{
        assessment_cache::loaded::LoadedAssessment,
        simulation::{Proposal, SimulationEvent},
    },
    store::{ListFilter, Store},
};

use super::{
    Run,
    content::{Party, agreement, assessments, published, seed},
    machine::resident_kib,
    organisation::{Light, Org},
    report::Figure,
};

/// A set of twenty rules, of which one makes a difference.
fn rules() -> Vec<RuleFile> {
    let rule = |n: u32| {
        let when = if n == 0 { "context.kind == \"evidence\"" } else { "resource.countries.contains(\"AQ\")" };
        format!("@id(\"r{n}\") @reason(\"rule {n}\")\nforbid (principal, action, resource) when {{ {when} }};\n")
    };
    vec![RuleFile { name: "rules.cedar".into(), text: (0..20).map(rule).collect() }]
}

pub async fn run(run: &Run) {
    let (count, partners) = (run.count(10_000, 1_000), run.count(100, 20));
    let dir = run.directory();
    let org = Org::found(dir.path(), "gb.example", "GB");
    let key = org.node_key();
    let lights: Vec<Light> = (0..partners).map(|i| Light::found(&format!("p{i}.example"))).collect();
    let agreements = lights
        .iter()
        .map(|l| {
            let from = Party { domain: &org.domain, key: &key };
            agreement(from, Party { domain: &l.domain(), key: &l.key })
        })
        .collect();
    let store = org.store();
    seed(&store, lights.iter().map(|l| l.record.clone()).collect(), agreements).await;
    for signed in assessments(&org.domain, &org.author_key(), count) {
        store.publish(published(&signed)).await.unwrap();
    }
    let read = read_alone(&store).await;
    drop(store);

    let running = org.run().await;
    let before = resident_kib(std::process::id());
    let start = Instant::now();
    let (tell, mut told) = mpsc::channel(32);
    let node = running.node.clone();
    let caller = org.author();
    let last = u32::try_from(count).unwrap();
    let work =
        tokio::spawn(async move { node.simulation.simulate(&caller, Proposal::Rules(rules()), last, 0, tell).await });
    let mut portions = 0;
    while let Some(told) = told.recv().await {
        if let SimulationEvent::Ended(summary) = told {
            assert_eq!(usize::try_from(summary.assessments).unwrap(), count);
            portions = summary.counts.values().map(|(_, portions)| portions).sum();
        }
    }
    work.await.unwrap().unwrap();
    let took = start.elapsed().as_secs_f64();
    let after = resident_kib(std::process::id());
    running.stop().await;
    let pairs = (count * partners) as f64;
    Figure {
        name: "simulate",
        value: pairs / took,
        unit: "assessments x partners per second, both rule sets over the whole life of each",
        limit: pairs / read,
        limit_is: "the same assessments read, opened and decoded by one thread, nothing decided",
        n: count,
        more: json!({ "partners": partners, "seconds": took, "portions_newly_withheld": portions,
                      "more_memory_mib": (after - before) / 1024.0 }),
    }
    .print();
}

/// Seconds to read and open all of them.
async fn read_alone(store: &dyn Store) -> f64 {
    let start = Instant::now();
    let mut filter = ListFilter { limit: 64, whole: true, ..Default::default() };
    loop {
        let page = store.list(&filter).await.unwrap().whole().unwrap();
        let Some(last) = page.last() else { return start.elapsed().as_secs_f64() };
        filter.before = Some(last.manifest_id);
        for record in page {
            std::hint::black_box(LoadedAssessment::new(record).unwrap());
        }
    }
}
