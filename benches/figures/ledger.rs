//! The ledger: what an entry costs within a batch, proofs at ten million entries, how fast an export verifies, and whether every
//! tampering is found.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use serde_json::json;
use watchfire::{
    domain::{
        actor::SignIn,
        event::{Deed, Event},
        ids::StatementId,
        ledger::origin,
        time::Clock,
    },
    ledger::{
        export::{self, Verifier},
        note::{Checkpoint, LogKey, Note},
        tree::Frontier,
    },
    seal::{
        hash::{Sha256Stream, sha256},
        raw::RawKey,
    },
    store::{Store, ledger::LedgerStore, sqlite::SqliteStore},
    telemetry::SystemClock,
};

use super::{
    Run,
    machine::{cpu_seconds, fdatasync_ms, percentile},
    report::Figure,
};

/// How many entries a batch has: as many as changes share a transaction.
const BATCH: usize = 256;
const KEY: [u8; 32] = [7; 32];

fn event() -> Event {
    let by = Some("spiffe://gb.example/analyst/alice".parse().unwrap());
    let signed_in = Some(SignIn::Certificate);
    Event { at: SystemClock.now(), by, signed_in, deed: Deed::Read { manifest: StatementId([1; 32]) } }
}

/// An entry within a batch, beside a bare row of the same bytes.
pub async fn append(run: &Run) {
    let batches = run.count(400, 200);
    let dir = run.directory();
    let store = SqliteStore::open_or_create(&dir.path().join("store.db"), &KEY).unwrap();
    let busy = || cpu_seconds("self");
    let before = busy();
    let own = recorded(&store, batches, BATCH).await;
    let own_cpu = busy() - before;
    let alone = recorded(&store, batches, 1).await;
    let size = store.ledger_entries(0, 1).await.unwrap()[0].plain.len() + 12 + 16;
    let before = busy();
    let limit = bare_rows(&dir.path().join("bare.db"), batches, size);
    let limit_cpu = busy() - before;
    let micros = |took: Duration, n: usize| took.as_secs_f64() * 1e6 / n as f64;
    let entries = batches * BATCH;
    let cpu = |seconds: f64| seconds * 1e6 / entries as f64;
    Figure {
        name: "ledger_append",
        value: micros(own, entries),
        unit: "microseconds for an entry in a batch of 256, sealed, hashed into the tree and durable",
        limit: micros(limit, entries),
        limit_is: "a bare row of the same bytes in a batch of 256, durable",
        n: entries,
        more: json!({ "cpu_us": cpu(own_cpu), "limit_cpu_us": cpu(limit_cpu), "alone_us": micros(alone, batches), "fdatasync_ms": fdatasync_ms(dir.path(), 100) }),
    }
    .print();
}

async fn recorded(store: &SqliteStore, batches: usize, each: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..batches {
        store.record(vec![event(); each]).await.unwrap();
    }
    start.elapsed()
}

fn bare_rows(path: &Path, batches: usize, size: usize) -> Duration {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; \
         CREATE TABLE ledger (number INTEGER PRIMARY KEY, leaf BLOB NOT NULL, sealed BLOB NOT NULL) STRICT",
    )
    .unwrap();
    let (leaf, sealed) = (vec![1_u8; 32], vec![2_u8; size]);
    let start = Instant::now();
    for _ in 0..batches {
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        for _ in 0..BATCH {
            let mut insert = conn.prepare_cached("INSERT INTO ledger (leaf, sealed) VALUES (?1, ?2)").unwrap();
            insert.execute(params![leaf, sealed]).unwrap();
        }
        conn.execute_batch("COMMIT").unwrap();
    }
    start.elapsed()
}

/// Proofs at ten million leaves, which stand for nothing.
pub async fn proof(run: &Run) {
    const LEAVES: u64 = 10_000_000;
    let dir = run.directory();
    let path = dir.path().join("store.db");
    drop(SqliteStore::open_or_create(&path, &KEY).unwrap());
    let filled = Instant::now();
    fill(&path, LEAVES);
    let store = SqliteStore::open(&path, &KEY).unwrap();
    let made = filled.elapsed();
    let n = run.count(2_000, 300) as u64;
    let (mut inclusion, mut consistency, mut roots, mut hashes) = (vec![], vec![], vec![], 0);
    for turn in 0..n {
        let index = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (LEAVES - 1);
        let start = Instant::now();
        let proof = store.inclusion(index, LEAVES - 1).await.unwrap();
        inclusion.push(start.elapsed());
        hashes = hashes.max(proof.len());
        let start = Instant::now();
        let proof = store.consistency(index + 1, LEAVES).await.unwrap();
        consistency.push(start.elapsed());
        hashes = hashes.max(proof.len());
        let start = Instant::now();
        store.ledger_root(index + 1).await.unwrap().unwrap();
        roots.push(start.elapsed());
    }
    Figure {
        name: "ledger_proof",
        value: percentile(inclusion.clone(), 50.0),
        unit: "milliseconds for an inclusion proof among ten million entries, median",
        limit: page_of_leaves(&path, LEAVES, n),
        limit_is: "256 leaves read, and nothing made of them, median",
        n: n as usize,
        more: json!({ "p99_ms": percentile(inclusion, 99.0), "consistency_ms": percentile(consistency.clone(), 50.0),
                      "consistency_p99_ms": percentile(consistency, 99.0), "root_ms": percentile(roots, 50.0),
                      "longest_proof_bytes": hashes * 32, "tree_made_s": made.as_secs_f64() }),
    }
    .print();
}

