//! Tests of what is particular to the file: its key, its version, its lock, damage, a full disk. Everything else is the
//! contract.

use std::{
    fs,
    future::ready,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

mod damage;
mod ledger;
mod queue;
mod searches;

use super::SqliteStore;
use crate::{
    domain::recall::RecallState,
    store::{
        ListFilter, Store, StoreError,
        contract::{Home, contract, fill, kit::*, sight, step},
        recalls::{ContentEffect, RecallStore as _},
        sql::{
            query::Queries,
            transaction::{Changes, Rows},
            value::OwnedValue,
        },
        title,
        vault::{LedgerLeaf, Vault},
    },
};

const KEY: [u8; 32] = [7; 32];

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("store.db")
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open_or_create(&self.path(), &KEY).unwrap()
    }

    /// Changes the file without the store's knowledge.
    fn tamper(&self, sql: &str) {
        let conn = Connection::open(self.path()).unwrap();
        assert!(conn.execute(sql, []).unwrap() > 0, "nothing was tampered with");
    }
}

impl Home for Folder {
    fn open(&self) -> Box<dyn Store> {
        Box::new(self.store())
    }

    // The file lock allows one process to write. Without it SQLite's own locks order the two writers, as the locks of a database
    // server would: each transaction sees all that was committed before it, and nothing is shared in memory.
    fn open_second(&self) -> Box<dyn Store> {
        Box::new(SqliteStore::open_second(&self.path(), &KEY).unwrap())
    }
}

contract!(Folder::new());

fn refusal(result: Result<SqliteStore, StoreError>) -> String {
    match result {
        Err(StoreError::Open(text)) => text,
        Err(other) => panic!("not refused at opening: {other}"),
        Ok(_) => panic!("opened"),
    }
}

#[test]
fn a_store_that_went_missing_is_noticed() {
    let folder = Folder::new();
    assert!(refusal(SqliteStore::open(&folder.path(), &KEY)).contains("does not exist"));
    fs::write(folder.path(), b"").unwrap();
    assert!(refusal(SqliteStore::open(&folder.path(), &KEY)).contains("is empty"));
    drop(folder.store());
    assert!(SqliteStore::open(&folder.path(), &KEY).is_ok());
}

#[test]
fn a_second_opener_is_refused() {
    let folder = Folder::new();
    let store = folder.store();
    assert!(refusal(SqliteStore::open(&folder.path(), &KEY)).contains("in use by another process"));
    drop(store);
    assert!(SqliteStore::open(&folder.path(), &KEY).is_ok());
}

#[test]
fn another_key_is_refused() {
    let folder = Folder::new();
    drop(folder.store());
    assert!(refusal(SqliteStore::open(&folder.path(), &[8; 32])).contains("another storage key"));
    assert!(SqliteStore::open(&folder.path(), &KEY).is_ok());
}

