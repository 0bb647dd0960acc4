//! Urgency under load: however much waits for a partner, the most urgent entry goes next, and memory does not grow with the backlog.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use watchfire::wire::proto::FollowFeedRequest;

use crate::{
    hostile::{Feed, ROGUE},
    kit::{Org, note, pair, pair_by, until},
    slow_link::SlowLink,
};

/// The time that 2.7 MB take at 64 KiB a second, and some more.
const AT_A_SLOW_PACE: Duration = Duration::from_secs(120);

/// A small assessment of that level.
fn of_level(level: u8, headline: &str) -> String {
    note(headline, "BF").replace("level   = 3", &format!("level   = {level}"))
}

/// An assessment of 2.7 MB.
fn large(level: u8, headline: &str) -> String {
    // The text has few words, because the lint looks at each.
    let text = vec!["x".repeat(965); 200].join(" ");
    let portion = format!("\n[[portion]]\nkind = \"limitation\"\ntext = \"{text}\"\n");
    of_level(level, headline) + &portion.repeat(14)
}

/// The place at which an assessment arrived among this many of a partner's, by the receiver's own count, and all of the numbers in the order of
/// their arrival.
async fn place(org: &Org, partner: &str, id: &str, many: usize) -> (usize, Vec<u64>) {
    let mut desk = org.connect("analyst-ana").await;
    let request = FollowFeedRequest { partner: partner.to_owned(), new_only: false, ..Default::default() };
    let mut items = desk.assessments.follow_feed(request).await.unwrap().into_inner();
    let (mut place, mut numbers) = (0, vec![]);
    while numbers.len() < many {
        let item = items.message().await.unwrap().unwrap().item.unwrap();
        numbers.push(item.sequence);
        if hex::encode(&item.assessment_id) == id {
            place = numbers.len();
        }
    }
    (place, numbers)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_5_warning_is_numbered_next_behind_12_large_ones_on_a_slow_link() {
    let mut link = None;
    let dialled = async |gb: &Org| {
        let made = link.insert(SlowLink::to(&gb.peer).await);
        made.address.clone()
    };
    let (gb, mut no, _) = pair_by(dialled, "").await;
    let link = link.unwrap();
    no.kill().await;
    let mut author = gb.author().await;
    for n in 0..12 {
        author.publish(&large(2, &format!("routine {n}"))).await;
    }
    link.set_pace(64 << 10);
    let before = link.passed();
    no.start().await;
    let numbered = async || gb.feed("no.example", "out").await["last_sequence"].as_u64().unwrap();
    until("the first is on its way", async || (link.passed() - before > 128 << 10).then_some(())).await;
    assert_eq!(numbered().await, 1, "too many entries were numbered ahead");
    let warning = author.publish(&of_level(5, "the warning")).await;
    let published = Instant::now();
    while numbered().await == 1 {
        assert!(published.elapsed() < AT_A_SLOW_PACE, "the first one did not arrive");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("numbered {:?} after it was published", published.elapsed());
    link.set_pace(0);
    let (place, numbers) = place(&no, "gb.example", &warning, 13).await;
    assert_eq!((place, numbers), (2, (1..=13).collect()));
}

/// The negative control: the same count finds a sender that numbers ahead.
#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_numbers_ahead_is_found_by_its_count() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let mut entries: Vec<_> = (0..12).map(|n| feed.of(&of_level(2, &format!("routine {n}")))).collect();
    entries.push(feed.of(&of_level(5, "the warning")));
    let manifest = entries[12].manifest.as_ref().unwrap();
    let warning = watchfire::wire::manifest::decode(&manifest.payload).unwrap().assessment.to_string();
    served.set(entries);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    assert_eq!(place(&no, ROGUE, &warning, 13).await.0, 13);
}

/// A node's memory, as the operating system counts it.
struct Memory {
    process: u32,
    at_first: u64,
}

impl Memory {
    fn field(process: u32, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix(name)).unwrap();
        line.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() >> 10
    }

    /// Begins to record the peak.
    fn of(org: &Org) -> Self {
        let process = org.process_id();
        std::fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
        Self { process, at_first: Self::field(process, "VmRSS") }
    }

    /// By how many MiB it grew at most.
    fn grew(&self, what: &str) -> u64 {
        let most = Self::field(self.process, "VmHWM");
        println!("{what}: {} MiB, at most {most} MiB", self.at_first);
        most.saturating_sub(self.at_first)
    }
}

/// The most by which a node's memory may grow for lists or for a backlog, in MiB. Of a backlog, 25 to 32 MiB were seen, up to 16 of them the
/// database's pages. The whole backlog in memory would be far more.
const MOST: u64 = 64;

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_backlog_of_large_ones_nor_lists_of_them_take_much_memory() {
    const COUNT: usize = 32;
    let (mut gb, mut no) = pair().await;
    for org in [&mut gb, &mut no] {
        // As in deploy/watchfire.service.
        org.environment.push(("MALLOC_MMAP_THRESHOLD_", "131072".to_owned()));
        org.kill().await;
        org.start().await;
    }
    let mut author = gb.author().await;
    // What the first list allocates is already there.
    let mut all = vec![author.publish(&large(2, "the first")).await];
    no.has("gb.example", &all).await;
    // The node is idle, so what it allocates at its start is already there.
    no.signal("STOP");
    for n in 1..COUNT {
        all.push(author.publish(&large(2, &format!("routine {n}"))).await);
    }
    gb.kill().await;
    gb.start().await;
    let list = ["--as", "ana", "assess", "list", "--limit", "100"];
    gb.ask(&[&list[..4], &["--limit", "1"]].concat()).await;
    let listing = Memory::of(&gb);
    let started = Instant::now();
    for rows in join_all((0..4).map(|_| gb.ask(&list))).await {
        assert_eq!(rows.len(), COUNT);
        assert!(rows.iter().all(|row| row["level"] == 2 && row["headline"].is_string()), "{rows:?}");
    }
    println!("four lists took {:?}", started.elapsed());
    let grew = listing.grew("four lists at once");
    assert!(grew <= MOST, "four lists took {grew} MiB");

    let (sending, taking) = (Memory::of(&gb), Memory::of(&no));
    no.signal("CONT");
    let started = Instant::now();
    until("all are there", async || (no.feed("gb.example", "in").await["last_sequence"] == COUNT).then_some(())).await;
    println!("the backlog took {:?}", started.elapsed());
    for grew in [sending.grew("the backlog's sender"), taking.grew("the backlog's taker")] {
        assert!(grew <= MOST, "a backlog took {grew} MiB");
    }
    no.has("gb.example", &all).await;
}
