//! Opens the files that a draft names. A draft may come from somebody else. It therefore can't name a file elsewhere on this machine, and a pipe
//! or device that it names does not block the program.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Component, Path, PathBuf},
};

use rustix::fs::OFlags;
use unicode_normalization::UnicodeNormalization;

use crate::{app::is_secret, cli::CliError, config::Config};

/// Where the files of a draft are searched.
#[derive(Clone, Copy)]
pub(super) struct DraftFiles<'a> {
    /// The draft's own file.
    pub draft: &'a Path,
    /// The node in whose directory the command runs, if there is one.
    pub node: Option<&'a Config>,
}

impl DraftFiles<'_> {
    /// Opens a regular file in the draft's directory or below. The node's secrets are refused.
    pub(super) fn open(self, named: &Path) -> Result<File, CliError> {
        let dir = self.draft.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let failed = |e: io::Error| CliError::files(format!("{} can't be read: {e}", dir.join(named).display()));
        let refused = |why: &str| CliError::files(format!("{}: {why}", named.display()));
        const ELSEWHERE: &str = "a draft may only name files in its own directory or below it; copy the file there";
        let stays = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !named.components().all(stays) {
            return Err(refused(ELSEWHERE));
        }
        // The resolved path counts, because a symbolic link may lead elsewhere.
        let real = found(dir, named).canonicalize().map_err(failed)?;
        if !real.starts_with(dir.canonicalize().map_err(failed)?) {
            return Err(refused(ELSEWHERE));
        }
        // Settings and keys of a person are in such places. A colleague who hands a draft over could name them.
        let is_hidden = |part: &Component<'_>| part.as_os_str().to_string_lossy().starts_with('.');
        let below = real.strip_prefix(dir.canonicalize().map_err(failed)?).unwrap_or(&real);
        if below.components().any(|part| is_hidden(&part)) {
            return Err(refused("its name, or that of its directory, begins with a dot; copy the file to attach it"));
        }
        // A draft in the node's own directory is next to the node's keys.
        if self.node.is_some_and(|node| is_secret(node, &real)) {
            return Err(refused(
                "it is a key or the store of the node, or belongs to a person; a draft may not attach it",
            ));
        }
        // Without NONBLOCK, opening a pipe blocks until somebody writes to it.
        let flags = (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(real).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is not a file; it is a directory, a pipe or a device")));
        }
        Ok(file)
    }
}

/// The path as it is on disk. Texts in a draft are in composed form (NFC), but some systems store file names decomposed. If no file has the
/// exact name, the one with the same composed form is used.
fn found(dir: &Path, named: &Path) -> PathBuf {
    named.components().fold(dir.to_owned(), |at, part| {
        let (exact, Some(wanted)) = (at.join(part), part.as_os_str().to_str()) else { return at.join(part) };
        if exact.symlink_metadata().is_ok() {
            return exact;
        }
        let reads_alike = |name: &str| name.nfc().eq(wanted.nfc());
        let mut names =
            fs::read_dir(&at).into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.find(|name| reads_alike(name)).map_or(exact, |name| at.join(name))
    })
}

#[cfg(test)]
mod tests {
    use std::{io::Read, os::unix::fs::symlink};

    use super::*;

    fn read(draft: &Path, named: &str) -> Result<String, String> {
        let mut text = String::new();
        let mut file = DraftFiles { draft, node: None }.open(Path::new(named)).map_err(|e| e.message)?;
        file.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    #[test]
    fn only_what_stands_beside_the_draft_is_opened() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("work/photos")).unwrap();
        for (name, text) in [("secret", "secret"), ("work/map", "map"), ("work/photos/one", "one")] {
            fs::write(at(name), text).unwrap();
        }
        symlink("../secret", at("work/out")).unwrap();
        symlink("..", at("work/up")).unwrap();
        symlink("photos/one", at("work/in")).unwrap();
        let draft = at("work/draft.toml");
        for (named, text) in [("map", "map"), ("./map", "map"), ("photos/one", "one"), ("in", "one")] {
            assert_eq!(read(&draft, named).unwrap(), text, "{named}");
        }
        let whole = at("work/map");
        for named in ["../secret", "photos/../map", "out", "up/secret", "/etc/hostname", whole.to_str().unwrap()] {
            let why = read(&draft, named).unwrap_err();
            assert!(why.contains("files in its own directory"), "{named}: {why}");
        }
        fs::create_dir(at("work/.ssh")).unwrap();
        fs::write(at("work/.ssh/key"), "key").unwrap();
        symlink(".ssh/key", at("work/harmless")).unwrap();
        for named in [".ssh/key", "harmless"] {
            assert!(read(&draft, named).unwrap_err().contains("begins with a dot"), "{named}");
        }
        assert!(read(&draft, "nothing").unwrap_err().contains("can't be read"));
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("directory")).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(dir.path().join("pipe")).status().unwrap();
        assert!(pipe.success());
        for named in ["directory", "pipe"] {
            let why = read(&dir.path().join("draft.toml"), named).unwrap_err();
            assert!(why.contains("it is not a file"), "{named}: {why}");
        }
    }

    #[test]
    fn a_decomposed_name_is_found_by_the_composed_one_and_an_exact_one_first() {
        let dir = tempfile::tempdir().unwrap();
        let (composed, draft) = ("\u{dc}bersicht/C\u{f4}te", dir.path().join("draft.toml"));
        let decomposed = composed.nfd().collect::<String>();
        assert_ne!(composed, decomposed);
        let at = dir.path().join(&decomposed);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(&at, "decomposed").unwrap();
        assert_eq!(read(&draft, composed).unwrap(), "decomposed");
        fs::write(at.with_file_name("C\u{f4}te"), "composed").unwrap();
        assert_eq!(read(&draft, composed).unwrap(), "composed");
        assert_eq!(read(&draft, &decomposed).unwrap(), "decomposed");
    }
}
