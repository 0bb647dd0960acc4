//! A simulated disk for one life of a node: the real SQLite files in memory, a power switch, and what a power cut may leave of them.
//!
//! The store answers a change once SQLite has synced its log (`synchronous = FULL`), so everything that was answered is on the disk. Of the
//! bytes that were being written at the cut, any part may be there. That is done here to the real log, byte by byte. It is not shown here that
//! the sync is requested and waited for, because the simulated disk trusts SQLite.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use watchfire::{
    domain::{ids::TrustDomain, statement::StatementKind},
    store::{
        Result, Store, StoreError,
        outbox::{OutboxItem, OutboxStore},
        sqlite::SqliteStore,
    },
    wire,
};

use crate::{mutants::Mutant, rng::Rng};

/// The key under which the store's content is encrypted.
const KEY: [u8; 32] = [7; 32];
/// The size that a disk writes as a whole.
const SECTOR: usize = 512;
/// The log's header, which differs after the log was begun anew.
const HEADER: usize = 32;

/// When the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// At the n-th write of the step, from 0.
    pub write: u8,
    /// How much of that write is on the disk.
    pub how: How,
}

/// How much of the write in progress is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Nothing.
    Before,
    /// Some of its bytes, chosen by this number: a part from the beginning, or sectors here and there.
    Torn(u16),
    /// All of it. Only the answer is missing.
    After,
}

/// The files of a store.
#[derive(Clone, Default)]
pub struct Files {
    pub db: Vec<u8>,
    pub log: Vec<u8>,
}

impl Files {
    /// The log comes first: what is copied from it into the database meanwhile is in the log that was read.
    fn read(folder: &Path) -> Self {
        let log = fs::read(folder.join("store.db-wal")).unwrap_or_default();
        Self { db: fs::read(folder.join("store.db")).unwrap(), log }
    }

    fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("store.db"), &self.db).unwrap();
        if !self.log.is_empty() {
            fs::write(folder.join("store.db-wal"), &self.log).unwrap();
        }
    }
}

struct Power {
    is_on: bool,
    writes: u8,
    cut: Option<Cut>,
    left: Option<Files>,
    /// For a mutant: the files as they were before the last change.
    before_last: Option<Files>,
}

/// The disk for one life of a node.
pub struct Disk {
    folder: PathBuf,
    store: Mutex<Option<Arc<SqliteStore>>>,
    power: Mutex<Power>,
    mutant: Option<Mutant>,
}

/// A write in progress.
pub enum Turn {
    Usual,
    /// The last write, with the files before it.
    Last(Box<Files>, How),
}

fn gone() -> StoreError {
    StoreError::Failed("the power is cut".to_owned())
}

impl Disk {
    /// A disk with these files, in an empty folder.
    pub fn with(files: &Files, folder: PathBuf, mutant: Option<Mutant>) -> Result<Arc<Self>> {
        files.write(&folder);
        let store = Arc::new(SqliteStore::open(&folder.join("store.db"), &KEY)?);
        let power = Power { is_on: true, writes: 0, cut: None, left: None, before_last: None };
        Ok(Arc::new(Self { folder, store: Mutex::new(Some(store)), power: Mutex::new(power), mutant }))
    }

    /// The store, as long as there is power.
    pub fn store(&self) -> Result<Arc<SqliteStore>> {
        if !self.is_on() {
            return Err(gone());
        }
        self.store.lock().unwrap().clone().ok_or_else(gone)
    }

    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// For a mutant: whether a recall waits in the partner's outbox.
    pub async fn has_waiting_recall(&self, partner: &TrustDomain) -> Result<bool> {
        let waiting = OutboxStore::outbox(&*self.store()?, partner, 0, 1_000).await?;
        let kind = |item: &OutboxItem| wire::envelope::decode(&item.envelope).map(|e| e.kind);
        Ok(waiting.iter().any(|item| kind(item) == Ok(StatementKind::Recall)))
    }

    /// For a mutant: nobody takes turns in any queue.
    pub fn forget_turns(&self) {
        let store = rusqlite::Connection::open(self.folder.join("store.db")).unwrap();
        store.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        store.execute("UPDATE queue SET turn = 0 WHERE turn > 0", []).unwrap();
    }

    pub fn is_on(&self) -> bool {
        self.power.lock().unwrap().is_on
    }

