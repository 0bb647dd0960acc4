//! A disk that fails or is full, at a write or at a sync, by strace. A failure ends all writing until a restart, and a full disk until there is
//! room.

use crate::{
    audit,
    calls::traced,
    form::Form,
    kit::{Org, note, publication, watchfire},
    load::publish,
    outcome::Outcome,
    promises::Promises,
    system::{Disk, NO_DISK},
    world::{Door, Template, is_there, wait},
};

/// A failing disk accepts no text of this size.
const MOST: usize = 60;

/// EIO at a sync and at a write, ENOSPC at a sync: nothing is written after that, everything reports it, reading still works, and after a
/// restart everything acknowledged is there.
pub async fn fails(form: Form) -> Outcome {
    if !is_there("strace") {
        return Outcome::skipped("strace is not installed; apt-get install strace");
    }
    let template = Template::make().await;
    let mut outcome = Outcome::default();
    let all = [
        "fsync:error=EIO:when=19",
        "pwrite64:error=EIO:when=190",
        "fsync:error=ENOSPC:when=19",
        "fsync:error=EIO:when=3",
    ];
    let chosen = if form.long { &all[..] } else { &all[..3] };
    for (i, inject) in chosen.iter().enumerate() {
        let (_, gb, no) = template.copy(&format!("fails-{i}"));
        outcome.take(one_failure(gb, no, inject, &template.path().join("log")).await);
    }
    outcome.done =
        format!("{}: the store writes no more and says so, reads on, is whole after a restart", chosen.join(", "));
    outcome
}

async fn one_failure(mut gb: Org, mut no: Org, inject: &str, log: &std::path::Path) -> Outcome {
    let mut outcome = Outcome::default();
    let ops = with_health(&gb);
    no.start().await;
    gb.under = traced(log, Some(inject));
    gb.start().await;
    let mut promises = Promises::default();
    let refusal = publish_until_refused(&gb, &mut promises).await;
    let told = refusal.map(|s| (s.code(), s.message().to_owned()));
    let named = |words: &str| words.contains("the store failed") && words.contains("restart the node");
    outcome
        .expect(told.as_ref().is_some_and(|(code, words)| *code == tonic::Code::Unavailable && named(words)), || {
            format!("{inject}: the author got {told:?}")
        });
    outcome.expect(gb.log().contains("the store writes no more"), || format!("{inject}: the log says nothing"));
    says_read_only(&gb, &ops, "UNAVAILABLE", &mut outcome).await;
    reads_on(&gb, &promises, &mut outcome).await;
    if let Some(call) = written_after(log, &gb) {
        outcome.wrong.push(format!("{inject}: the store was written to after it had failed: {call}"));
    }
    gb.kill().await;
    gb.under.clear();
    gb.start().await;
    outcome.take(audit::pair([&gb, &no], [&promises, &Promises::default()]).await);
    for org in [&mut gb, &mut no] {
        org.kill().await;
    }
    outcome
}

/// Gives the node an address for health and metrics. Returns the address.
pub fn with_health(org: &Org) -> String {
    let address = format!("127.0.0.1:{}", crate::kit::free_port());
    let config = org.dir.join("watchfire.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("ops = \"off\"", &format!("ops = \"{address}\""))).unwrap();
    address
}

/// The answer to a health check.
pub async fn health(address: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut tcp) = tokio::net::TcpStream::connect(address).await else { return String::new() };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    tcp.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = tcp.read_to_string(&mut answer).await;
    answer
}

/// Health, metrics and doctor report that nothing is written any more, and why.
pub async fn says_read_only(org: &Org, ops: &str, reason: &str, outcome: &mut Outcome) {
    let ready = health(ops, "/readyz").await;
    outcome.expect(ready.contains(" 503 ") && ready.contains(reason), || format!("readiness says {ready}"));
    let metrics = health(ops, "/metrics").await;
    let is_told = metrics.lines().any(|line| line == "watchfire_store_read_only 1");
    outcome.expect(is_told, || format!("metrics do not say that nothing is written: {metrics}"));
    let doctor = org.run(&["--as", "root", "doctor"]).await;
    outcome.expect(doctor.code != 0 && doctor.stdout.contains(reason), || format!("doctor says {}", doctor.stdout));
}

/// Everything that was published is listed, and can be read in full.
async fn reads_on(org: &Org, promises: &Promises, outcome: &mut Outcome) {
    let listed = org.assessments(org.domain).await;
    for id in promises.kept.keys() {
        outcome.expect(listed.contains(id), || format!("{id} is not listed any more"));
    }
    for id in promises.kept.keys().take(3) {
        let shown = watchfire(&org.dir, &["--as", "ana", "assess", "show", id]).await;
        outcome.expect(shown.code == 0, || format!("{id} can't be read: {}", shown.stderr));
    }
}

