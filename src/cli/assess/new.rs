//! `watchfire assess new`.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;

use crate::{
    cli::{CliError, Global, output},
    config::Config,
    domain::time::{Clock, Day},
    draft,
    telemetry::SystemClock,
};

/// The longest document that is read, bytes.
const LONGEST: u64 = 16 << 20;

/// Writes a commented draft, or one with the text of a document.
#[derive(Args)]
pub struct New {
    /// A document whose headings and paragraphs the draft takes over: Markdown, plain text, or .docx
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The file to write; default: stdout
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

impl New {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let today = SystemClock.now().day();
        let text = match &self.from {
            Some(document) => of_document(document, today)?,
            None => draft::template(&Config::load(&global.dir)?.organisation.domain, today),
        };
        output::written(global, self.out.as_deref(), &text)
    }
}

/// The draft of a document. Its form follows from its name.
fn of_document(path: &Path, today: Day) -> Result<String, CliError> {
    let failed = |why: String| CliError::files(format!("{} can't be read: {why}", path.display()));
    let mut bytes = vec![];
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    read.map_err(|e| failed(e.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(failed(format!("it is larger than {} MiB", LONGEST >> 20)));
    }
    let is = |wanted: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(wanted));
    let blocks = if is("docx") {
        draft::read_docx(&bytes).map_err(failed)?
    } else if is("md") || is("markdown") || is("txt") {
        draft::read_markdown(&String::from_utf8(bytes).map_err(|_| failed("it is not in UTF-8".to_owned()))?)
    } else {
        return Err(CliError::usage(
            "the document's name must end in .md, .txt or .docx; save it in one of these forms",
        ));
    };
    draft::draft_of_document(&blocks, today).map_err(|why| CliError::files(format!("{}: {why}", path.display())))
}
