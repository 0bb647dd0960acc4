//! What a test needs from the system and may be missing there: a clock that is off, and a small disk.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The library that gives a process another clock, if it is installed. Each architecture has a directory of its own.
pub fn faketime() -> Option<PathBuf> {
    let places = std::fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).map(|entry| entry.path());
    places.map(|place| place.join("faketime/libfaketime.so.1")).find(|library| library.is_file())
}

pub const NO_FAKETIME: &str = "libfaketime is not installed; apt-get install faketime";
pub const NO_DISK: &str = "no small disk can be mounted; run as root with CAP_SYS_ADMIN";

/// A small disk in memory, if this user may mount one. It is unmounted when the test ends, even if the test fails.
pub struct Disk(tempfile::TempDir);

impl Disk {
    pub fn of(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        mount(&format!("size={size},mode=0700"), dir.path()).then_some(Self(dir))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Mounts it again, read-only or not. Returns whether that succeeded.
    pub fn is_remounted(&self, how: &str) -> bool {
        mount(&format!("remount,{how}"), self.path())
    }
}

fn mount(options: &str, place: &Path) -> bool {
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(place).output();
    mounted.is_ok_and(|m| m.status.success())
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
