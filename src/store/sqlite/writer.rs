//! The write queue and the thread that serves it. The thread runs all waiting changes in one transaction, so that they share
//! one fsync. Each change runs in its own savepoint, so that a change that fails rolls back no other change.

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

use super::{disk_space::DiskSpace, failure::FailureState};
use crate::store::{Result, StoreError};

/// The most changes in one transaction.
const GROUP: usize = 256;
/// The most changes in the queue. A caller waits while the queue is full.
const QUEUE_LENGTH: usize = 1024;
/// How many changes run before the length of the write-ahead log is checked. The check takes as long as a small change.
const CHANGES_PER_LOG_CHECK: usize = 8;
/// How many pages the write-ahead log has when it is copied into the database.
const CHECKPOINT_PAGES: i64 = 4000;

/// Begins a transaction that writes, and takes the write lock.
const BEGIN: &str = "BEGIN IMMEDIATE";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
/// Begins a savepoint, so that one change of a transaction can fail alone.
const SAVEPOINT: &str = "SAVEPOINT change";
/// Ends a savepoint, and keeps its changes.
const RELEASE: &str = "RELEASE change";
/// Undoes the changes since a savepoint.
const ROLLBACK_TO_SAVEPOINT: &str = "ROLLBACK TO change";

/// A change in the queue.
trait Job: Send {
    /// Runs the change within the transaction.
    fn run(&mut self, conn: &Connection) -> Result<()>;
    /// Answers the caller: with the change's result if the transaction was committed, otherwise with the reason why it was not.
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
        // The caller may have stopped waiting. The change is committed all the same.
        let _ = self.reply.send(outcome.and(own));
    }
}

fn stopped() -> StoreError {
    StoreError::Failed("the writer has stopped".to_owned())
}

/// The handle to the writer thread. Dropping it waits until all queued changes have run.
pub(super) struct WriteQueue {
    /// Tells the writer to check for the mark that a purge leaves. The store decides, because it has the mark; this only saves work.
    scrub: Arc<AtomicBool>,
    /// The changes that wait. No change counts before it is on disk, so that nothing is lost that was answered.
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl WriteQueue {
    /// Starts the writer thread. The thread holds `lock` as long as it runs.
    pub(super) fn start(
        conn: Connection,
        lock: File,
        failure: Arc<FailureState>,
        disk_space: Arc<DiskSpace>,
    ) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel(QUEUE_LENGTH);
        // A purge may have been interrupted before the log was emptied.
        let scrub = Arc::new(AtomicBool::new(true));
        let requested = scrub.clone();
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                Writer { conn, failure, disk_space, scrub: requested, since_log_check: 0 }.serve(waiting, lock)
            })
            .map_err(|e| StoreError::Open(format!("the store's thread can't be started: {e}")))?;
        Ok(Self { scrub, jobs: Some(jobs), thread: Some(thread) })
    }

    /// A flag that a purge sets within its change. The writer then empties the log, because the log holds older pages.
    pub(super) fn scrub(&self) -> Arc<AtomicBool> {
        self.scrub.clone()
    }

    /// Runs a change in a transaction. When it returns `Ok`, the change is on disk.
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

impl Drop for WriteQueue {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The writer thread's state.
struct Writer {
    conn: Connection,
    /// Why nothing is written any more. It ends with a restart, which reads the log anew.
    failure: Arc<FailureState>,
    /// Whether the disk has space for changes.
    disk_space: Arc<DiskSpace>,
    /// Whether to check for the mark that a purge leaves. The store decides, because it has the mark; this only saves work.
    scrub: Arc<AtomicBool>,
    /// How many changes ran since the log's length was checked. It only saves work.
    since_log_check: usize,
}

impl Writer {
    fn serve(mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>, lock: File) {
        self.empty_after_a_purge();
        while let Some(first) = waiting.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = waiting.try_recv()
            {
                group.push(next);
            }
            self.since_log_check += group.len();
            self.commit(group);
            if self.since_log_check >= CHANGES_PER_LOG_CHECK {
                self.since_log_check = 0;
                self.checkpoint("PASSIVE", CHECKPOINT_PAGES);
            }
            self.empty_after_a_purge();
        }
        // Nobody waits here, so the whole log can be copied into the database and truncated.
        self.checkpoint("TRUNCATE", 1);
        drop(self.conn);
        drop(lock);
    }

    fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        let outcome = match self.failure.known() {
            Some(failure) => Err(failure),
            None => transact(&self.conn, &mut group),
        };
        self.failure.of_writing(&outcome);
        self.disk_space.note(&outcome);
        for job in group {
            job.answer(outcome.clone());
        }
    }

    /// Copies the write-ahead log into the database. SQLite's automatic checkpoint ignores a failed fsync, so it is not used.
    fn checkpoint(&mut self, mode: &str, from_pages: i64) {
        if self.failure.known().is_some() {
            return;
        }
        let outcome = match self.pages("NOOP") {
            Ok(pages) if pages >= from_pages => self.pages(mode).map(|_| ()),
            other => other.map(|_| ()),
        };
        match &outcome {
            // The pages stay in the log. The next check tries again.
            Err(error @ (StoreError::Full | StoreError::Busy)) => tracing::warn!(%error, "the log stays for now"),
            other => self.failure.of_writing(other),
        }
    }

    /// Copies the whole log and truncates it if a purge has left its mark. If a reader blocks that, the mark stays and the next
    /// change tries again.
    fn empty_after_a_purge(&mut self) {
        const MARK: &str = "SELECT count(*) FROM meta WHERE name = 'scrub'";
        if self.failure.known().is_some() || !self.scrub.swap(false, Ordering::AcqRel) {
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
            Err(error) => self.failure.of_writing::<()>(&Err(error)),
        }
    }

    /// Runs a checkpoint in this mode, and returns how many pages of the log are not in the database.
    fn pages(&self, mode: &str) -> Result<i64> {
        let mut statement = self.conn.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
        Ok(statement.query_row([], |row| Ok(row.get::<_, i64>(1)?.saturating_sub(row.get(2)?)))?)
    }
}

/// Runs the group in one transaction. On `Err` nothing of it is stored.
fn transact(conn: &Connection, group: &mut [Box<dyn Job>]) -> Result<()> {
    run(conn, BEGIN)?;
    let outcome =
        group.iter_mut().try_for_each(|job| within_savepoint(conn, job.as_mut())).and_then(|()| run(conn, COMMIT));
    if outcome.is_err() && !conn.is_autocommit() {
        // A rollback fails only if the disk fails. Then the connection can't be trusted any more.
        run(conn, ROLLBACK).map_err(|e| StoreError::Failed(format!("a change can't be taken back: {e}")))?;
    }
    outcome
}

/// Runs a change in a savepoint. `Err` means that the whole transaction is lost; the error of a single change is no `Err`.
fn within_savepoint(conn: &Connection, job: &mut dyn Job) -> Result<()> {
    run(conn, SAVEPOINT)?;
    match job.run(conn) {
        Ok(()) => run(conn, RELEASE),
        // SQLite rolls back the whole transaction by itself if the disk is full, and on some failures.
        Err(error) if conn.is_autocommit() => Err(error),
        Err(error @ (StoreError::Failed(_) | StoreError::Corrupt(_))) => Err(error),
        Err(_) => {
            run(conn, ROLLBACK_TO_SAVEPOINT)?;
            run(conn, RELEASE)
        }
    }
}

fn run(conn: &Connection, sql: &str) -> Result<()> {
    conn.prepare_cached(sql)?.execute([])?;
    Ok(())
}
