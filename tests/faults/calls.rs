//! SIGKILL at the k-th write or sync call of the node's process, by strace. For the program, each window between two such calls is like a power
//! cut. A recorded run says which calls there are. Then the node is killed at each of them, or at a selection of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use tokio::process::Command;

use crate::{
    acts, audit,
    form::Form,
    kit::{free_port, watchfire},
    outcome::Outcome,
    promises::Promises,
    world::{Template, is_there},
};

/// Calls that change a file or make it durable.
const CALLS: &str = "pwrite64,pwritev,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,unlink,unlinkat";
/// At how many of them the short form kills.
const SHORT: usize = 14;
const NO_STRACE: &str = "strace is not installed; apt-get install strace";

/// A call at which to kill. strace counts the calls of each kind in each thread.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    call: String,
    nth: usize,
}

/// strace's options for a run that is killed at that call, or only recorded.
pub fn traced(log: &Path, inject: Option<&str>) -> Vec<String> {
    let mut words = ["strace", "-D", "-f", "-qq", "-y", "-o"].map(str::to_owned).to_vec();
    words.extend([log.to_string_lossy().into_owned(), "-e".to_owned(), format!("trace={CALLS}")]);
    if let Some(inject) = inject {
        words.extend(["-e".to_owned(), format!("inject={inject}")]);
    }
    words
}

/// The calls of a recording, in order: thread and name.
fn calls(log: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let call = |line: &str| {
        let (thread, rest) = line.split_once(' ')?;
        let (name, _) = rest.trim_start().split_once('(')?;
        name.chars().all(|c| c.is_ascii_alphanumeric()).then(|| (thread.to_owned(), name.to_owned()))
    };
    text.lines().filter_map(call).collect()
}

/// Where to kill: at the first calls, or at a selection of them in the short form.
fn points(log: &Path, form: &Form) -> Vec<Point> {
    let (mut counts, mut seen, mut points) = (BTreeMap::new(), BTreeSet::new(), vec![]);
    for (thread, call) in calls(log).into_iter().take(form.calls) {
        let nth = counts.entry((thread, call.clone())).or_insert(0_usize);
        *nth += 1;
        let point = Point { call, nth: *nth };
        if seen.insert(point.clone()) {
            points.push(point);
        }
    }
    if form.long {
        return points;
    }
    // As many syncs and renames as plain writes, although there are fewer of them.
    let (writes, others): (Vec<_>, Vec<_>) = points.into_iter().partition(|p| p.call.starts_with("pwrite"));
    let spread = |all: Vec<Point>| {
        let step = all.len().div_ceil(SHORT / 2).max(1);
        all.into_iter().step_by(step)
    };
    spread(writes).chain(spread(others)).collect()
}

/// Killed while it starts, publishes, receives, recalls, renews its key and makes an agreement.
pub async fn of_serve(form: Form) -> Outcome {
    if !is_there("strace") {
        return Outcome::skipped(NO_STRACE);
    }
    let template = Template::make().await;
    let log = template.path().join("recorded.log");
    let mut outcome = one_life(&template, "recorded", &log, None).await.0;
    let points = points(&log, &form);
    let recorded = calls(&log).len();
    let (mut hit, mut after) = (BTreeSet::new(), 0);
    for (i, point) in points.iter().enumerate() {
        let (name, log) = (format!("life-{i}"), template.path().join(format!("life-{i}.log")));
        let (found, killed) = one_life(&template, &name, &log, Some(point)).await;
        let at = calls(&log).len();
        if killed {
            hit.insert(at);
        } else {
            after += 1;
        }
        form.tell(|| format!("killed at call {at}, {} {}: {}", point.call, point.nth, found.in_short()));
        if !found.is_well() {
            outcome
                .wrong
                .push(format!("the following was found after SIGKILL at call {at}, {} {}", point.call, point.nth));
        }
        outcome.take(found);
        let _ = std::fs::remove_file(&log);
    }
    let span = hit.first().zip(hit.last()).map_or(String::new(), |(a, b)| format!(" (from {a} to {b})"));
    outcome.expect(!hit.is_empty(), || "strace has not killed the node".to_owned());
    outcome.done = format!(
        "killed at {} write or sync calls{span} of {recorded} in a life; {} different ones; {after} not reached",
        points.len() - after,
        hit.len(),
    );
    outcome
}

