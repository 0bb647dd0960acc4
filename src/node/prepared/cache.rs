//! The assessments that were made ready last.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Prepared;
use crate::domain::ids::StatementId;

/// How many are kept ready; at 4 KiB each, a few megabytes.
pub(super) const KEPT: usize = 512;
/// How many bytes of portions they hold at most: a partner may send the largest ones.
const KEPT_BYTES: usize = 32 << 20;

/// The ones last asked for.
#[derive(Default)]
pub struct Cache {
    kept: Mutex<Kept>,
    /// What was taken back while this node runs: whoever read it from the store before that does not put it here after.
    gone: Mutex<HashSet<StatementId>>,
}

#[derive(Default)]
struct Kept {
    by_id: HashMap<StatementId, Arc<Prepared>>,
    bytes: usize,
    /// Counts what was forgotten: what was read before that may be out of date.
    forgotten: u64,
}

impl Kept {
    fn put(&mut self, prepared: Arc<Prepared>) {
        self.remove(&prepared.id);
        if self.by_id.len() >= KEPT || self.bytes + prepared.bytes() > KEPT_BYTES {
            // A crowd beyond this is a catch-up, where nothing is asked for twice anyway.
            *self = Self { forgotten: self.forgotten, ..Self::default() };
        }
        self.bytes += prepared.bytes();
        self.by_id.insert(prepared.id, prepared);
    }

    fn remove(&mut self, id: &StatementId) {
        if let Some(removed) = self.by_id.remove(id) {
            self.bytes -= removed.bytes();
        }
    }
}

/// Locks even after a panic elsewhere: these are whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cache {
    pub(super) fn get(&self, id: &StatementId) -> Option<Arc<Prepared>> {
        lock(&self.kept).by_id.get(id).cloned()
    }

    /// How much was forgotten so far.
    pub(super) fn forgotten(&self) -> u64 {
        lock(&self.kept).forgotten
    }

    /// Keeps what was read when so much was forgotten; nothing where more was forgotten since.
    pub(super) fn put(&self, prepared: Arc<Prepared>, forgotten: u64) {
        let mut kept = lock(&self.kept);
        if kept.forgotten == forgotten && !self.is_gone(&prepared.id) {
            kept.put(prepared);
        }
    }

    /// Keeps what was just made: nobody else knows of it yet.
    pub(in crate::node) fn put_new(&self, prepared: Arc<Prepared>) {
        self.put(prepared, self.forgotten());
    }

    /// More portions came, or it gave way.
    pub(in crate::node) fn forget(&self, id: &StatementId) {
        let mut kept = lock(&self.kept);
        kept.forgotten += 1;
        kept.remove(id);
    }

    /// It was taken back.
    pub(in crate::node) fn ban(&self, id: &StatementId) {
        let mut kept = lock(&self.kept);
        lock(&self.gone).insert(*id);
        kept.remove(id);
    }

    pub(super) fn is_gone(&self, id: &StatementId) -> bool {
        lock(&self.gone).contains(id)
    }
}
