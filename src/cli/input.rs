//! The file that a command reads: given as an argument or with `-f`, and `-` for stdin.

use std::path::{Path, PathBuf};

use clap::{Args, ValueHint};

/// The name for stdin.
const STDIN: &str = "-";

/// A file that a command reads.
#[derive(Args, Clone)]
pub struct Input {
    /// The file (TOML, or JSON if its name ends in .json); `-` reads stdin
    #[arg(value_name = "FILE", required_unless_present = "file_option", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// The same as FILE
    #[arg(short = 'f', long = "file", id = "file_option", value_name = "FILE", conflicts_with = "file", value_hint = ValueHint::FilePath)]
    file_option: Option<PathBuf>,
}

impl Input {
    /// The file.
    pub fn path(&self) -> &Path {
        // Clap requires one of them.
        self.file.as_deref().or(self.file_option.as_deref()).unwrap_or(Path::new(STDIN))
    }
}

/// Whether a path means stdin.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// A file's name for messages.
pub fn name(path: &Path) -> String {
    if is_stdin(path) { "stdin".to_owned() } else { path.display().to_string() }
}