    /// Whether anything was written in this step.
    pub fn is_written(&self) -> bool {
        self.power.lock().unwrap().writes > 0
    }

    /// Begins a step. `cut` is where it ends.
    pub fn step(&self, cut: Option<Cut>) {
        let mut power = self.power.lock().unwrap();
        power.writes = 0;
        power.cut = cut;
    }

    /// The files while the writer is idle. Its work after an answer (copying the log, emptying it) is done.
    async fn files(&self) -> Files {
        let store = self.store.lock().unwrap().clone();
        if let Some(store) = store {
            let store: &dyn Store = &*store;
            for _ in 0..2 {
                let _ = store.record(vec![]).await;
            }
        }
        Files::read(&self.folder)
    }

    /// Begins a write.
    pub async fn begin(&self) -> Result<Turn> {
        let cut = {
            let mut power = self.power.lock().unwrap();
            if !power.is_on {
                return Err(gone());
            }
            let number = power.writes;
            power.writes = power.writes.saturating_add(1);
            power.cut.filter(|cut| cut.write == number)
        };
        if self.is(Mutant::Forgets) {
            let files = self.files().await;
            self.power.lock().unwrap().before_last = Some(files);
        }
        let Some(Cut { how, .. }) = cut else { return Ok(Turn::Usual) };
        let before = self.files().await;
        if how != How::Before {
            return Ok(Turn::Last(Box::new(before), how));
        }
        self.off_with(before);
        Err(gone())
    }

    /// Ends a write, unless the power failed meanwhile.
    pub async fn end<T>(&self, turn: Turn, done: Result<T>) -> Result<T> {
        if !self.is_on() {
            return Err(gone());
        }
        let Turn::Last(before, how) = turn else { return done };
        let after = self.files().await;
        self.off_with(match how {
            How::Torn(seed) => torn(&before, after, &mut Rng::new(seed.into())),
            How::Before | How::After => after,
        });
        Err(gone())
    }

    fn off_with(&self, files: Files) {
        let mut power = self.power.lock().unwrap();
        if power.is_on {
            power.is_on = false;
            power.left = Some(files);
        }
    }

    /// Cuts the power now, if it is still on.
    pub async fn cut(&self) {
        if self.is_on() {
            let forgotten = self.power.lock().unwrap().before_last.take();
            let files = match forgotten {
                Some(files) => files,
                None => self.files().await,
            };
            self.off_with(files);
        }
    }

    /// What a power cut has left. The store is closed after that.
    pub async fn left(&self) -> Files {
        self.cut().await;
        *self.store.lock().unwrap() = None;
        let left = self.power.lock().unwrap().left.take().unwrap();
        let _ = fs::remove_dir_all(&self.folder);
        left
    }
}

/// The files with some of the bytes that were written last.
fn torn(before: &Files, after: Files, chance: &mut Rng) -> Files {
    let is_same_log = before.log.is_empty() || before.log.get(..HEADER) == after.log.get(..HEADER);
    if !is_same_log {
        // The log was begun anew meanwhile. The database contains what it had, so the two can't be told apart here.
        return after;
    }
    let first = before.log.iter().zip(&after.log).take_while(|(a, b)| a == b).count();
    let mut log = before.log.clone();
    log.resize(after.log.len(), 0);
    if chance.percent(50) {
        let written = first + chance.below(after.log.len() - first + 1);
        log[first..written].copy_from_slice(&after.log[first..written]);
    } else {
        for begin in (first / SECTOR * SECTOR..after.log.len()).step_by(SECTOR) {
            if chance.percent(70) {
                let end = (begin + SECTOR).min(after.log.len());
                log[begin..end].copy_from_slice(&after.log[begin..end]);
            }
        }
    }
    Files { db: before.db.clone(), log }
}

/// The files of a store that was just made, after `fill`.
pub async fn made(folder: &Path, fill: impl AsyncFnOnce(&SqliteStore)) -> Files {
    fs::create_dir_all(folder).unwrap();
    let store = SqliteStore::open_or_create(&folder.join("store.db"), &KEY).unwrap();
    fill(&store).await;
    // Closed properly, all of it is in the database.
    drop(store);
    let files = Files::read(folder);
    let _ = fs::remove_dir_all(folder);
    files
}
