//! The processes that a program has started: an editor may run under a shell, and start others itself.

use std::{
    collections::HashMap,
    fs,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// How often it is looked whether all have ended.
const EVERY: Duration = Duration::from_millis(20);
/// How long they have to end after they were asked. Who does not end by then is killed, because its file can't be removed before.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks a process and all its descendants to end, and waits until all have ended. `reaped` ends when the process itself has.
pub async fn end(root: Pid, signal: Signal, reaped: impl Future<Output = ()>) {
    let mut known = HashMap::new();
    tell(root, signal, &mut known);
    let (asked, mut is_reaped) = (Instant::now(), false);
    tokio::pin!(reaped);
    while !(is_reaped && known.is_empty()) && asked.elapsed() < 2 * PATIENCE {
        tokio::select! {
            () = &mut reaped, if !is_reaped => is_reaped = true,
            () = tokio::time::sleep(EVERY) => {}
        }
        known.retain(|process, started| born(*process) == Some(*started));
        // Between the look at the children and the signal, one of them may have started another.
        let all: Vec<Pid> = known.keys().copied().collect();
        for process in &all {
            children(*process).into_iter().for_each(|child| tell(child, signal, &mut known));
            if asked.elapsed() > PATIENCE {
                let _ = kill_process(*process, Signal::KILL);
            }
        }
    }
}

/// Signals a process and its descendants, each once. The children are looked up before their parent is signalled: an orphan has another parent.
fn tell(process: Pid, signal: Signal, known: &mut HashMap<Pid, u64>) {
    let Some(started) = born(process).filter(|_| !known.contains_key(&process)) else { return };
    known.insert(process, started);
    children(process).into_iter().for_each(|child| tell(child, signal, known));
    let _ = kill_process(process, signal);
}

/// The children of all threads of a process.
fn children(process: Pid) -> Vec<Pid> {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero())).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|id| Pid::from_raw(id.parse().ok()?)).collect::<Vec<_>>())
        .collect()
}

/// When a process was started, in ticks since the system was. An id that is used again has another one. `None` if it has ended.
fn born(process: Pid) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // The name in brackets may itself have blanks and brackets.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}