#[test]
fn a_newer_version_is_refused_and_left_alone() {
    let folder = Folder::new();
    drop(folder.store());
    Connection::open(folder.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(folder.path()).unwrap();
    let text = refusal(SqliteStore::open_or_create(&folder.path(), &KEY));
    assert!(text.contains("has version 99") && text.contains("use the newer program"), "{text}");
    assert_eq!(fs::read(folder.path()).unwrap(), before);
}

#[test]
fn another_kind_of_file_is_refused() {
    let folder = Folder::new();
    fs::write(folder.path(), "no database".repeat(1000)).unwrap();
    assert!(refusal(SqliteStore::open_or_create(&folder.path(), &KEY)).contains("is no Watchfire store"));
    fs::remove_file(folder.path()).unwrap();
    Connection::open(folder.path()).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(refusal(SqliteStore::open_or_create(&folder.path(), &KEY)).contains("is no Watchfire store"));
}

#[tokio::test]
async fn the_files_are_the_owners_alone() {
    let folder = Folder::new();
    let store = folder.store();
    fill(&store).await;
    let modes = files(folder.0.path()).into_iter().map(|f| fs::metadata(f).unwrap().permissions().mode() & 0o777);
    let modes: Vec<_> = modes.collect();
    assert_eq!(modes, [0o600; 4], "database, log, index, lock");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect()
}

#[tokio::test]
async fn no_content_is_legible_in_any_file() {
    let folder = Folder::new();
    let store = folder.store();
    fill(&store).await;
    let legible = |word: &[u8]| {
        files(folder.0.path()).iter().any(|f| fs::read(f).unwrap().windows(word.len()).any(|w| w == word))
    };
    let control = b"release 1 of 3";
    assert!(legible(control), "the search itself must work: envelopes of releases are not sealed");
    assert!(!legible(b"canary") && !legible(b"portion 1 of"));
    drop(store);
    assert!(legible(control) && !legible(b"canary"), "after the log went into the database");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_crash() {
    let folder = Folder::new();
    let store = folder.store();
    fill(&store).await;
    let before = sight(&store).await;
    // A copy of the files at this moment, without the index, which a crash may leave in any state.
    let crashed = Folder::new();
    for name in ["store.db", "store.db-wal"] {
        fs::copy(folder.0.path().join(name), crashed.0.path().join(name)).unwrap();
    }
    assert!(sight(&crashed.store()).await == before);
    // A torn end of the log is no commit. Everything before it stays.
    store.publish(publication(9, 1)).await.unwrap();
    let log = fs::read(folder.0.path().join("store.db-wal")).unwrap();
    let torn = Folder::new();
    fs::copy(folder.path(), torn.path()).unwrap();
    fs::write(torn.0.path().join("store.db-wal"), &log[..log.len() - 1]).unwrap();
    assert!(sight(&torn.store()).await == before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_with_sealed_rows_is_found() {
    let cases = [
        "UPDATE portion_set SET sealed = CAST(substr(sealed, 2) || x'00' AS BLOB) WHERE manifest = 1",
        "UPDATE portion_set SET sealed = (SELECT sealed FROM portion_set WHERE manifest = 2) WHERE manifest = 1",
        "UPDATE title SET sealed = CAST(substr(sealed, 2) || x'00' AS BLOB) WHERE portion_set = 1",
        "UPDATE title SET sealed = (SELECT sealed FROM title WHERE portion_set = 2) WHERE portion_set = 1",
        "UPDATE title SET sealed = (SELECT sealed FROM portion_set WHERE number = 1) WHERE portion_set = 1",
        "UPDATE assessment SET wrapped = (SELECT max(wrapped) FROM assessment)",
        "UPDATE assessment SET wrapped = NULL WHERE number = 1",
        "UPDATE manifest SET state = 'withdraw' WHERE number = 1",
        "UPDATE assessment SET id = x'00' WHERE number = 1",
    ];
    for sql in cases {
        let folder = Folder::new();
        let store = folder.store();
        fill(&store).await;
        let is_whole = !sql.contains("title");
        let everything = ListFilter { quarantined: true, whole: is_whole, ..ListFilter::default() };
        let whole = store.list(&everything).await.unwrap().whole().unwrap();
        drop(store);
        folder.tamper(sql);
        let store = folder.store();
        let page = store.list(&everything).await.unwrap();
        assert!(store.failure().is_none() && !store.damages().is_empty(), "{sql}: {:?}", store.damages());
        // Damage in one row does not affect the others.
        let named = if sql.contains("SET id") { None } else { Some((assessment(1), 1)) };
        assert!(page.damaged == [named] || sql.contains("max(wrapped)"), "{sql}: {:?}", page.damaged);
        assert_eq!(page.records.len() + page.damaged.len(), whole.len(), "{sql}");
        assert!(page.records.iter().all(|r| whole.contains(r)), "{sql}");
        assert!(matches!(page.whole(), Err(StoreError::Damaged(_))), "{sql}");
        assert!(store.by_manifest(&manifest(2, 1), false).await.is_ok() || sql.contains("max(wrapped)"), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lifted_quarantine_is_found() {
    let folder = Folder::new();
    fill(&folder.store()).await;
    folder.tamper("UPDATE manifest SET state = 'current' WHERE state = 'quarantined'");
    folder.tamper("UPDATE portion_set SET quarantined = 0 WHERE quarantined = 1");
    let found = folder.store().by_manifest(&manifest(4, 1), false).await;
    // Partners get a message that names nothing.
    let error = found.err().unwrap();
    assert!(matches!(&error, StoreError::Damaged(_)) && !error.to_string().contains(&manifest(4, 1).to_string()));
    let page = folder.store().list(&ListFilter::default()).await.unwrap();
    assert_eq!(page.damaged, [Some((assessment(4), 1))], "its title is not shown either");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn titles_of_older_assessments_are_made_by_the_first_list_and_go_with_a_purge() {
    let folder = Folder::new();
    let store = folder.store();
    let named = title::tests::headline("Named here");
    for n in [1, 2] {
        let mut older = publication(n, 1);
        older.portions = vec![named.clone(), b"no portion at all".to_vec()];
        store.publish(older).await.unwrap();
    }
    drop(store);
    folder.tamper("DELETE FROM title");
    let count =
        |sql: &str| Connection::open(folder.path()).unwrap().query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
    let store = folder.store();
    for _ in 0..2 {
        let listed = store.list(&ListFilter::default()).await.unwrap().whole().unwrap();
        assert_eq!(listed.into_iter().map(|r| r.portions).collect::<Vec<_>>(), vec![vec![named.clone()]; 2]);
        assert_eq!(count("SELECT count(*) FROM title"), 2);
    }
    store.recall(step(1, "gb", RecallState::Purged, ContentEffect::Destroy)).await.unwrap();
    assert_eq!(count("SELECT count(*) FROM title"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_with_the_ledger_is_found() {
    for sql in [
        "UPDATE ledger SET leaf = zeroblob(32) WHERE number = 1",
        "UPDATE ledger SET sealed = (SELECT sealed FROM ledger WHERE number = 0), \
         leaf = (SELECT leaf FROM ledger WHERE number = 0) WHERE number = 1",
    ] {
        let folder = Folder::new();
        fill(&folder.store()).await;
        folder.tamper(sql);
        let store = folder.store();
        assert!(matches!(store.events(0, 10).await, Err(StoreError::Corrupt(_))), "{sql}");
        assert_eq!(store.events(0, 1).await.unwrap().len(), 1);
    }
}

async fn max_pages(store: &SqliteStore, pages: i64) {
    let set = move |conn: &Connection| Ok(conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?);
    store.driver().write_queue.run(set).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_goes_on_reading_and_recovers() {
    let folder = Folder::new();
    let store = folder.store();
    fill(&store).await;
    max_pages(&store, 1).await;
    let before = sight(&store).await;
    let big = || {
        let mut p = publication(9, 1);
        p.portions = vec![vec![1; 1 << 20]];
        p
    };
    assert_eq!(store.publish(big()).await, Err(StoreError::Full));
    assert!(sight(&store).await == before, "nothing of it is kept, and reading goes on");
    // A change that needs no space still works.
    store.acknowledged(&domain("fr"), 2, at(2)).await.unwrap();
    max_pages(&store, 1 << 30).await;
    assert_eq!(store.publish(big()).await, Ok(true));
    assert_eq!(store.by_manifest(&manifest(9, 1), false).await.unwrap().unwrap().portions[0].len(), 1 << 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_disk_nothing_is_written_until_the_restart() {
    let folder = Folder::new();
    let store = folder.store();
    fill(&store).await;
    let before = sight(&store).await;
    // The error of a failed fsync: its code is SQLITE_IOERR_FSYNC.
    let fsync = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(1034), None);
    let failed = store.driver().write_queue.run(move |_| Err::<(), _>(fsync.into())).await;
    assert!(matches!(failed, Err(StoreError::Failed(_))));
    assert_eq!(store.publish(publication(9, 1)).await, Err(failed.unwrap_err()));
    assert!(sight(&store).await == before, "reading goes on");
    drop(store);
    assert_eq!(folder.store().publish(publication(9, 1)).await, Ok(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_touches_other_rows_than_it_must_undoes_its_transaction_and_no_other() {
    const GOOD: &str = "INSERT INTO meta (name, value) VALUES (?1, x'00')";
    const MISSED: &str = "UPDATE meta SET value = x'00' WHERE name = 'nothing has this name'";
    let folder = Folder::new();
    let store = folder.store();
    let writes = |name: &'static str, sql, rows| {
        let leaves = LedgerLeaf::all(&[refused("fr")]).unwrap();
        store.transact([], move |_, _, changes| {
            changes.write(GOOD, vec![OwnedValue::Text(name.to_owned())], Rows::One);
            changes.write(sql, vec![], rows);
            changes.record(leaves);
            Ok(())
        })
    };
    const ALL: &str = "UPDATE meta SET value = value";
    // All of them at once, so that they share a commit.
    let (none, too_few, too_many, any) = tokio::join!(
        writes("none", MISSED, Rows::AtMostOne),
        writes("too few", MISSED, Rows::One),
        writes("too many", ALL, Rows::AtMostOne),
        writes("any", ALL, Rows::Any)
    );
    assert_eq!((none, any), (Ok(()), Ok(())));
    assert_eq!((too_few, too_many), (Err(StoreError::Conflict), Err(StoreError::Conflict)));
    let conn = Connection::open(folder.path()).unwrap();
    let mut statement = conn.prepare("SELECT name FROM meta WHERE name <> 'key check' ORDER BY name").unwrap();
    let names: Vec<String> = statement.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(names, ["any", "none"]);
    assert_eq!(store.events(0, 10).await.unwrap().len(), 2, "no entry without its change");
    assert_eq!(store.failure(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_refuses_has_written_nothing() {
    let folder = Folder::new();
    let store = folder.store();
    let leaves = LedgerLeaf::all(&[refused("fr")]).unwrap();
    let look = move |_: &dyn Queries, _: &Vault, changes: &mut Changes| {
        changes.write("DELETE FROM meta", vec![], Rows::Any);
        changes.record(leaves);
        Err::<(), _>(StoreError::Recalled)
    };
    assert_eq!(store.transact([], look).await, Err(StoreError::Recalled));
    assert_eq!(store.events(0, 10).await.unwrap(), []);
    drop(store);
    assert!(SqliteStore::open(&folder.path(), &KEY).is_ok(), "the key check is still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_log_goes_into_the_database_and_starts_anew() {
    let folder = Folder::new();
    let store = folder.store();
    for n in 1..=40 {
        let mut p = publication(n, 1);
        p.portions = vec![vec![n; 1 << 20]];
        store.publish(p).await.unwrap();
    }
    let log = fs::metadata(folder.0.path().join("store.db-wal")).unwrap().len();
    let database = fs::metadata(folder.path()).unwrap().len();
    assert!(log < 30 << 20 && database > 20 << 20, "log {log}, database {database}");
}

/// Begins a read, and stops waiting for it before the reader's thread runs it.
fn given_up<T>(store: &SqliteStore, begun: impl Future<Output = T>, meanwhile: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (release, busy) = std::sync::mpsc::channel::<()>();
        let mut reading = std::pin::pin!(store.read(move |_| {
            busy.recv().unwrap();
            Ok(())
        }));
        tokio::select! { biased; _ = &mut reading => panic!("it has read"), () = ready(()) => {} }
        tokio::select! { biased; _ = begun => panic!("it came to an end"), () = ready(()) => {} }
        meanwhile();
        release.send(()).unwrap();
        reading.await.unwrap();
        // The read that was begun comes before this.
        store.partners().await.unwrap();
    });
}

#[test]
fn a_look_through_all_pages_holds_off_the_next_also_where_nobody_waits_for_it_any_more() {
    let folder = Folder::new();
    let store = folder.store();
    given_up(&store, store.check_integrity(), || assert!(store.driver().checking.try_lock().is_err()));
    assert!(store.driver().checking.try_lock().is_ok());
}

#[test]
fn damage_is_noted_also_where_nobody_waits_for_the_list_any_more() {
    let folder = Folder::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { fill(&folder.store()).await });
    folder.tamper("UPDATE assessment SET wrapped = NULL WHERE number = 1");
    let (store, filter) = (folder.store(), ListFilter::default());
    given_up(&store, store.list(&filter), || assert_eq!(store.damages(), []));
    assert!(!store.damages().is_empty());
}
