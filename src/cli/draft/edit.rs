//! `watchfire draft edit`.

use std::{
    env,
    ffi::OsString,
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use clap::Args;
use tempfile::TempDir;
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
};

use super::{
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
            (Ok(()), Ok(after)) if after == before => {
                output::note(global, "nothing was changed");
                Ok(())
            }
            (Ok(()), Ok(after)) => match save(&mut desk, &id, &[revision], after).await {
                Ok(saved) => {
                    output::result(global, &saved, || saved.words());
                    saved.require_current()
                }
                Err(error) => Err(copy.kept(error)),
            },
            (Err(error), Ok(after)) if after == before => Err(error),
            (Err(error), _) => Err(copy.kept(error)),
            (Ok(()), Err(error)) => Err(copy.kept(CliError::files(format!("the edited text can't be read: {error}")))),
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

/// Runs the editor until it ends. An interrupt from the keyboard is for the editor alone.
async fn edited(editor: &OsString, file: &Path) -> Result<(), CliError> {
    let failed = |e: std::io::Error| CliError::files(format!("the editor can't be run: {e}"));
    let _ignored = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut script = editor.clone();
    script.push(" \"$1\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg("sh").arg(file);
    let status = command.status().await.map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    Err(CliError::new(Exit::Failed, "NOT_SAVED", format!("the editor ended with {status}, so nothing was saved")))
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
