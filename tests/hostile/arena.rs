//! An honest pair that exchanges, an honest partner that makes calls, and attackers.

use std::{
    future::Future,
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::MutexGuard, time};
use tokio_util::task::AbortOnDropHandle;
use watchfire::wire::proto;

use crate::{
    asked::number,
    hostile_kit::Rogue,
    kit::{Author, Org, note, pair},
    watch::{Quantiles, Span, Watch},
};

/// The time between two exchanges, and between two calls.
const EXCHANGE_EVERY: Duration = Duration::from_millis(50);
const CALL_EVERY: Duration = Duration::from_millis(25);
/// What takes longer is an error. This only tells a hang from an answer.
const HANGS: Duration = Duration::from_secs(20);
/// The most that an attack may add to the victim's memory, MiB.
const MEMORY: u64 = 256;
/// The pair has recovered when it is as quick as this again, or as three times the calm.
const QUICK: Duration = Duration::from_millis(250);
/// What other work on the machine may add to three times the calm.
const SLACK: Duration = Duration::from_millis(1500);
/// The promise is 5 s on a machine that does nothing else; this one may have other work.
const RECOVERS: Duration = Duration::from_secs(15);
/// How long the calm before an attack and the time after it are measured.
const CALM: Duration = Duration::from_millis(1500);
const AFTER: Duration = Duration::from_millis(700);
/// More lines of log than this for one attack are a flood of their own.
const LINES: usize = 80;
/// What an attack reports if it could not take place. It then shows nothing.
pub const NOTHING: &str = "nothing got through";
/// A word of every headline that is exchanged. It must be in no log.
const CANARY: &str = "zanzibar-canary";

/// How long each attack lasts: `HOSTILE_SECONDS`, 1 by default.
pub fn length() -> Duration {
    Duration::from_secs(number("HOSTILE_SECONDS", 1))
}

/// One arena at a time, so that the measurements don't disturb each other.
pub async fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().await
}

static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

pub struct Arena {
    /// The node that publishes and is attacked.
    pub gb: Arc<Org>,
    no: Org,
    watch: Arc<Watch>,
    faults: Vec<String>,
    enrolled: u32,
    /// The most lines of log that the next attack may cause.
    lines: usize,
    _work: Vec<AbortOnDropHandle<()>>,
    _one: MutexGuard<'static, ()>,
}

/// What an attack must lead to, in addition to its answer.
pub struct Facing {
    pub name: &'static str,
    /// Must occur in what the node answered, as the attacker saw it, in whole words. `…` means anything between two of them.
    pub answer: &'static str,
    /// Must occur in the node's log. Empty means no requirement.
    pub logged: &'static str,
}

impl Arena {
    pub async fn new() -> Self {
        let one = alone().await;
        let (gb, no) = pair().await;
        let caller = Rogue::new("caller.example");
        caller.get_accepted(&gb, "127.0.0.1:1").await;
        let watch = Arc::new(Watch::default());
        let exchange = exchanging(gb.author().await, &no, watch.clone()).await;
        let call = calling(caller, &gb, watch.clone());
        let memory = weighing(gb.process_id(), watch.clone());
        let work =
            [tokio::spawn(exchange), tokio::spawn(call), tokio::spawn(memory)].map(AbortOnDropHandle::new).into();
        let arena =
            Self { gb: Arc::new(gb), no, watch, faults: vec![], enrolled: 0, lines: LINES, _work: work, _one: one };
        time::sleep(CALM + Duration::from_secs(1)).await;
        arena
    }

    /// A partner that is enrolled here. Each attack gets a new one, so that it does not lack the budget that the one before has spent.
    pub async fn enrolled(&mut self) -> Arc<Rogue> {
        self.enrolled += 1;
        let rogue = Rogue::new(Box::leak(format!("rogue-{}.example", self.enrolled).into_boxed_str()));
        rogue.get_accepted(&self.gb, "127.0.0.1:1").await;
        Arc::new(rogue)
    }

    fn quantiles(&self, span: Span) -> (Quantiles, Quantiles) {
        (Watch::quantiles(&self.watch.exchanges, span), Watch::quantiles(&self.watch.calls, span))
    }

