//! Writes what a person or program sees: results on stdout, everything else on stderr, and a documented exit code.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::OnceLock,
};

use clap::error::ContextKind;
use serde::Serialize;

use super::{
    error::{CliError, Exit},
    files::{FOR_OWNER, write_new},
    global::Global,
    pager, terminal,
};
use crate::{
    domain::lexicon::{DEFAULT_LEXICON, Lexicon},
    render::{self, Options},
};

/// Why some output could not be written. The command nevertheless runs to its end, so that its work at the node is complete.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes to stdout. A closed pipe (`| head`) is no failure. [`ended`] reports any other failure.
pub fn print(text: &str) {
    if pager::hold(text) {
        return;
    }
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    note_loss(written);
}

fn note_loss(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // Only the first failure is reported.
        let _ = LOST.set(error.to_string());
    }
}

/// The result of a command that has done its work: an error if its output was lost.
pub fn ended() -> Result<(), CliError> {
    LOST.get().map_or(Ok(()), |error| {
        let what = format!("the output can't be written: {error}; the command has done its work at the node");
        Err(CliError::new(Exit::Failed, "OUTPUT_LOST", what))
    })
}

/// One JSON object on one line.
pub fn print_json(value: &impl Serialize) {
    print(&serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned()));
}

/// Prints a result, as JSON with `--json` and as text otherwise.
pub fn result(global: &Global, value: &impl Serialize, words: impl FnOnce() -> String) {
    if global.json {
        print_json(value);
    } else {
        print(&words());
    }
}

/// Writes a text into a new file that only its owner reads, because it may be a draft, or to stdout if no file is named.
pub fn written(global: &Global, out: Option<&Path>, text: &str) -> Result<(), CliError> {
    let Some(path) = out else {
        print(text.trim_end());
        return Ok(());
    };
    write_new(path, FOR_OWNER, text)?;
    result(global, &serde_json::json!({ "file": path }), || format!("wrote {}", path.display()));
    Ok(())
}

/// Prints a remark on stderr, unless `--quiet` is set.
pub fn note(global: &Global, text: &str) {
    if !global.quiet {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// Asks a yes-or-no question. If there is no terminal and no `--yes`, the answer is no.
pub fn confirm(global: &Global, question: &str) -> bool {
    if global.yes {
        return true;
    }
    if !std::io::stdin().is_terminal() {
        return false;
    }
    let _ = write!(std::io::stderr(), "{question} [y/N] ");
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes")
}

/// Shows on the terminal what the command is about to do, and asks whether it should. Without somebody to ask it goes on, as scripts expect.
/// `otherwise` says what remains as it was.
///
/// # Errors
/// `NOT_CONFIRMED`, after any answer but yes.
pub fn ask(global: &Global, question: &str, otherwise: &str) -> Result<(), CliError> {
    if !terminal::can_ask(global) || confirm(global, question) {
        return Ok(());
    }
    Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", otherwise))
}

/// Shows something on stderr, even with `--quiet`, because a question follows.
pub fn show(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Reports an error, and returns the exit code. An error without a reason has already printed its JSON object on stdout.
pub fn fail(global: &Global, error: &CliError) -> ExitCode {
    if global.json && !error.reason.is_empty() {
        let mut told = serde_json::json!({ "reason": error.reason, "message": error.message, "field": error.field });
        if !error.faults.is_empty()
            && let Some(told) = told.as_object_mut()
        {
            told.insert("faults".to_owned(), serde_json::json!(error.faults));
        }
        print_json(&serde_json::json!({ "error": told }));
    }
    let _ = writeln!(std::io::stderr(), "watchfire: {}", error.message);
    ExitCode::from(error.exit as u8)
}

/// Prints clap's message, and returns the exit code. Help and version are not errors.
pub fn usage(error: &clap::Error) -> ExitCode {
    let is_help = !error.use_stderr();
    if !is_help && std::env::args().any(|a| a == "--json") {
        print_json(&usage_json(error));
    }
    note_loss(error.print());
    match ended() {
        Err(lost) if is_help => ExitCode::from(lost.exit as u8),
        _ if is_help => ExitCode::SUCCESS,
        _ => ExitCode::from(Exit::Usage as u8),
    }
}

/// Wrong usage as JSON: the sentence about it, and the option or argument that it is about.
fn usage_json(error: &clap::Error) -> serde_json::Value {
    let text = error.render().to_string();
    let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ").trim();
    let field = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    serde_json::json!({ "error": { "reason": "USAGE", "message": message, "field": field } })
}

/// How texts are rendered on this terminal.
pub fn options() -> Options {
    #[expect(clippy::expect_used, reason = "the lexicon is in the built-in table")]
    let lexicon = Lexicon::by_id(LEXICON).expect("the default lexicon is built in");
    Options { lexicon, width: terminal::columns(), color: terminal::has_colors() }
}

/// The default lexicon of likelihood words.
pub const LEXICON: &str = DEFAULT_LEXICON;

/// A table with headings, for this terminal.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    render::table(headings, rows, table_width())
}

/// The width of tables. Cells are not shortened when the table is piped.
pub fn table_width() -> usize {
    if terminal::is_terminal() { terminal::columns() } else { 10_000 }
}
