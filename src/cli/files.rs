//! Reads and writes the files that people exchange.

use std::{
    fs::{File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{CliError, encoding, input};
use crate::draft::Format;

/// The largest file that is read.
const MAX_WRITTEN: u64 = 16 << 20;

/// The mode of a file for everybody, within the user's umask.
pub const FOR_ALL: u32 = 0o666;
/// The mode of a file that only its owner may read.
pub const FOR_OWNER: u32 = 0o600;

/// A new file. It gets its name only once it is complete and on disk, so that nobody mistakes a part for the whole. Until then it has
/// a temporary name in the same directory, and is removed when this is dropped.
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Creates the temporary file. It fails if the name is taken.
    pub fn begin(path: &Path, mode: u32) -> Result<Self, CliError> {
        if path.symlink_metadata().is_ok() {
            return Err(not_written(path, &io::ErrorKind::AlreadyExists.into()));
        }
        let dir = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut name = std::ffi::OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(".");
        let begun = tempfile::Builder::new().prefix(&name).permissions(Permissions::from_mode(mode)).tempfile_in(dir);
        // The message does not name the temporary file.
        let file = begun.map_err(|e| not_written(path, &io::Error::from(e.kind())))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Appends bytes.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.file.as_file_mut().write_all(bytes).map_err(|e| not_written(&self.path, &e))
    }

    /// Syncs it to disk, and gives it its name.
    pub fn finish(self) -> Result<(), CliError> {
        let Self { file, path } = self;
        let named = file.as_file().sync_all().and_then(|()| file.persist_noclobber(&path).map_err(|e| e.error));
        named.map(drop).map_err(|e| not_written(&path, &e))
    }
}

/// Writes a new file with this mode, completely or not at all. It fails if the name is taken.
pub fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), CliError> {
    let mut file = NewFile::begin(path, mode)?;
    file.add(text.as_bytes())?;
    file.finish()
}

/// Why a new file could not be written.
fn not_written(path: &Path, error: &io::Error) -> CliError {
    let why = match error.kind() {
        io::ErrorKind::AlreadyExists => "exists already; move it away, or write to another file".to_owned(),
        _ => format!("can't be written: {error}"),
    };
    CliError::files(format!("{} {why}", path.display()))
}

/// The bytes of a file that a person names, or of stdin for `-`; at most `limit`.
pub fn read_bytes(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    if input::is_stdin(path) {
        io::stdin().take(limit + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    }
    match bytes.len() as u64 > limit {
        true => Err(io::Error::other(format!("it is larger than {} MiB", limit >> 20))),
        false => Ok(bytes),
    }
}

/// A file that a person wrote, or stdin for `-`, and whether it is TOML or JSON. What comes from stdin is JSON if it begins as JSON does.
pub fn read_written(path: &Path) -> Result<(String, Format), CliError> {
    let unread = |why: String| CliError::files(format!("{} can't be read: {why}", input::name(path)));
    let bytes = read_bytes(path, MAX_WRITTEN).map_err(|e| unread(e.to_string()))?;
    let text = encoding::utf8(bytes).map_err(unread)?;
    let is_json = if input::is_stdin(path) {
        text.trim_start().starts_with('{')
    } else {
        path.extension().is_some_and(|e| e == "json")
    };
    Ok((text, if is_json { Format::Json } else { Format::Toml }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let all = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        all.collect()
    }

    #[test]
    fn a_file_has_its_name_once_it_is_whole_and_leaves_nothing_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("got");
        let mut begun = NewFile::begin(&path, FOR_OWNER).unwrap();
        begun.add(b"half of it").unwrap();
        assert!(!path.exists() && names(dir.path()).len() == 1);
        drop(begun);
        assert!(names(dir.path()).is_empty());
        let mut begun = NewFile::begin(&path, FOR_OWNER).unwrap();
        begun.add(b"all of it").unwrap();
        begun.finish().unwrap();
        assert_eq!((names(dir.path()), std::fs::read(&path).unwrap()), (vec!["got".to_owned()], b"all of it".to_vec()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, FOR_OWNER);
    }

    #[test]
    fn what_is_there_already_stays_also_where_it_comes_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("got");
        let begun = NewFile::begin(&path, FOR_ALL).unwrap();
        std::fs::write(&path, "another").unwrap();
        for refused in [begun.finish().unwrap_err(), write_new(&path, FOR_ALL, "mine").unwrap_err()] {
            assert!(refused.message.contains("exists already"), "{}", refused.message);
        }
        assert_eq!((names(dir.path()).len(), std::fs::read_to_string(&path).unwrap()), (1, "another".to_owned()));
    }

    #[test]
    fn a_file_without_end_is_no_draft() {
        let refused = read_written(Path::new("/dev/zero")).unwrap_err();
        assert!(refused.message.contains("larger than 16 MiB"), "{}", refused.message);
    }
}
