//! `watchfire draft save`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};
use serde::Serialize;

use super::view::{DraftRow, RevisionRow, find};
use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{Context, WRITERS},
        files::read_written,
        input, output,
    },
    desk::client::DeskClient,
    domain::ids::DraftId,
    draft::Format,
    wire::proto,
};

/// Keeps a file as a new draft, or saves it as the next text of one. The text need not be finished.
#[derive(Args)]
pub struct Save {
    /// The file (TOML); `-` reads stdin
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// The draft of which this is the next text, by its id or its beginning; default: a new draft
    #[arg(long, value_name = "ID", requires = "based_on", add = complete::drafts())]
    draft: Option<String>,
    /// The revision that your text is based on; several if you have brought texts together
    #[arg(long, value_name = "N", requires = "draft")]
    based_on: Vec<u32>,
    /// What you call the new draft; default: the file's name
    #[arg(long, conflicts_with = "draft")]
    name: Option<String>,
}

/// What became of a text.
#[derive(Debug, Serialize)]
pub(super) struct SavedText {
    draft: DraftRow,
    revision: u32,
    /// Whether it is a new revision.
    is_new: bool,
    /// Whether it is the draft's current text.
    is_current: bool,
    /// What others have saved and the text does not have.
    unseen: Vec<RevisionRow>,
}

impl Save {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let (text, format) = read_written(&self.file)?;
        if format == Format::Json {
            let what = "the node keeps drafts in TOML, because people edit them; publish a JSON file with `watchfire assess publish`";
            return Err(CliError::usage(what));
        }
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        if let Some(id) = &self.draft {
            let id = find(&mut desk, id).await?;
            let saved = save(&mut desk, &id, &self.based_on, text).await?;
            output::result(global, &saved, || saved.words());
            return Ok(());
        }
        let name = self.name.clone().unwrap_or_else(|| stem(&self.file));
        let request = proto::CreateDraftRequest { name, text };
        let row = DraftRow::new(desk.drafts.create_draft(request).await?.into_inner().draft)?;
        output::result(global, &row, || format!("kept as draft {} ({})", row.id, row.title()));
        Ok(())
    }
}

/// The file's name without its extension.
fn stem(file: &Path) -> String {
    if input::is_stdin(file) {
        return input::name(file);
    }
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Saves a text of a draft.
pub(super) async fn save(
    desk: &mut DeskClient,
    id: &DraftId,
    based_on: &[u32],
    text: String,
) -> Result<SavedText, CliError> {
    let request = proto::SaveDraftRequest { draft_id: id.0.to_vec().into(), based_on: based_on.to_vec(), text };
    let answer = desk.drafts.save_draft(request).await?.into_inner();
    let proto::SaveDraftResponse { draft, revision, is_new, unseen } = answer;
    let draft = DraftRow::new(draft)?;
    let unseen: Vec<RevisionRow> = unseen.into_iter().map(RevisionRow::new).collect();
    let is_current = draft.current == revision;
    Ok(SavedText { draft, revision, is_new, is_current, unseen })
}

impl SavedText {
    pub(super) fn words(&self) -> String {
        let Self { draft, revision, is_new, is_current, unseen } = self;
        let first = match is_new {
            true => format!("saved as revision {revision} of draft {}", draft.id),
            false => format!("nothing was changed since revision {revision} of draft {}", draft.id),
        };
        if unseen.is_empty() {
            return first;
        }
        let told = match is_current {
            true => "It does not have what stands beside it.",
            false => {
                "ATTENTION: others have saved meanwhile. Your text is kept beside theirs, and is not the current one."
            }
        };
        // A text may be unseen and no head: somebody has brought it into a later one.
        let heads = match draft.heads().len() {
            0 | 1 => unseen.iter().map(|r| format!("\n  {}", r.words())).collect(),
            _ => draft.beside_words(),
        };
        format!("{first}\n{told}{heads}\nBring the texts together, and save with {}", draft.based_on_all())
    }

    /// The error for a command whose text is not the current one, so that a script notices it.
    pub(super) fn require_current(&self) -> Result<(), CliError> {
        if self.is_current || !self.is_new {
            return Ok(());
        }
        let what = "your text is saved beside the current one, because others have saved meanwhile";
        Err(CliError::new(Exit::Failed, "CONFLICT", what))
    }
}
