//! What a step costs as the store fills: ten thousand assessments, a hundred thousand, a million.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use watchfire::{
    domain::{
        fold::folded_words,
        ids::{AssessmentId, StatementId},
        level::WarningLevel,
        summary::Filter,
        time::Clock,
    },
    seal::{compose::new_assessment_id, random},
    store::{
        ListFilter, Store, StoreError,
        search::{SearchStore as _, VersionFilter},
    },
    telemetry::SystemClock,
};

use super::{
    Run,
    content::{kept, published},
    machine::{fdatasync_ms, percentile, resident_kib},
    pair::Pair,
    report::Figure,
};

/// A word that many of the assessments have.
const COMMON: &str = "killing";
/// How many are put in at once: they share a commit.
const AT_ONCE: usize = 256;

/// What a reader waits for, as the 95th percentile in milliseconds.
struct Found {
    /// The first 50 of a filter that many assessments fit.
    filtered: f64,
    /// The first 50 with a word that many have.
    word: f64,
    /// All with two words of which one is in none, so that the whole index is read.
    rare_word: f64,
}

/// What was measured at one size, times as medians in milliseconds.
struct Measured {
    bare: f64,
    publish: f64,
    look: f64,
    list: f64,
    search: f64,
    found: Found,
    show: f64,
    start: f64,
    resident_mib: f64,
}

pub async fn run(run: &Run) {
    let sizes: &[usize] = if run.count(1, 0) == 1 { &[10_000, 100_000, 1_000_000] } else { &[1_000, 10_000] };
    let times = run.count(500, 100);
    let dir = run.directory();
    let pair = Pair::found(dir.path(), false).await;
    let (mut stored, mut some) = (0, vec![]);
    for size in sizes {
        some.extend(fill(&pair, size - stored).await);
        let measured = measure(&pair, times, &some).await;
        stored = size + 2 * times;
        let bytes = std::fs::metadata(pair.publisher.dir.join("store.db")).unwrap().len();
        Figure {
            name: "growth",
            value: measured.publish,
            unit: "ms, median, for one publication in this process: verified, decided and durable",
            limit: measured.bare,
            limit_is: "the store's own commit of the same publication",
            n: times,
            more: json!({ "assessments": size, "look_ms": measured.look, "list_of_50_ms": measured.list,
                          "search_page_ms": measured.search,
                          "filtered_list_p95_ms": measured.found.filtered, "word_p95_ms": measured.found.word,
                          "rare_word_p95_ms": measured.found.rare_word,
                          "show_ms": measured.show, "start_ms": measured.start, "resident_mib": measured.resident_mib,
                          "kib_each": bytes as f64 / 1024.0 / stored as f64, "fdatasync_ms": fdatasync_ms(dir.path(), 200) }),
        }
        .print();
    }
}

/// Puts so many in; answers with the ids of some.
async fn fill(pair: &Pair, count: usize) -> Vec<AssessmentId> {
    let store = Arc::new(pair.publisher.store());
    let signed = Arc::new(pair.assessments(1).remove(0));
    let mut tasks = tokio::task::JoinSet::new();
    let mut some = vec![];
    for i in 0..count {
        if tasks.len() >= AT_ONCE {
            tasks.join_next().await.unwrap().unwrap();
        }
        let assessment = new_assessment_id().unwrap();
        if i % (count / 100).max(1) == 0 {
            some.push(assessment);
        }
        // Nobody opens these, so they need no signature of their own.
        let (store, signed) = (store.clone(), signed.clone());
        let manifest_id = StatementId(random::bytes().unwrap());
        tasks.spawn(async move { assert!(store.publish(kept(&signed, manifest_id, assessment)).await.unwrap()) });
    }
    tasks.join_all().await;
    some
}

async fn measure(pair: &Pair, times: usize, some: &[AssessmentId]) -> Measured {
    let mut all = pair.assessments(2 * times);
    let store = pair.publisher.store();
    let partner = &pair.subscriber.domain;
    let (mut bare, mut look, mut list, mut search, mut show) = (vec![], vec![], vec![], vec![], vec![]);
    // No assessment is about it, so the search looks at as many as it may for one page.
    let places = vec!["AQ".parse().unwrap()];
    let filter = Filter { places, ..Filter::default() };
    let wanted = VersionFilter::new(filter, vec![], SystemClock.now());
    for signed in all.split_off(times) {
        bare.push(timed(store.publish(published(&signed))).await);
    }
    for assessment in some.iter().cycle().take(times) {
        list.push(timed(store.list(&ListFilter { current_only: true, ..ListFilter::default() })).await);
        search.push(timed(store.search(&ListFilter::default(), &wanted)).await);
        show.push(timed(store.assessment(assessment, None, false)).await);
    }
    let found = find(&store, times).await;
    drop(store);
    let start = Instant::now();
    let node = pair.publisher.run().await;
    let start = start.elapsed();
    let mut publish = vec![];
    for signed in all {
        publish.push(timed(node.node.assessments.publish(&pair.publisher.author(), signed.submission())).await);
    }
    let resident_mib = resident_kib(std::process::id()) / 1024.0;
    node.stop().await;
    let store = pair.publisher.store();
    for _ in 0..times {
        look.push(timed(store.pending_work(partner, 0, SystemClock.now(), 1 << 20)).await);
    }
    let median = |took| percentile(took, 50.0);
    Measured {
        bare: median(bare),
        publish: median(publish),
        look: median(look),
        list: median(list),
        search: median(search),
        found,
        show: median(show),
        start: start.as_secs_f64() * 1000.0,
        resident_mib,
    }
}

/// Searches as a reader of the list does, until 50 are found or everything was looked at.
async fn find(store: &impl Store, times: usize) -> Found {
    let now = SystemClock.now();
    let filter = Filter { levels: WarningLevel::ALL.to_vec(), exercise: Some(false), ..Filter::default() };
    let filtered = VersionFilter::new(filter, vec![], now);
    let of_words =
        |text: &str| VersionFilter { words: folded_words(text), ..VersionFilter::new(Filter::default(), vec![], now) };
    let p95 = async |wanted: VersionFilter| {
        let mut took = vec![];
        for _ in 0..times.min(100) {
            took.push(timed(first_page(store, &wanted)).await);
        }
        percentile(took, 95.0)
    };
    Found {
        filtered: p95(filtered).await,
        word: p95(of_words(COMMON)).await,
        rare_word: p95(of_words(&format!("{COMMON} nowhere"))).await,
    }
}

async fn first_page(store: &impl Store, wanted: &VersionFilter) -> Result<usize, StoreError> {
    let mut filter = ListFilter { current_only: true, ..ListFilter::default() };
    let mut found = 0;
    loop {
        let page = store.search(&filter, wanted).await?;
        found += page.records.len();
        filter.before = page.next;
        if filter.before.is_none() || found >= 50 {
            return Ok(found);
        }
    }
}

async fn timed<T, E: std::fmt::Debug>(work: impl Future<Output = Result<T, E>>) -> Duration {
    let start = Instant::now();
    work.await.unwrap();
    start.elapsed()
}
