//! Output: results on stdout, everything else on stderr, one sentence for an error, and a documented exit code.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::OnceLock,
};

use serde::Serialize;
use tonic::Status;

use super::Global;
use crate::{
    app::StartError,
    config::ConfigError,
    desk::client::ConnectError,
    domain::{
        fault::{Fault, Reason},
        lexicon::Lexicon,
    },
    render::{self, Options},
    wire::status::to_fault,
};

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Refused or failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// A fault in the configuration or in files.
    Files = 3,
    /// The node can't be reached.
    Unreachable = 4,
    /// Denied by policy or role.
    Denied = 5,
    /// Verification failed.
    Unverified = 6,
}

/// Why a command failed.
#[derive(Debug)]
pub struct CliError {
    /// The exit code.
    pub exit: Exit,
    /// The stable reason, in capitals.
    pub reason: String,
    /// A sentence that says what happened and then what to do.
    pub message: String,
    /// The field at fault.
    pub field: Option<String>,
}

impl CliError {
    /// An error that concerns no single field.
    pub fn new(exit: Exit, reason: &str, message: impl Into<String>) -> Self {
        Self { exit, reason: reason.to_owned(), message: message.into(), field: None }
    }

    /// An error in files or in the configuration.
    pub fn files(message: impl Into<String>) -> Self {
        Self::new(Exit::Files, "FILES_AT_FAULT", message)
    }

    /// An error of usage.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "USAGE", message)
    }
}

impl From<Fault> for CliError {
    fn from(fault: Fault) -> Self {
        let exit = match fault.reason {
            Reason::SignatureInvalid
            | Reason::ChainInvalid
            | Reason::CertificateRevoked
            | Reason::ListLapsed
            | Reason::WrongDomain
            | Reason::UnknownOrNonCanonical
            | Reason::DigestNotListed
            | Reason::DigestRepeated
            | Reason::StatementFromFuture
            | Reason::SequenceFork
            | Reason::ReplayDiffers => Exit::Unverified,
            Reason::RoleRequired | Reason::SecondPersonRequired | Reason::NotCovered | Reason::NotAPartner => {
                Exit::Denied
            }
            _ => Exit::Failed,
        };
        Self { exit, reason: fault.reason.to_string(), message: fault.to_string(), field: fault.field }
    }
}

impl From<Status> for CliError {
    fn from(status: Status) -> Self {
        to_fault(&status).into()
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let field = error.faults.first().map(|f| f.key.clone()).filter(|k| !k.is_empty());
        Self { field, ..Self::new(Exit::Files, "CONFIG_AT_FAULT", error.to_string()) }
    }
}

impl From<ConnectError> for CliError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Unreachable { .. } => Self::new(Exit::Unreachable, "UNREACHABLE", error.to_string()),
            ConnectError::Refused(refusal) => Self::new(Exit::Denied, refusal.reason().as_str(), error.to_string()),
            ConnectError::Ended { .. } => Self::new(Exit::Denied, "CERTIFICATE_ENDED", error.to_string()),
            ConnectError::Trust(fault) => fault.into(),
            ConnectError::OfNode(ref fault) | ConnectError::Another { ref fault, .. } => {
                Self { message: error.to_string(), ..fault.clone().into() }
            }
            other => Self::files(other.to_string()),
        }
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Node(fault) => Self { exit: Exit::Files, ..fault.into() },
            StartError::Listen { .. } => Self::new(Exit::Failed, "ADDRESS_IN_USE", error.to_string()),
            StartError::Store(crate::store::StoreError::Full) => {
                Self::new(Exit::Failed, Reason::StoreFull.as_str(), error.to_string())
            }
            StartError::Store(crate::store::StoreError::Corrupt(_)) => {
                Self::new(Exit::Files, Reason::StoreCorrupt.as_str(), error.to_string())
            }
            other => Self::files(other.to_string()),
        }
    }
}

impl From<crate::identity::files::FileError> for CliError {
    fn from(error: crate::identity::files::FileError) -> Self {
        Self::files(error.to_string())
    }
}

impl From<crate::app::OwnError> for CliError {
    fn from(error: crate::app::OwnError) -> Self {
        Self::files(error.to_string())
    }
}

impl From<crate::app::devca::DevCaError> for CliError {
    fn from(error: crate::app::devca::DevCaError) -> Self {
        Self::files(error.to_string())
    }
}

/// The first error that occurred while output was written. The command still runs to its end, so that its work at the node is complete.
static LOST: OnceLock<String> = OnceLock::new();

/// Writes to stdout. It is no error if the reader has gone away (`| head`). Any other error is reported at the end: see [`ended`].
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    note_loss(written);
}

fn note_loss(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // The first error is the one to report.
        let _ = LOST.set(error.to_string());
    }
}

/// The result of a command that has done its work. It is an error if output was lost.
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

/// Prints the result, as JSON with `--json` and as words otherwise.
pub fn result(global: &Global, value: &impl Serialize, words: impl FnOnce() -> String) {
    if global.json {
        print_json(value);
    } else {
        print(&words());
    }
}

/// Writes a text to a new file, or to stdout if no file is named.
pub fn written(global: &Global, out: Option<&Path>, text: &str) -> Result<(), CliError> {
    let Some(path) = out else {
        print(text.trim_end());
        return Ok(());
    };
    super::files::write_new(path, text)?;
    result(global, &serde_json::json!({ "file": path }), || format!("wrote {}", path.display()));
    Ok(())
}

/// Prints a remark on stderr, except with `--quiet`.
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

/// Ends with an error. An error without a reason has printed its JSON object on stdout already.
pub fn fail(global: &Global, error: &CliError) -> ExitCode {
    if global.json && !error.reason.is_empty() {
        print_json(&serde_json::json!({
            "error": { "reason": error.reason, "message": error.message, "field": error.field }
        }));
    }
    let _ = writeln!(std::io::stderr(), "watchfire: {}", error.message);
    ExitCode::from(error.exit as u8)
}

/// Ends with the message of clap. Help and version are not errors.
pub fn usage(error: &clap::Error) -> ExitCode {
    let is_help = !error.use_stderr();
    if !is_help && std::env::args().any(|a| a == "--json") {
        let message = error.kind().to_string();
        print_json(&serde_json::json!({ "error": { "reason": "USAGE", "message": message, "field": null } }));
    }
    note_loss(error.print());
    match ended() {
        Err(lost) if is_help => ExitCode::from(lost.exit as u8),
        _ if is_help => ExitCode::SUCCESS,
        _ => ExitCode::from(Exit::Usage as u8),
    }
}

/// How texts are rendered on this terminal.
pub fn options() -> Options {
    let is_terminal = std::io::stdout().is_terminal();
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
    #[expect(clippy::expect_used, reason = "the lexicon is in the built-in table")]
    let lexicon = Lexicon::by_id(LEXICON).expect("the default lexicon is built in");
    Options { lexicon, width: columns.unwrap_or(80), color: is_terminal && std::env::var_os("NO_COLOR").is_none() }
}

/// The default lexicon of likelihood words.
pub const LEXICON: &str = "uk-phia-2025";

/// A table with headings, for this terminal.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    // A table that is piped to a program has complete cells.
    let width = if std::io::stdout().is_terminal() { options().width } else { 10_000 };
    render::table(headings, rows, width)
}