/// Starts the node under strace, lets its people act until it is gone, starts it again and checks.
async fn one_life(template: &Template, name: &str, log: &Path, point: Option<&Point>) -> (Outcome, bool) {
    let (dir, mut gb, mut no) = template.copy(name);
    let inject = point.map(|p| format!("{}:signal=SIGKILL:when={}", p.call, p.nth));
    no.start().await;
    gb.under = traced(log, inject.as_deref());
    let (mut ours, mut theirs) = (Promises::default(), Promises::default());
    let ready = gb.try_start().await.is_ok();
    let mut agreed = None;
    if ready {
        agreed = acts::all(&mut gb, &no, &template.agreement, (&mut ours, &mut theirs)).await;
    }
    let killed = !ready || gb.ended().is_some();
    gb.kill().await;
    gb.under.clear();
    let mut outcome = match gb.try_start().await {
        Ok(()) => {
            let mut outcome = acts::agreement_stands(&gb, &no, agreed.as_deref()).await;
            outcome.take(audit::pair([&gb, &no], [&ours, &theirs]).await);
            outcome
        }
        Err(said) => Outcome { lost: vec![format!("the node does not start again: {said}")], ..Outcome::default() },
    };
    if point.is_none() {
        outcome.expect(ready && !killed && ours.open.is_empty() && agreed.is_some(), || {
            "not every act succeeded, although the node was not killed".to_owned()
        });
    }
    gb.kill().await;
    no.kill().await;
    drop((gb, no));
    let _ = std::fs::remove_dir_all(dir);
    (outcome, killed)
}

/// Killed while `init` runs. Afterwards there is a complete node, or none, which is reported. A second `init` makes one once the leftovers are
/// removed.
pub async fn of_init(form: Form) -> Outcome {
    if !is_there("strace") {
        return Outcome::skipped(NO_STRACE);
    }
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("recorded.log");
    let mut outcome = Outcome::default();
    let [peer, desk] = [free_port(), free_port()].map(|p| format!("127.0.0.1:{p}"));
    let arguments = ["init", "--org", "gb.example", "--country", "GB", "--kind", "state", "--ops", "off"];
    let arguments = [&arguments[..], &["--peer", &peer, "--desk", &desk]].concat();
    init(&dir.path().join("recorded"), &log, None, &arguments).await;
    let recorded = calls(&log).len();
    let points = points(&log, &form);
    let (mut nodes, mut none) = (0, 0);
    for (i, point) in points.iter().enumerate() {
        let place = dir.path().join(format!("node-{i}"));
        let ended_well = init(&place, &dir.path().join("log"), Some(point), &arguments).await;
        outcome.expect(!ended_well, || format!("init was not killed at {} {}", point.call, point.nth));
        if place.join("watchfire.toml").exists() {
            nodes += 1;
        } else {
            none += 1;
            let refused = watchfire(&place, &["--json", "serve"]).await;
            outcome.expect(refused.code == 3, || {
                format!("an incomplete node is served: {} {}", refused.code, refused.stdout)
            });
            let again = watchfire(&place, &[&["--json"], &arguments[..]].concat()).await;
            if again.code != 0 {
                let says = again.stderr.contains("was interrupted") && again.reason() == "FILES_AT_FAULT";
                outcome.expect(says, || format!("a second init does not say what to do: {}", again.stderr));
                std::fs::remove_dir_all(&place).unwrap();
                let anew = watchfire(&place, &arguments).await;
                outcome.expect(anew.code == 0, || format!("init does not work any more: {}", anew.stderr));
            }
        }
        if let Err(why) = serves(&place).await {
            outcome.half.push(format!("after SIGKILL of init at {} {}: {why}", point.call, point.nth));
        }
        let _ = std::fs::remove_dir_all(&place);
    }
    outcome.done = format!(
        "killed at {} of {recorded} calls; {nodes} times a node was there, {none} times none; each serves at the end",
        points.len()
    );
    outcome
}

/// Runs `init` under strace. Returns whether it succeeded.
async fn init(dir: &Path, log: &Path, point: Option<&Point>, arguments: &[&str]) -> bool {
    let inject = point.map(|p| format!("{}:signal=SIGKILL:when={}", p.call, p.nth));
    let words = traced(log, inject.as_deref());
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).arg(env!("CARGO_BIN_EXE_watchfire")).arg("--dir").arg(dir).args(arguments);
    command.output().await.unwrap().status.success()
}

/// Whether there is a node that starts.
async fn serves(dir: &Path) -> Result<(), String> {
    use tokio::io::{AsyncBufReadExt, BufReader};
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
    command.arg("--dir").arg(dir).args(["--json", "serve"]).kill_on_drop(true);
    let mut process = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let first = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await;
    process.kill().await.unwrap();
    let line = first.map_err(|_| "nothing for 30 s")?.unwrap().unwrap_or_default();
    if line.contains("\"ready\":true") { Ok(()) } else { Err(line) }
}
