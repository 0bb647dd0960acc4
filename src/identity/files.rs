//! Files of certificates and keys. Keys must be readable by their owner only. [`super::pem`] parses the contents.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use zeroize::Zeroizing;

use super::pem;
pub use super::pem::to_pem;

/// The largest file that is read. A revocation list of this size has some 500,000 entries.
const MAX_FILE: u64 = 16 << 20;

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file is missing.
    #[error("`{0}` is missing; `watchfire doctor` lists the files that a node needs")]
    Missing(PathBuf),
    /// The file can't be read.
    #[error("`{0}` cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// The file contains something else, or has an unsupported form.
    #[error("`{0}` {1}")]
    Content(PathBuf, String),
    /// Others than the owner may read or write it.
    #[error("`{0}` is accessible to others than its owner (mode {1:03o}); run `chmod {2:o} {0}`")]
    OpenToOthers(PathBuf, u32, u32),
    /// The file exists, and keys are not overwritten.
    #[error("`{0}` exists already; move it away first if you mean to replace it")]
    Exists(PathBuf),
    /// The file can't be written.
    #[error("`{0}` cannot be written: {1}")]
    Unwritable(PathBuf, io::Error),
}

/// What to do if the file exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Fail, and leave the file as it is.
    Keep,
    /// Replace the file in one step.
    Replace,
}

/// Reads the chain that a node or person shows, with the end certificate first. A root in it is left out.
///
/// # Errors
/// [`FileError`], also if it contains no certificate, if a CA's certificate comes first, or if it is longer than partners accept.
pub fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    pem::end_chain(&read(path, false)?, path).map_err(|what| FileError::Content(path.to_owned(), what))
}

/// Reads all certificates of a trust bundle.
///
/// # Errors
/// [`FileError`], also if it contains no certificate.
pub fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    pem::all_certificates(&read(path, false)?, path).map_err(|what| FileError::Content(path.to_owned(), what))
}

/// Reads a private key that only its owner may read (mode 0600 or less).
///
/// # Errors
/// [`FileError`]. For a wider mode, it contains the command that corrects it.
pub fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, FileError> {
    pem::key(&read(path, true)?, path).map_err(|what| FileError::Content(path.to_owned(), what))
}

/// Reads a private key in PKCS#8, in the same way. An EC key in SEC1 is converted.
///
/// # Errors
/// [`FileError`]. For a wider mode, it contains the command that corrects it.
pub fn read_pkcs8(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    pem::pkcs8(&read(path, true)?, path).map_err(|what| FileError::Content(path.to_owned(), what))
}

/// Reads revocation lists, each in DER.
///
/// # Errors
/// [`FileError`], also if it contains no list.
pub fn read_crls(path: &Path) -> Result<Vec<Vec<u8>>, FileError> {
    pem::lists(&read(path, false)?, path).map_err(|what| FileError::Content(path.to_owned(), what))
}

/// Whether a file contains a private key, possibly among other things.
///
/// # Errors
/// [`FileError`], if it can't be read.
pub fn holds_key(path: &Path) -> Result<bool, FileError> {
    Ok(pem::holds_key(&read(path, false)?))
}

/// The mode of a file that contains a private key and that others than its owner may read. `None` for every other file, and for a file that
/// can't be read.
pub fn key_open_to_others(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.mode() & 0o777;
    (mode & 0o077 != 0 && pem::holds_key(&read(path, false).ok()?)).then_some(mode)
}

/// Reads revocation lists from a file that somebody names: PEM, or one list in DER. The second part is the whole file, which may also contain
/// certificates.
///
/// # Errors
/// [`FileError`], also if it contains no list.
pub fn read_crl_file(path: &Path) -> Result<(Vec<Vec<u8>>, Vec<u8>), FileError> {
    let bytes = read(path, false)?.to_vec();
    // A DER SEQUENCE begins with this byte, and no PEM text does.
    if bytes.first() == Some(&0x30) {
        return Ok((vec![bytes.clone()], bytes));
    }
    Ok((read_crls(path)?, bytes))
}

/// Reads a secret file of any content. Only its owner may be able to read it.
///
/// # Errors
/// [`FileError`]. For a wider mode, it contains the command that corrects it.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read(path, true)
}

/// Writes a secret with mode 0600 from its creation on. The file is written as a whole or not at all. It is on disk when this returns.
///
/// # Errors
/// [`FileError::Exists`] or [`FileError::Unwritable`].
pub fn write_secret(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), FileError> {
    write(path, bytes, 0o600, existing)
}

/// Writes a file that everybody may read, in the same way.
///
/// # Errors
/// [`FileError::Exists`] or [`FileError::Unwritable`].
pub fn write_public(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), FileError> {
    write(path, bytes, 0o644, existing)
}

