//! How long `watchfire serve` takes to its ready line, and what it needs when nothing happens.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    Run,
    machine::{own_kib, percentile, resident_kib},
    pair::Pair,
    report::Figure,
};

pub async fn run(run: &Run) {
    let n = run.count(15, 3);
    let dir = run.directory();
    let pair = Pair::found(dir.path(), false).await;
    let (mut took, mut idle, mut own) = (vec![], 0.0, 0.0);
    for i in 0..n {
        let start = Instant::now();
        let node = pair.publisher.serve();
        took.push(start.elapsed());
        if i + 1 == n {
            tokio::time::sleep(Duration::from_secs(3)).await;
            (idle, own) = (resident_kib(node.pid()), own_kib(node.pid()));
        }
    }
    let bare = (0..n)
        .map(|_| {
            let start = Instant::now();
            let mut version = Command::new(env!("CARGO_BIN_EXE_watchfire"));
            version.arg("--version").stdout(Stdio::null()).status().unwrap();
            start.elapsed()
        })
        .collect();
    Figure {
        name: "start",
        value: percentile(took.clone(), 50.0),
        unit: "ms, median, from the call of `watchfire serve` to its ready line",
        limit: percentile(bare, 50.0),
        limit_is: "the same program saying its version",
        n,
        more: json!({ "worst_ms": percentile(took, 100.0), "idle_mib": idle / 1024.0, "idle_own_mib": own / 1024.0 }),
    }
    .print();
}
