//! Whether the disk has room for changes.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use rusqlite::Connection;

use super::column::change;
use crate::store::{Result, StoreError};

/// A disk with less room, bytes, is full: a change may take as much, and the files beside the store grow too.
const LEAST: u64 = 1 << 20;

/// The disk that the store is on, known to the writer too.
pub(super) struct Room {
    dir: PathBuf,
    /// Whether the last change found no room.
    was_missing: AtomicBool,
}

impl Room {
    /// Of the disk that the store's file is on.
    pub(super) fn beside(store: &Path) -> Self {
        let dir = store.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Self { dir, was_missing: AtomicBool::new(false) }
    }

    /// What became of a change.
    pub(super) fn note(&self, outcome: &Result<()>) {
        match outcome {
            Ok(()) => self.was_missing.store(false, Ordering::Relaxed),
            Err(StoreError::Full) => self.was_missing.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
    }

    /// Whether the last change found no room.
    pub(super) fn was_missing(&self) -> bool {
        self.was_missing.load(Ordering::Relaxed)
    }

    /// Whether hardly any is left. A system that does not tell is taken to have some.
    pub(super) fn is_short(&self) -> bool {
        rustix::fs::statvfs(&self.dir).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST)
    }
}

/// A change that changes nothing, and takes room on the disk all the same.
pub(super) fn try_out(conn: &Connection) -> Result<()> {
    change(conn, "UPDATE meta SET value = value WHERE name = 'key check'", []).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_counts_and_a_system_that_does_not_tell_has_room() {
        let room = Room::beside(Path::new("/no/such/directory/store.db"));
        assert!(!room.is_short() && !room.was_missing());
        room.note(&Err(StoreError::Full));
        room.note(&Err(StoreError::Conflict));
        assert!(room.was_missing());
        room.note(&Ok(()));
        assert!(!room.was_missing());
    }
}
