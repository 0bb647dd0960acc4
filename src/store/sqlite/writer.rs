//! The one writer: a thread that puts what is waiting into one transaction, so that many changes share one fsync.
//! Each change stands in a savepoint of its own: one that fails takes no other with it.

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{room::Room, trouble::Trouble};
use crate::store::{Result, StoreError};

/// How many changes share a transaction at most.
const GROUP: usize = 256;
/// How many changes may wait; who comes then waits for a place.
const WAITING: usize = 1024;
/// After how many changes the length of the write-ahead log is looked at: that takes as long as a small change.
const LOOK_AFTER: usize = 8;
/// From how many pages of the write-ahead log on they are copied into the database.
const CHECKPOINT_PAGES: i64 = 4000;

/// A change that waits for its turn.
trait Job: Send {
    /// Does it, within the transaction.
    fn run(&mut self, conn: &Connection) -> Result<()>;
    /// Answers: with its own result where the transaction was committed, else with why it was not.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

struct Change<T, F> {
    work: Option<F>,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T> + Send> Job for Change<T, F> {
    fn run(&mut self, conn: &Connection) -> Result<()> {
        let result = self.work.take().map_or_else(|| Err(stopped()), |work| work(conn));
        let outcome = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let own = self.result.unwrap_or_else(|| Err(stopped()));
        // Who asked may be gone; the change stands all the same.
        let _ = self.reply.send(outcome.and(own));
    }
}

fn stopped() -> StoreError {
    StoreError::Failed("the writer has stopped".to_owned())
}

/// The door to the writer's thread. Dropping it waits until everything that was handed in is done.
pub(super) struct Writer {
    scrub: Arc<AtomicBool>,
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. It holds `lock` as long as it runs.
    pub(super) fn start(conn: Connection, lock: File, (trouble, room): (Arc<Trouble>, Arc<Room>)) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING);
        // A purge may have been cut off before the log was emptied.
        let scrub = Arc::new(AtomicBool::new(true));
        let asked = scrub.clone();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || Desk { conn, trouble, room, scrub: asked, since_look: 0 }.serve(waiting, lock))
            .map_err(|e| StoreError::Open(format!("the store's thread can't be started: {e}")))?;
        Ok(Self { scrub, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Set by a purge within its change: the log is emptied after it, for it holds pages from before.
    pub(super) fn scrub(&self) -> Arc<AtomicBool> {
        self.scrub.clone()
    }

    /// Runs a change in a transaction; on `Ok` it is on disk.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Box::new(Change { work: Some(work), result: None, reply })).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Desk {
    conn: Connection,
    /// Why nothing is written any more, until the log is read anew at the next start.
    trouble: Arc<Trouble>,
    /// Whether changes find room on the disk.
    room: Arc<Room>,
    /// Whether to look for the mark of a purge.
    scrub: Arc<AtomicBool>,
    /// How many changes came since the log was looked at.
    since_look: usize,
}

impl Desk {
    fn serve(mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>, lock: File) {
        self.empty_after_a_purge();
        while let Some(first) = waiting.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = waiting.try_recv()
            {
                group.push(next);
            }
            self.since_look += group.len();
            self.commit(group);
            if self.since_look >= LOOK_AFTER {
                self.since_look = 0;
                self.checkpoint("PASSIVE", CHECKPOINT_PAGES);
            }
            self.empty_after_a_purge();
        }
        // Nobody waits here, so the log can go into the database, and away, as a whole.
        self.checkpoint("TRUNCATE", 1);
        drop(self.conn);
        drop(lock);
    }

    fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        let outcome = match self.trouble.known() {
            Some(trouble) => Err(trouble),
            None => transact(&self.conn, &mut group),
        };
        self.trouble.of_writing(&outcome);
        self.room.note(&outcome);
        for job in group {
            job.answer(outcome.clone());
        }
    }

    /// Copies the write-ahead log into the database. By hand, because SQLite's own way passes over a failed fsync.
    fn checkpoint(&mut self, mode: &str, from_pages: i64) {
        if self.trouble.known().is_some() {
            return;
        }
        let outcome = match self.pages("NOOP") {
            Ok(pages) if pages >= from_pages => self.pages(mode).map(|_| ()),
            other => other.map(|_| ()),
        };
        match &outcome {
            // What is in the log stays there; the next turn tries again.
            Err(error @ (StoreError::Full | StoreError::Busy)) => tracing::warn!(%error, "the log stays for now"),
            other => self.trouble.of_writing(other),
        }
    }

    /// Copies the whole log and cuts it off where a purge has left its mark. Where a reader is in the way the mark stays, and
    /// the next change tries again.
    fn empty_after_a_purge(&mut self) {
        const MARK: &str = "SELECT count(*) FROM meta WHERE name = 'scrub'";
        if self.trouble.known().is_some() || !self.scrub.swap(false, Ordering::AcqRel) {
            return;
        }
        let outcome =
            self.conn.query_row(MARK, [], |r| r.get::<_, i64>(0)).map_err(StoreError::from).and_then(|marks| {
                if marks == 0 {
                    return Ok(true);
                }
                let is_busy: bool = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0))?;
                if is_busy {
                    return Ok(false);
                }
                self.conn.execute("DELETE FROM meta WHERE name = 'scrub'", [])?;
                Ok(true)
            });
        if !matches!(outcome, Ok(true)) {
            self.scrub.store(true, Ordering::Release);
        }
        match outcome {
            Ok(_) => {}
            Err(error @ (StoreError::Full | StoreError::Busy)) => tracing::warn!(%error, "the log stays for now"),
            Err(error) => self.trouble.of_writing::<()>(&Err(error)),
        }
    }

    /// How many pages of the log are not in the database (before a copy, or after it).
    fn pages(&self, mode: &str) -> Result<i64> {
        let mut statement = self.conn.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
        Ok(statement.query_row([], |row| Ok(row.get::<_, i64>(1)?.saturating_sub(row.get(2)?)))?)
    }
}

/// Runs the group in one transaction. On `Err` nothing of it is kept.
fn transact(conn: &Connection, group: &mut [Box<dyn Job>]) -> Result<()> {
    execute(conn, "BEGIN IMMEDIATE")?;
    let outcome = group
        .iter_mut()
        .try_for_each(|job| within_savepoint(conn, job.as_mut()))
        .and_then(|()| execute(conn, "COMMIT"));
    if outcome.is_err() && !conn.is_autocommit() {
        // A rollback fails only with the disk; then the connection can't be trusted any more.
        execute(conn, "ROLLBACK").map_err(|e| StoreError::Failed(format!("a change can't be taken back: {e}")))?;
    }
    outcome
}

/// `Err` where the whole transaction is lost; a change's own error is its own.
fn within_savepoint(conn: &Connection, job: &mut dyn Job) -> Result<()> {
    execute(conn, "SAVEPOINT change")?;
    match job.run(conn) {
        Ok(()) => execute(conn, "RELEASE change"),
        // SQLite rolls back everything by itself on a full disk and on some failures.
        Err(error) if conn.is_autocommit() => Err(error),
        Err(error @ (StoreError::Failed(_) | StoreError::Corrupt(_))) => Err(error),
        Err(_) => {
            execute(conn, "ROLLBACK TO change")?;
            execute(conn, "RELEASE change")
        }
    }
}

fn execute(conn: &Connection, sql: &str) -> Result<()> {
    conn.prepare_cached(sql)?.execute([])?;
    Ok(())
}
