//! From the author's call until the last of three readers in a row has it: two hubs decide, sign and pass on, and each verifies the
//! whole way.

use std::time::{Duration, Instant};

use serde_json::json;
use watchfire::node::Node;

use super::{
    Run,
    content::{self, Party, agreement_with, assessments_for, seed},
    machine::{fdatasync_ms, percentile},
    organisation::Org,
    plain::durable_calls,
    report::Figure,
};

/// Between two publications, so that each finds everything at rest.
const PAUSE: Duration = Duration::from_millis(50);
const NAMES: [(&str, &str); 4] =
    [("gb.example", "GB"), ("se.example", "SE"), ("fi.example", "FI"), ("no.example", "NO")];

pub async fn run(run: &Run) {
    let n = run.count(200, 30);
    let dir = run.directory();
    let sync = fdatasync_ms(dir.path(), 200);
    let limit = durable_calls(run.directory(), content::BYTES, n, PAUSE).await;
    let orgs = NAMES.map(|(domain, country)| Org::found(dir.path(), domain, country));
    chain(&orgs).await;
    // The last reader is in this process, which sees when an entry is stored.
    let nodes: Vec<_> = orgs.iter().take(3).map(Org::serve).collect();
    let reader = orgs[3].run().await;
    let mut desk = orgs[0].desk().await;
    let mut took = vec![];
    let onward = [NAMES[1].0, NAMES[2].0, NAMES[3].0];
    for signed in assessments_for(&onward, &orgs[0].domain, &orgs[0].author_key(), n + 1) {
        let request = signed.request();
        let start = Instant::now();
        desk.assessments.publish_assessment(request).await.unwrap();
        arrived(&reader.node, &orgs[2], took.len() as u64 + 1).await;
        took.push(start.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    reader.stop().await;
    drop(nodes);
    // The first one also waits for the hubs to dial.
    took.remove(0);
    let bare = percentile(limit, 50.0);
    Figure {
        name: "three_hops",
        value: percentile(took.clone(), 50.0),
        unit: "ms, median, from the author's call until the third reader has it on disk",
        limit: 3.0 * bare,
        limit_is: "three durable calls over plain tonic with mutual TLS, one process on each side",
        n,
        more: json!({ "p99_ms": percentile(took, 99.0), "fdatasync_ms": sync }),
    }
    .print();
}

async fn arrived(node: &Node, from: &Org, sequence: u64) {
    let mut arrivals = node.sessions.arrivals();
    loop {
        arrivals.mark_unchanged();
        if node.monitor.inbound_position(&from.domain).await.unwrap() >= sequence {
            return;
        }
        arrivals.changed().await.unwrap();
    }
}

/// Each gives the next one nearly everything, to pass on to those behind it; all know each other.
async fn chain(orgs: &[Org; 4]) {
    let mut partners = [const { vec![] }; 4];
    let mut agreements = [const { vec![] }; 4];
    for (i, known) in partners.iter_mut().enumerate() {
        for (j, other) in orgs.iter().enumerate().filter(|(j, _)| *j != i) {
            // Only the one before is dialled.
            let endpoint = (j + 1 == i).then(|| other.endpoint());
            known.push(other.as_partner(endpoint));
        }
    }
    for (i, pair) in orgs.windows(2).enumerate() {
        let [from, to] = pair else { continue };
        let behind: Vec<&str> = NAMES.iter().skip(i + 2).map(|(name, _)| *name).collect();
        let onward = format!(
            "[grant.onward]\nto = {behind:?}\nkinds = [\"headline\", \"subject\", \"judgement\", \"limitation\", \"alternative\", \
             \"recommendation\"]\nmax_tlp = \"AMBER\"\ndepth = {}\n",
            behind.len()
        );
        let more = if behind.is_empty() { "" } else { &onward };
        let keys = (from.node_key(), to.node_key());
        let record = agreement_with(
            more,
            Party { domain: &from.domain, key: &keys.0 },
            Party { domain: &to.domain, key: &keys.1 },
        );
        let mut mirrored = record.clone();
        mirrored.partner = from.domain.clone();
        agreements[i].push(record);
        agreements[i + 1].push(mirrored);
    }
    for ((org, partners), agreements) in orgs.iter().zip(partners).zip(agreements) {
        seed(&org.store(), partners, agreements).await;
    }
}
