//! Digests of the watched files. A file is read again when its metadata has changed. The modification time and the length alone are not
//! enough, because container images and some package managers give every file the same time.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{config::Config, seal::hash::sha256};

/// Every file is read again after this time, whatever its metadata says.
const REREAD: Duration = Duration::from_secs(60);
/// A file that was changed this recently may change again without a change of its timestamps.
const FRESH: Duration = Duration::from_secs(3);
/// Larger files are not read, because no file of a node is that large.
const MAX_FILE: u64 = 16 << 20;

/// The digests of the files that belong together. `None` means that a file is missing or can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::app) struct Digests {
    pub member: [Option<[u8; 32]>; 2],
    pub tls: [Option<[u8; 32]>; 2],
    pub signing: [Option<[u8; 32]>; 2],
}

/// Device, inode, mode, length, modification time and change time (both in seconds and nanoseconds). Two files that exist at the same time
/// differ in the stamp.
type Stamp = (u64, u64, u32, u64, (i64, i64), (i64, i64));

fn stamp(meta: &Metadata) -> Stamp {
    let (written, changed) = ((meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec()));
    (meta.dev(), meta.ino(), meta.mode(), meta.len(), written, changed)
}

/// One file as it was last read.
struct WatchedFile {
    path: PathBuf,
    stamp: Option<Stamp>,
    digest: Option<[u8; 32]>,
    read_at: Option<Instant>,
}

impl WatchedFile {
    fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), stamp: None, digest: None, read_at: None }
    }

    fn look(&mut self) -> Option<[u8; 32]> {
        let meta = std::fs::metadata(&self.path).ok();
        let now = meta.as_ref().map(stamp);
        let is_known = self.stamp == now && self.read_at.is_some_and(|at| at.elapsed() < REREAD);
        if is_known && !meta.as_ref().is_some_and(is_fresh) {
            return self.digest;
        }
        let fits = meta.is_some_and(|meta| meta.is_file() && meta.len() <= MAX_FILE);
        self.digest = if fits { std::fs::read(&self.path).ok().map(|bytes| sha256(&[&bytes])) } else { None };
        (self.stamp, self.read_at) = (now, Some(Instant::now()));
        self.digest
    }
}

fn is_fresh(meta: &Metadata) -> bool {
    let since = |seconds: i64| {
        let at = UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        SystemTime::now().duration_since(at).unwrap_or_default()
    };
    since(meta.ctime()) < FRESH
}

/// The files that belong together.
pub(in crate::app) struct Files([WatchedFile; 6]);

impl Files {
    /// The files that a configuration names, not read yet.
    fn named(config: &Config) -> Self {
        let Config { bundle, crl, tls, signing, .. } = config;
        let all = [bundle, crl, &tls.certificate, &tls.key, &signing.certificate, &signing.key];
        Self(all.map(|path| WatchedFile::of(path)))
    }

    /// Makes the next [`Self::look`] read every file again, whatever its metadata says.
    pub(in crate::app) fn forget(&mut self) {
        self.0.iter_mut().for_each(|seen| seen.read_at = None);
    }

    /// Returns the current digests. Reads each file whose metadata has changed.
    pub(in crate::app) fn look(&mut self) -> Digests {
        let [bundle, crl, certificate, key, signing, signing_key] = self.0.each_mut().map(WatchedFile::look);
        Digests { member: [bundle, crl], tls: [certificate, key], signing: [signing, signing_key] }
    }
}

/// The files before the node reads them.
pub(in crate::app) struct FilesAtStart {
    pub files: Files,
    pub digests: Digests,
}

impl FilesAtStart {
    /// Reads the files that a configuration names.
    pub(in crate::app) fn read(config: &Config) -> Self {
        let mut files = Files::named(config);
        let digests = files.look();
        Self { files, digests }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File, FileTimes},
        os::unix::fs::symlink,
    };

    use super::*;

    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        let long_ago = UNIX_EPOCH + Duration::from_secs(1);
        File::options().write(true).open(path).unwrap().set_times(FileTimes::new().set_modified(long_ago)).unwrap();
    }

    #[test]
    fn a_link_that_is_turned_to_a_file_of_the_same_time_and_length_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        write(&path("one"), "first");
        write(&path("two"), "other");
        symlink("one", path("crl.pem")).unwrap();
        let mut seen = WatchedFile::of(&path("crl.pem"));
        let first = seen.look();
        assert_eq!(first, Some(sha256(&[b"first"])));
        symlink("two", path("new")).unwrap();
        fs::rename(path("new"), path("crl.pem")).unwrap();
        assert_eq!(seen.look(), Some(sha256(&[b"other"])));
        fs::remove_file(path("two")).unwrap();
        assert_eq!(seen.look(), None);
    }

    #[test]
    fn a_file_that_is_written_twice_within_a_moment_is_read_twice() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tls.pem");
        let mut seen = WatchedFile::of(&path);
        assert_eq!(seen.look(), None);
        for text in ["aaaa", "bbbb", "cccc", "dddd"] {
            fs::write(&path, text).unwrap();
            assert_eq!(seen.look(), Some(sha256(&[text.as_bytes()])));
        }
    }
}