async fn publish_until_refused(org: &Org, promises: &mut Promises) -> Option<tonic::Status> {
    let door = Door::of(org);
    let (mut desk, key) = (door.connect("analyst-ana").await.unwrap(), door.key("analyst-ana"));
    for number in 0..MOST {
        let headline = format!("note {number} on a bad disk");
        let request = publication(org.domain, &key, &note(&headline, "BF"));
        if !publish(&mut desk, request.clone(), headline, promises).await {
            return desk.assessments.publish_assessment(request).await.err();
        }
    }
    None
}

/// The first call on the store's files after a call that was made to fail.
fn written_after(log: &std::path::Path, org: &Org) -> Option<String> {
    let text = std::fs::read_to_string(log).unwrap();
    let store = format!("{}/store.db", org.dir.display());
    let after = text.lines().skip_while(|l| !l.contains("(INJECTED)")).skip(1);
    let writes =
        |l: &&str| l.contains(&store) && (l.contains("pwrite64(") || l.contains("fsync(") || l.contains("ftruncate("));
    after.into_iter().find(writes).map(str::to_owned)
}

/// ENOSPC at writes for a while: writes are refused with that reason, reading still works, and the node recovers by itself.
pub async fn is_full_for_a_while(_form: Form) -> Outcome {
    if !is_there("strace") {
        return Outcome::skipped("strace is not installed; apt-get install strace");
    }
    let template = Template::make().await;
    let (_, mut gb, mut no) = template.copy("full");
    no.start().await;
    gb.under = traced(&template.path().join("log"), Some("pwrite64:error=ENOSPC:when=60..64"));
    gb.start().await;
    let (mut promises, mut outcome) = (Promises::default(), Outcome::default());
    let door = Door::of(&gb);
    let (mut desk, key) = (door.connect("analyst-ana").await.unwrap(), door.key("analyst-ana"));
    let mut refused = 0;
    for number in 0..MOST {
        let headline = format!("note {number} on a full disk");
        let request = publication(gb.domain, &key, &note(&headline, "BF"));
        let id = crate::load::id_in(&request);
        match desk.assessments.publish_assessment(request).await {
            Ok(_) => _ = promises.kept.insert(id, headline),
            Err(status) => {
                refused += 1;
                promises.refused.insert(id, headline);
                let fault = watchfire::wire::status::to_fault(&status);
                outcome.expect(fault.reason.as_str() == "STORE_FULL", || format!("on a full disk: {fault:?}"));
                reads_on(&gb, &promises, &mut outcome).await;
            }
        }
    }
    outcome.expect(refused > 0 && promises.kept.len() > refused, || format!("{refused} of {MOST} were refused"));
    outcome.take(audit::pair([&gb, &no], [&promises, &Promises::default()]).await);
    gb.kill().await;
    gb.under.clear();
    gb.start().await;
    let again = audit::pair([&gb, &no], [&promises, &Promises::default()]).await;
    outcome.take(Outcome { acknowledged: 0, ..again });
    outcome.done = format!("{refused} publications refused as STORE_FULL, then it went on by itself");
    outcome
}

/// A directory that becomes read-only, before the start and while the node runs.
pub async fn is_read_only(_form: Form) -> Outcome {
    match Disk::of("64m") {
        Some(disk) => on_a_read_only_disk(&disk).await,
        None => Outcome::skipped(NO_DISK),
    }
}

async fn on_a_read_only_disk(disk: &Disk) -> Outcome {
    let mut outcome = Outcome::default();
    let mut org = Org::make(disk.path(), "gb.example", "state", Some("GB")).await;
    org.start().await;
    let id = org.author().await.publish(&note("before", "BF")).await;
    org.kill().await;
    // The node's log is on that disk too, so the message is taken from its answer.
    let start = async || {
        let answer = watchfire(&org.dir, &["--json", "serve"]).await;
        (answer.code, answer.stdout, answer.stderr)
    };
    outcome.expect(disk.is_remounted("ro"), || "the disk could not be made read-only".to_owned());
    let (code, said, _) = start().await;
    let is_clear = code == 3 && said.contains("FILES_AT_FAULT") && said.to_lowercase().contains("read-only");
    outcome.expect(is_clear, || format!("on a read-only disk serve ended with {code}: {said}"));
    outcome.expect(disk.is_remounted("rw"), || "the disk could not be made writable again".to_owned());
    org.start().await;
    let there = wait("what was published is there", async || {
        if org.assessments("gb.example").await == [id.clone()] { Ok(()) } else { Err("it is not".to_owned()) }
    });
    if let Err(why) = there.await {
        outcome.lost.push(why);
    }
    org.kill().await;
    outcome.acknowledged = 1;
    outcome.done =
        "serve refuses a read-only directory with exit code 3 and names it; it serves once it can be written to"
            .to_owned();
    outcome
}