    /// Runs an attack on its own threads, and reports the outcome in one line.
    pub async fn face<F: Future<Output = String> + Send + 'static>(
        &mut self,
        facing: Facing,
        attack: impl FnOnce() -> F + Send + 'static,
    ) {
        let (log, errors, start) = (self.gb.log().lines().count(), self.errors(), Instant::now());
        let memory = self.watch.memory_now();
        let calm = self.quantiles((start - CALM, start));
        let attack = move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            // Real attackers use other machines, so the load of these threads is not the node's fault.
            runtime.worker_threads(2).enable_all().on_thread_start(|| {
                let _ = rustix::process::setpriority_process(None, 19);
            });
            let runtime = runtime.build().unwrap();
            // On a worker thread, not on the thread that waits for it.
            runtime.block_on(async { tokio::spawn(attack()).await.unwrap() })
        };
        let answer = tokio::task::spawn_blocking(attack).await.unwrap();
        let end = Instant::now();
        let recovered = self.recovered(end, calm).await;
        time::sleep(AFTER.saturating_sub(end.elapsed())).await;
        let (during, after) = (self.quantiles((start, end)), self.quantiles((end, Instant::now())));
        let most = self.watch.most_memory((start, Instant::now()));
        // The node can't dial a partner who only attacks. These log lines are not part of the attack.
        let is_of_it = |line: &&str| !line.contains("no link to the partner");
        let log: Vec<String> = self.gb.log().lines().skip(log).filter(is_of_it).map(str::to_owned).collect();
        let errors = self.errors() - errors;
        say(&format!(
            "{} | {answer} | exchange {} → {} → {} ms, call {} → {} → {} ms | memory {memory} → {most} → {} MiB | \
             errors {errors}, recovered in {:.1} s, log +{}",
            facing.name,
            calm.0,
            during.0,
            after.0,
            calm.1,
            during.1,
            after.1,
            self.watch.memory_now(),
            recovered.as_secs_f64(),
            log.len(),
        ));
        let lines = self.lines;
        let mut wrong = |what: String| self.faults.push(format!("{}: {what}", facing.name));
        if !stands_in(facing.answer, &answer) || answer.contains(NOTHING) {
            wrong(format!("`{}` was wanted, this was answered: {answer}", facing.answer));
        }
        if !log.iter().any(|line| line.contains(facing.logged)) && !facing.logged.is_empty() {
            wrong(format!("`{}` is missing in the log: {log:#?}", facing.logged));
        }
        if log.len() > lines {
            wrong(format!("{} lines of log, the first: {:#?}", log.len(), &log[..8]));
        }
        if errors > 0 {
            wrong(format!("{errors} honest errors: {:?}", self.watch.errors.lock().unwrap()));
        }
        if during.1.p99 > calm.1.p99 * 3 + SLACK {
            wrong(format!("honest calls took {:?} instead of {:?}", during.1.p99, calm.1.p99));
        }
        if most > memory + MEMORY {
            wrong(format!("memory went from {memory} to {most} MiB"));
        }
        if recovered > RECOVERS {
            wrong(format!("recovered after {recovered:?} only"));
        }
    }

    /// Sets how many log lines an attack may cause from here on.
    pub fn lines(&mut self, most: usize) {
        self.lines = most;
    }

    /// The faults so far.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    fn errors(&self) -> usize {
        self.watch.errors.lock().unwrap().len()
    }

    /// How long until both are as quick again as in the calm.
    async fn recovered(&self, since: Instant, calm: (Quantiles, Quantiles)) -> Duration {
        let limit = |calm: Quantiles| QUICK.max(calm.p99 * 3);
        loop {
            let exchange = Watch::first_good(&self.watch.exchanges, since, limit(calm.0));
            let call = Watch::first_good(&self.watch.calls, since, limit(calm.1));
            match (exchange, call) {
                (Some(one), Some(other)) => return one.max(other) - since,
                _ if since.elapsed() > RECOVERS => return since.elapsed(),
                _ => time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Checks that the process lives, no log contains content, and no attack had a fault.
    pub async fn end(self) {
        let mut faults = self.faults;
        for org in [&*self.gb, &self.no] {
            org.ask(&["--as", "root", "feed", "status"]).await;
            if org.log().contains(CANARY) {
                faults.push(format!("content is in the log of {}", org.domain));
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

/// Whether these words occur in an answer. The end of a number does not count: `16` does not occur in `116`.
fn stands_in(wanted: &str, answer: &str) -> bool {
    let mut rest = answer;
    wanted.split('…').map(str::trim).all(|part| match place_of(part, rest) {
        Some(end) => {
            rest = &rest[end..];
            true
        }
        None => false,
    })
}

/// The end of the first match of these whole words.
fn place_of(words: &str, text: &str) -> Option<usize> {
    let is_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_whole = |at: usize| {
        !text[..at].ends_with(is_of_a_word) && !text[at + words.len()..].starts_with(is_of_a_word) || words.is_empty()
    };
    text.match_indices(words).map(|(at, _)| at).find(|at| is_whole(*at)).map(|at| at + words.len())
}

#[test]
fn only_whole_words_are_an_answer() {
    for (wanted, answer) in
        [("", "kept"), ("16 let in", "16 let in, the rest not"), ("GOAWAY … kept", "GOAWAY × 3, kept")]
    {
        assert!(stands_in(wanted, answer), "{wanted}: {answer}");
    }
    for (wanted, answer) in
        [("16 let in", "116 let in"), ("answers × 6", "answers × 60"), ("kept … GOAWAY", "GOAWAY, kept")]
    {
        assert!(!stands_in(wanted, answer), "{wanted}: {answer}");
    }
}

/// Prints a line that is shown even if the test passes.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "hostile: {line}").unwrap();
}

/// The author publishes at one node, and the analyst of the other node waits for it.
async fn exchanging(mut author: Author, no: &Org, watch: Arc<Watch>) -> impl Future<Output = ()> + use<> {
    let mut reader = no.connect("analyst-ana").await;
    let request = proto::FollowFeedRequest { partner: author.domain.to_owned(), new_only: true, ..Default::default() };
    let mut feed = reader.assessments.follow_feed(request).await.unwrap().into_inner();
    async move {
        let mut tick = time::interval(EXCHANGE_EVERY);
        // If the disk is slower than that, there are fewer.
        tick.set_missed_tick_behavior(time::MissedTickBehavior::Skip);
        loop {
            let due = tick.tick().await.into_std();
            let one = async {
                let id = author.try_publish(&note(CANARY, "BF")).await?.assessment_id;
                while let Some(arrived) = feed.message().await? {
                    if arrived.item.is_some_and(|i| i.assessment_id == id) {
                        return Ok(());
                    }
                }
                Err(tonic::Status::unavailable("the feed ended"))
            };
            done(time::timeout(HANGS, one).await, &watch.exchanges, due, &watch);
        }
    }
}

/// An honest partner asks whether anything waits for it.
fn calling(caller: Rogue, gb: &Org, watch: Arc<Watch>) -> impl Future<Output = ()> + use<> {
    let mut exchange = caller.exchange(gb);
    async move {
        let mut tick = time::interval(CALL_EVERY);
        loop {
            let due = tick.tick().await.into_std();
            let call = exchange.fetch_statements(proto::FetchStatementsRequest::default());
            done(time::timeout(HANGS, call).await.map(|r| r.map(|_| ())), &watch.calls, due, &watch);
        }
    }
}

fn done(
    result: Result<Result<(), tonic::Status>, time::error::Elapsed>,
    samples: &std::sync::Mutex<Vec<crate::watch::Sample>>,
    due: Instant,
    watch: &Watch,
) {
    match result {
        Ok(Ok(())) => Watch::note(samples, due),
        Ok(Err(status)) => watch.errors.lock().unwrap().push(status.to_string()),
        Err(_) => watch.errors.lock().unwrap().push("it hangs".to_owned()),
    }
}

async fn weighing(process: u32, watch: Arc<Watch>) {
    loop {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let resident =
            status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let Some(kib) = resident else { return watch.errors.lock().unwrap().push("the process is gone".to_owned()) };
        watch.memory.lock().unwrap().push((Instant::now(), kib / 1024));
        time::sleep(Duration::from_millis(10)).await;
    }
}
