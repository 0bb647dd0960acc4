//! Whether the disk has space for changes.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use rusqlite::Connection;

use crate::store::{Result, StoreError};

/// A disk with less free space, in bytes, is reported as full. Writes are still tried. One change may need that much, and the files next to
/// the store grow too.
const MIN_FREE: u64 = 1 << 20;

/// The disk that the store is on. The writer shares it.
pub(super) struct DiskSpace {
    dir: PathBuf,
    /// Whether the last change failed because the disk was full. A cache: staleness is harmless because the next change tries the disk itself.
    was_missing: AtomicBool,
}

impl DiskSpace {
    /// For the disk that the store's file is on.
    pub(super) fn of_store(store: &Path) -> Self {
        let dir = store.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Self { dir, was_missing: AtomicBool::new(false) }
    }

    /// Records the outcome of a change.
    pub(super) fn note(&self, outcome: &Result<()>) {
        match outcome {
            Ok(()) => self.was_missing.store(false, Ordering::Relaxed),
            Err(StoreError::Full) => self.was_missing.store(true, Ordering::Relaxed),
            Err(_) => {}
        }
    }

    /// Whether the last change failed because the disk was full.
    pub(super) fn was_missing(&self) -> bool {
        self.was_missing.load(Ordering::Relaxed)
    }

    /// Whether hardly any space is left. A system that does not report it counts as having some.
    pub(super) fn is_short(&self) -> bool {
        rustix::fs::statvfs(&self.dir).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < MIN_FREE)
    }
}

/// A change that changes nothing and still needs space on the disk.
pub(super) fn try_out(conn: &Connection) -> Result<()> {
    conn.execute("UPDATE meta SET value = value WHERE name = 'key check'", [])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_change_counts_and_a_system_that_does_not_tell_has_room() {
        let disk = DiskSpace::of_store(Path::new("/no/such/directory/store.db"));
        assert!(!disk.is_short() && !disk.was_missing());
        disk.note(&Err(StoreError::Full));
        disk.note(&Err(StoreError::Conflict));
        assert!(disk.was_missing());
        disk.note(&Ok(()));
        assert!(!disk.was_missing());
    }
}