/// Leaves as a store from before the tree has them: it makes the tree when it is opened.
fn fill(path: &Path, leaves: u64) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(
        "PRAGMA synchronous = OFF; DROP TABLE ledger_subtree; DROP TABLE ledger_state; DROP TABLE ledger_kept; \
         ALTER TABLE feed_out DROP COLUMN adopted; PRAGMA user_version = 4; BEGIN",
    )
    .unwrap();
    let mut insert = conn.prepare("INSERT INTO ledger (number, leaf, sealed) VALUES (?1, ?2, x'')").unwrap();
    for number in 0..leaves {
        insert.execute(params![number as i64, sha256(&[&number.to_be_bytes()]).as_slice()]).unwrap();
    }
    drop(insert);
    conn.execute_batch("COMMIT").unwrap();
}

fn page_of_leaves(path: &Path, leaves: u64, n: u64) -> f64 {
    let conn = Connection::open(path).unwrap();
    let mut read = conn.prepare("SELECT leaf FROM ledger WHERE number >= ?1 AND number < ?1 + 256").unwrap();
    let took = (0..n).map(|turn| {
        let first = (turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (leaves - 256)) as i64;
        let start = Instant::now();
        let count = read.query_map([first], |row| row.get::<_, Vec<u8>>(0)).unwrap().map(Result::unwrap).count();
        assert_eq!(count, 256);
        start.elapsed()
    });
    percentile(took.collect(), 50.0)
}

/// An export as it is written, of `entries` entries.
fn exported(entries: u64) -> Vec<u8> {
    let key = RawKey::new(&RawKey::generate().unwrap()).unwrap();
    let name = origin(&"gb.example".parse().unwrap(), 1);
    let json = serde_json::to_vec(&event()).unwrap();
    let mut text = export::head(&LogKey { name: name.clone(), public: key.public_key() }, &[]).into_bytes();
    let mut frontier = Frontier::default();
    for index in 0..entries {
        let plain = [&sha256(&[&index.to_be_bytes()])[..], &json].concat();
        frontier.add(&sha256(&[&plain]));
        text.extend_from_slice(export::leaf(index, &plain).as_bytes());
    }
    let note = Note::sign(Checkpoint { origin: name, size: entries, root: frontier.root() }, &key);
    text.extend_from_slice(export::tail(&note).as_bytes());
    text
}

fn is_whole(mut text: impl BufRead) -> bool {
    let (mut verifier, mut line) = (Verifier::default(), vec![]);
    loop {
        line.clear();
        if text.read_until(b'\n', &mut line).unwrap() == 0 {
            return verifier.finish().is_ok();
        }
        if verifier.line(&line).is_err() {
            return false;
        }
    }
}

/// Verifying an export from its file, and the own store's tables.
pub async fn verify(run: &Run) {
    let entries = run.count(1_000_000, 200_000) as u64;
    let dir = run.directory();
    let path = dir.path().join("export.txt");
    std::fs::File::create(&path).unwrap().write_all(&exported(entries)).unwrap();
    let open = || BufReader::with_capacity(1 << 20, std::fs::File::open(&path).unwrap());
    let start = Instant::now();
    assert!(is_whole(open()));
    let own = start.elapsed();
    let bytes = std::fs::read(&path).unwrap();
    let start = Instant::now();
    let mut hash = Sha256Stream::new();
    bytes.chunks(1 << 20).for_each(|chunk| hash.update(chunk));
    assert_ne!(hash.finish(), [0; 32]);
    let limit = start.elapsed();
    let rate = |took: Duration| entries as f64 / took.as_secs_f64();
    Figure {
        name: "ledger_verify",
        value: rate(own),
        unit: "entries of an export per second",
        limit: rate(limit),
        limit_is: "one SHA-256 over the same bytes",
        n: entries as usize,
        more: json!({ "bytes_per_entry": bytes.len() as f64 / entries as f64, "store_per_second": store_rate(run).await }),
    }
    .print();
}

async fn store_rate(run: &Run) -> f64 {
    let dir = run.directory();
    let store = SqliteStore::open_or_create(&dir.path().join("store.db"), &KEY).unwrap();
    let batches = run.count(800, 200);
    recorded(&store, batches, BATCH).await;
    let start = Instant::now();
    assert_eq!(store.verify_ledger(Box::new(|_| ())).await.unwrap().fault, None);
    (batches * BATCH) as f64 / start.elapsed().as_secs_f64()
}

/// Random tamperings of an export: how many of them are found.
pub fn tamper(run: &Run) {
    let n = run.count(100_000, 20_000);
    let good = exported(64);
    assert!(is_whole(&good[..]));
    let (mut state, mut found) = (0x2545_f491_4f6c_dd1d_u64, 0);
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let start = Instant::now();
    for _ in 0..n {
        let mut bad = good.clone();
        let (at, other) = (random(bad.len()), random(bad.len()));
        match random(4) {
            0 => bad[at] ^= 1 << random(8),
            1 => drop(bad.remove(at)),
            2 => bad.insert(at, 32 + random(95) as u8),
            _ => bad.swap(at, other),
        }
        found += usize::from(bad == good || !is_whole(&bad[..]));
    }
    Figure {
        name: "ledger_tamper",
        value: found as f64,
        unit: "tamperings of an export found: a bit, a byte more or less, two bytes exchanged",
        limit: n as f64,
        limit_is: "all of them",
        n,
        more: json!({ "seconds": start.elapsed().as_secs_f64() }),
    }
    .print();
}
