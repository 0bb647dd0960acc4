//! What attachments tell about themselves, shown before they are released; and `watchfire assess clean`.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use clap::{Args, ValueHint};
use serde::Serialize;

use super::draft_files::DraftFiles;
use crate::{
    cli::{
        CliError, Exit, Global,
        files::{FOR_OWNER, NewFile},
        output,
    },
    domain::draft::Draft,
    draft::attachment::{MAX_FILE_BYTES, Trace, Traces, cleaned, traces},
    render::text::one_line,
};

/// What a file tells about itself.
#[derive(Serialize)]
pub(super) struct FileTraces {
    /// The file, as the draft names it.
    pub file: PathBuf,
    #[serde(flatten)]
    traces: Traces,
}

/// What each file of a draft tells about itself.
pub(super) fn of_draft(draft: &Draft, files: DraftFiles<'_>) -> Result<Vec<FileTraces>, CliError> {
    let told = |(_, path): (usize, &Path)| {
        let traces = traces(&read(files.open(path)?, path)?);
        Ok(FileTraces { file: path.to_owned(), traces })
    };
    draft.files().map(told).collect()
}

/// Shows on stderr what each file of a draft tells about itself.
pub(super) fn tell(global: &Global, draft: &Draft, files: DraftFiles<'_>) -> Result<(), CliError> {
    of_draft(draft, files)?.iter().for_each(|file| output::note(global, &file.words()));
    Ok(())
}

/// As much of a file as is looked at, and one byte more, so that a larger one is known.
fn read(file: File, path: &Path) -> Result<Vec<u8>, CliError> {
    let mut bytes = vec![];
    let read = file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|e| CliError::files(format!("{} can't be read: {e}", path.display())))?;
    Ok(bytes)
}

impl FileTraces {
    /// For people.
    pub(super) fn words(&self) -> String {
        let Self { file, traces: Traces { kind, unread, .. } } = self;
        let name = one_line(&file.to_string_lossy());
        let list = lines(&self.traces);
        match (list.is_empty(), unread) {
            (true, None) => format!("{name} ({kind}): nothing is found that it tells about itself"),
            (true, Some(why)) => format!("{name} ({kind}): what it tells about itself is not known: {why}"),
            (false, _) => {
                let rest = unread.as_ref().map(|why| format!("\n    not all could be read: {why}")).unwrap_or_default();
                let how = format!("\n    `watchfire assess clean {name} --out FILE` writes a copy that tells less");
                format!("{name} ({kind}) tells about itself:{list}{rest}{how}")
            }
        }
    }
}

fn lines(traces: &Traces) -> String {
    let more = if traces.more > 0 { format!("\n    and {} more", traces.more) } else { String::new() };
    traces.traces.iter().map(line).collect::<String>() + &more
}

fn line(trace: &Trace) -> String {
    format!("\n    {}: {}", one_line(&trace.what), one_line(&trace.says))
}

/// Writes a copy of a file that tells less about itself: pictures (JPEG, PNG), PDF, Office documents. The file itself stays as it is.
#[derive(Args)]
pub struct Clean {
    /// The file
    #[arg(value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// The copy to write; an existing file is not overwritten
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: PathBuf,
}

impl Clean {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let Self { file, out } = self;
        let failed = |e: std::io::Error| CliError::files(format!("{} can't be read: {e}", file.display()));
        let bytes = read(File::open(file).map_err(failed)?, file)?;
        let copy = cleaned(&bytes).map_err(|why| {
            CliError::new(Exit::Failed, "NOT_CLEANED", format!("no copy is written of {}: {why}", file.display()))
        })?;
        let mut new = NewFile::begin(out, FOR_OWNER)?;
        new.add(&copy.bytes)?;
        new.finish()?;
        let json = serde_json::json!({
            "file": out, "size": copy.bytes.len(), "removed": copy.removed, "remains": copy.remains,
        });
        output::result(global, &json, || {
            let removed: String = match copy.removed.as_slice() {
                [] => "\n    nothing".to_owned(),
                all => all.iter().map(line).collect(),
            };
            let remains = lines(&copy.remains);
            let rest = match (remains.is_empty(), &copy.remains.unread) {
                (true, None) => "nothing is found that the copy tells about itself".to_owned(),
                (_, unread) => {
                    let unread = unread.as_ref().map(|why| format!("\n    not all could be read: {why}"));
                    format!("the copy still tells:{remains}{}", unread.unwrap_or_default())
                }
            };
            format!("wrote {}\nremoved:{removed}\n{rest}\nlook at the copy before you attach it", out.display())
        });
        Ok(())
    }
}
