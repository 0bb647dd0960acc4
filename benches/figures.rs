//! Measures a node. Each figure is one JSON line, with the limit that was measured in the same run.
//! `cargo bench`, or `cargo bench -- ingest --quick`. No benchmark passes or fails by its time; docs/performance.md discusses them.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark: whatever goes wrong ends it"
)]

#[path = "figures/bare.rs"]
mod bare;
#[path = "figures/catch_up.rs"]
mod catch_up;
#[path = "figures/content.rs"]
mod content;
#[path = "figures/deciding.rs"]
mod deciding;
#[path = "figures/fan_out.rs"]
mod fan_out;
#[path = "figures/growth.rs"]
mod growth;
#[path = "figures/ingest.rs"]
mod ingest;
#[path = "figures/latency.rs"]
mod latency;
#[path = "figures/ledger.rs"]
mod ledger;
#[path = "figures/lint.rs"]
mod lint;
#[path = "figures/machine.rs"]
mod machine;
#[path = "figures/organisation.rs"]
mod organisation;
#[path = "figures/pair.rs"]
mod pair;
#[path = "figures/plain.rs"]
mod plain;
#[path = "figures/plain_log.rs"]
mod plain_log;
#[path = "figures/plain_server.rs"]
mod plain_server;
#[path = "figures/plain_tls.rs"]
mod plain_tls;
#[path = "figures/publish.rs"]
mod publish;
#[path = "figures/recall.rs"]
mod recall;
#[path = "figures/report.rs"]
mod report;
#[path = "figures/run.rs"]
mod run;
#[path = "figures/simulate.rs"]
mod simulate;
#[path = "figures/start.rs"]
mod start;
#[path = "figures/three_hops.rs"]
mod three_hops;
#[path = "figures/transport.rs"]
mod transport;

use run::Run;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let [argument, transport, dir] = arguments.as_slice()
        && argument == plain_server::ARGUMENT
    {
        return runtime().block_on(plain_server::run(transport, dir.as_ref()));
    }
    let run = Run::new(arguments);
    macro_rules! figure {
        ($name:literal, $future:expr) => {
            if run.wants($name) {
                runtime().block_on($future);
            }
        };
    }
    for (name, partners) in [("decision_10", 10), ("decision_100", 100), ("decision_1000", 1000)] {
        if run.wants(name) {
            deciding::decision(&run, name, partners);
        }
    }
    figure!("decided_10", deciding::publication(&run, "decided_10", 10));
    figure!("decided_100", deciding::publication(&run, "decided_100", 100));
    figure!("decided_1000", deciding::publication(&run, "decided_1000", 1000));
    if run.wants("lint_20") {
        lint::run(&run);
    }
    figure!("start", start::run(&run));
    figure!("ingest", ingest::run(&run));
    figure!("transport", transport::run(&run));
    figure!("publish_1", publish::run(&run, "publish_1", 1));
    figure!("publish_16", publish::run(&run, "publish_16", 16));
    figure!("latency", latency::run(&run));
    figure!("catch_up", catch_up::run(&run));
    figure!("fan_out_10", fan_out::run(&run, "fan_out_10", 10));
    figure!("fan_out_100", fan_out::run(&run, "fan_out_100", 100));
    figure!("fan_out_1000", fan_out::run(&run, "fan_out_1000", 1000));
    figure!("recall_1000", recall::run(&run, "recall_1000", 1000));
    figure!("three_hops", three_hops::run(&run));
    figure!("growth", growth::run(&run));
    figure!("simulate", simulate::run(&run));
    figure!("ledger_append", ledger::append(&run));
    figure!("ledger_proof", ledger::proof(&run));
    figure!("ledger_verify", ledger::verify(&run));
    if run.wants("ledger_tamper") {
        ledger::tamper(&run);
    }
}
