//! `watchfire draft edit`.

use std::{
    env,
    ffi::OsString,
    fs::{self, Permissions},
    io::IsTerminal,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use clap::Args;
use rustix::process::{Pid, Signal};
use tempfile::TempDir;
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
};

use super::{
    descendants,
    save::save,
    view::{find, text},
};
use crate::cli::{
    CliError, Exit, Global, complete,
    context::{Context, WRITERS},
    output,
};

/// Edits a draft with the program that VISUAL or EDITOR names, and saves it on exit.
#[derive(Args)]
pub struct Edit {
    /// The draft's id, or its beginning
    #[arg(add = complete::drafts())]
    id: String,
    /// The revision to begin with; default: the current one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    revision: u32,
}

impl Edit {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let editor = editor()?;
        let context = Context::load(global, WRITERS)?;
        let mut desk = context.connect().await?;
        let id = find(&mut desk, &self.id).await?;
        let (row, revision, before) = text(&mut desk, &id, self.revision).await?;
        let beside = row.beside_words();
        if !beside.is_empty() {
            output::note(global, beside.trim_start());
        }
        let copy = Copy::of(&before, &context.person.dir)?;
        let ended = edited(&editor, &copy.file).await;
        let after = fs::read_to_string(&copy.file);
        match (ended, after) {
            (Ok(ended), Ok(after)) if after == before => {
                output::note(global, "nothing was changed");
                ended.require_done()
            }
            (Ok(ended), Ok(after)) => match save(&mut desk, &id, &[revision], after).await {
                Ok(saved) => {
                    output::result(global, &saved, || saved.words());
                    saved.require_current()?;
                    ended.require_done()
                }
                Err(error) => Err(copy.kept(error)),
            },
            (Err(error), Ok(after)) if after == before => Err(error),
            (Err(error), _) => Err(copy.kept(error)),
            (Ok(_), Err(error)) => Err(copy.kept(CliError::files(format!("the edited text can't be read: {error}")))),
        }
    }
}

/// The program that edits. As for git, it may have options.
fn editor() -> Result<OsString, CliError> {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(env::var_os).find(|program| !program.is_empty());
    named.ok_or_else(|| {
        CliError::usage(
            "name your editor in VISUAL or EDITOR, or use `watchfire draft show ID --out FILE` and `watchfire draft save`",
        )
    })
}

/// Runs the editor until it ends. An interrupt from the keyboard is for the editor alone: the terminal sends it to both. A signal that asks this
/// program to end is handed on to the editor and to all that it has started, and what was typed until then is saved as if they had ended by
/// themselves.
async fn edited(editor: &OsString, file: &Path) -> Result<Ended, CliError> {
    let failed = |e: std::io::Error| CliError::files(format!("the editor can't be run: {e}"));
    let mut interrupts = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut ends = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hang_ups = signal(SignalKind::hangup()).map_err(failed)?;
    let mut script = editor.clone();
    script.push(" \"$1\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg("sh").arg(file);
    let mut child = command.spawn().map_err(failed)?;
    let asked = loop {
        tokio::select! {
            status = child.wait() => {
                let status = status.map_err(failed)?;
                if status.success() {
                    return Ok(Ended::ByItself);
                }
                let what = format!("the editor ended with {status}, so nothing was saved");
                return Err(CliError::new(Exit::Failed, "NOT_SAVED", what));
            }
            // On a terminal the editor has got it as well, and decides by itself. Without one, somebody wants everything to end.
            Some(()) = interrupts.recv() => if !std::io::stdin().is_terminal() { break Signal::INT },
            Some(()) = ends.recv() => break Signal::TERM,
            Some(()) = hang_ups.recv() => break Signal::HUP,
        }
    };
    let root = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(root) = root {
        descendants::end(root, asked, async { drop(child.wait().await) }).await;
    }
    Ok(Ended::BySignal)
}

/// Why the editor ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    ByItself,
    BySignal,
}

impl Ended {
    /// The error of a command that was asked to end. What was typed is saved by then.
    fn require_done(self) -> Result<(), CliError> {
        match self {
            Self::ByItself => Ok(()),
            Self::BySignal => {
                let what = "the editor was ended by a signal; what it had written to the file is saved";
                Err(CliError::new(Exit::Failed, "INTERRUPTED", what))
            }
        }
    }
}

/// A plain copy of the text, in a directory that only its owner may enter. It goes when this is dropped.
struct Copy {
    dir: TempDir,
    file: PathBuf,
}

impl Copy {
    fn of(text: &str, person: &Path) -> Result<Self, CliError> {
        let place = runtime_directory().unwrap_or_else(|| person.to_owned());
        let failed = |e: std::io::Error| CliError::files(format!("{} can't be written: {e}", place.display()));
        let mut builder = tempfile::Builder::new();
        // The leading dot tells that it is no person's identity.
        let builder = builder.prefix(".watchfire-draft-").permissions(Permissions::from_mode(0o700));
        let dir = builder.tempdir_in(&place).map_err(failed)?;
        let file = dir.path().join("draft.toml");
        fs::write(&file, text).map_err(failed)?;
        fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { dir, file })
    }

    /// Keeps the file, because what was typed is nowhere else, and says where it is.
    fn kept(self, error: CliError) -> CliError {
        let message = format!(
            "{}; what you typed is in {}, save it with `watchfire draft save`",
            error.message,
            self.file.display()
        );
        let _ = self.dir.keep();
        CliError { message, ..error }
    }
}

/// The user's own directory in memory, if the system has one: nothing in it reaches the disk.
fn runtime_directory() -> Option<PathBuf> {
    let dir = PathBuf::from(env::var_os("XDG_RUNTIME_DIR")?);
    let found = fs::metadata(&dir).ok().filter(|m| dir.is_absolute() && m.is_dir())?;
    let is_private = found.mode() & 0o077 == 0 && found.uid() == rustix::process::getuid().as_raw();
    is_private.then_some(dir)
}
