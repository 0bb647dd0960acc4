//! Files that people write, read and send to each other.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::CliError;
use crate::{domain::statement::Envelope, draft::Format, render::text::one_line, wire};

/// Writes a new file; what is there already stays.
pub fn write_new(path: &Path, text: &str) -> Result<(), CliError> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut f| std::io::Write::write_all(&mut f, text.as_bytes()));
    written.map_err(|e| not_written(path, &e))
}

/// Why a new file could not be written.
pub fn not_written(path: &Path, error: &std::io::Error) -> CliError {
    let why = match error.kind() {
        std::io::ErrorKind::AlreadyExists => "is there already; move it away, or write another".to_owned(),
        _ => format!("can't be written: {error}"),
    };
    CliError::files(format!("{} {why}", path.display()))
}

/// A file that a person wrote, and whether it is TOML or JSON.
pub fn read_written(path: &Path) -> Result<(String, Format), CliError> {
    let text =
        std::fs::read_to_string(path).map_err(|e| CliError::files(format!("{} can't be read: {e}", path.display())))?;
    let is_json = path.extension().is_some_and(|e| e == "json");
    Ok((text, if is_json { Format::Json } else { Format::Toml }))
}

const BEGIN: &str = "-----BEGIN WATCHFIRE STATEMENT-----";
const END: &str = "-----END WATCHFIRE STATEMENT-----";

/// A statement as text that survives mail.
pub fn armour(envelope: &Envelope) -> String {
    let text = STANDARD.encode(wire::envelope::encode(envelope));
    let mut out = format!("{BEGIN}\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + END + "\n"
}

/// A statement from a file that [`armour`] made.
pub fn read_armoured(file: &Path) -> Result<Envelope, CliError> {
    let at = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| CliError::files(format!("{at} can't be read: {e}")))?;
    let inner = text.trim().strip_prefix(BEGIN).and_then(|t| t.strip_suffix(END));
    let inner: String = inner.unwrap_or_default().split_whitespace().collect();
    let bytes = STANDARD.decode(&inner).ok().filter(|b| !b.is_empty());
    let bytes =
        bytes.ok_or_else(|| CliError::files(format!("{at} holds no statement; it should begin with {BEGIN}")))?;
    wire::envelope::decode(&bytes).map_err(|f| {
        let message = one_line(&format!("{at}: {f}"));
        CliError { message, ..CliError::from(f) }
    })
}