/// Replaces a file's content in one step and keeps the file's mode. If there is no file, it acts like [`write_public`].
///
/// # Errors
/// [`FileError::Unwritable`].
pub fn write_over(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mode = fs::metadata(path).map_or(0o644, |meta| meta.mode() & 0o777);
    write(path, bytes, mode, Existing::Replace)
}

/// Makes a directory for its owner only (0700), or checks that an existing one has that mode.
///
/// # Errors
/// [`FileError`]. For a wider mode, it contains the command that corrects it.
pub fn private_directory(path: &Path) -> Result<(), FileError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let meta = fs::metadata(path).map_err(|e| FileError::Unreadable(path.to_owned(), e))?;
            check_mode(path, meta.mode(), 0o700)
        }
        Err(error) => Err(FileError::Unwritable(path.to_owned(), error)),
    }
}

/// The certificates of a PEM text. `None` if there is none, or if one is broken.
pub fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().ok()?;
    (!found.is_empty()).then_some(found)
}

fn read(path: &Path, secret: bool) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => FileError::Missing(path.to_owned()),
        _ => FileError::Unreadable(path.to_owned(), error),
    };
    let file = File::open(path).map_err(unreadable)?;
    // The mode of the open file, because the path may point to another file a moment later.
    let meta = file.metadata().map_err(unreadable)?;
    if secret {
        check_mode(path, meta.mode(), 0o600)?;
    }
    if meta.len() > MAX_FILE {
        return Err(unreadable(io::Error::other("it is larger than 16 MiB")));
    }
    // Allocates all memory at once, because a growing vector leaves copies of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default() + 1));
    file.take(MAX_FILE).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn check_mode(path: &Path, mode: u32, right: u32) -> Result<(), FileError> {
    if mode & 0o077 == 0 { Ok(()) } else { Err(FileError::OpenToOthers(path.to_owned(), mode & 0o777, right)) }
}

fn write(path: &Path, bytes: &[u8], mode: u32, existing: Existing) -> Result<(), FileError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists(path.to_owned()),
        _ => FileError::Unwritable(path.to_owned(), error),
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let draft = path.with_file_name(name);
    let written = write_draft(&draft, bytes, mode).and_then(|()| match existing {
        Existing::Replace => fs::rename(&draft, path),
        // A hard link fails if the name is taken, whereas a rename would overwrite the file.
        Existing::Keep => fs::hard_link(&draft, path),
    });
    // After a rename nothing is left to remove.
    let _ = fs::remove_file(&draft);
    written.map_err(failed)?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent).and_then(|directory| directory.sync_all()).map_err(failed)
}

fn write_draft(draft: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // A temporary file that an interrupted run with the same process id left behind.
    let _ = fs::remove_file(draft);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_for_its_owner_only_from_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.key");
        write_secret(&path, to_pem("PRIVATE KEY", &[1, 2, 3]).as_bytes(), Existing::Keep).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(read_key(&path).unwrap().secret_der(), [1, 2, 3]);
        assert!(matches!(write_secret(&path, b"other", Existing::Keep), Err(FileError::Exists(_))));
        write_secret(&path, to_pem("PRIVATE KEY", &[4]).as_bytes(), Existing::Replace).unwrap();
        assert_eq!(read_key(&path).unwrap().secret_der(), [4]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "a temporary file was left behind");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_command_that_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("node.key");
        write_secret(&path, to_pem("PRIVATE KEY", &[1]).as_bytes(), Existing::Keep).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read_key(&path).unwrap_err().to_string();
            assert!(error.contains(&format!("(mode {mode:03o}); run `chmod 600 {}`", path.display())), "{error}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(read_key(&path).is_ok());
    }

    #[test]
    fn missing_and_foreign_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chain.pem");
        assert!(matches!(read_chain(&path), Err(FileError::Missing(_))));
        write_public(&path, b"hello", Existing::Keep).unwrap();
        assert!(matches!(read_chain(&path), Err(FileError::Content(..))));
        assert!(matches!(read_crls(&path), Err(FileError::Content(..))));
        assert!(matches!(read_chain(dir.path()), Err(FileError::Unreadable(..))));
        write_public(&path, to_pem("CERTIFICATE", &[7; 100]).as_bytes(), Existing::Replace).unwrap();
        assert_eq!(read_chain(&path).unwrap()[0].as_ref(), [7; 100]);
    }

    #[test]
    fn a_directory_for_keys_is_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        private_directory(&path).unwrap();
        private_directory(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let error = private_directory(&path).unwrap_err().to_string();
        assert!(error.contains("run `chmod 700 "), "{error}");
    }
}
