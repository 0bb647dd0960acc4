//! `watchfire completions` and `watchfire man`: what a shell and `man` need.

use std::path::PathBuf;

use clap::{Args, Command, ValueHint};
use clap_complete::{Shell, env::Shells};

use super::{CliError, Global, output};

/// The variable by which a shell asks this program for completions.
pub const VARIABLE: &str = "WATCHFIRE_COMPLETE";

const PROGRAM: &str = "watchfire";

/// Prints completions, e.g. `watchfire completions bash > /etc/bash_completion.d/watchfire`. They ask the running node for ids and partners.
#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints them.
    pub fn run(&self) -> Result<(), CliError> {
        let shells = Shells::builtins();
        let name = self.shell.to_string();
        let shell =
            shells.completer(&name).ok_or_else(|| CliError::usage(format!("there are no completions for {name}")))?;
        let mut text = Vec::new();
        let written = shell.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut text);
        written.map_err(|e| CliError::files(e.to_string()))?;
        output::print(String::from_utf8_lossy(&text).trim_end());
        Ok(())
    }
}

/// Writes the manual pages, one for each command; without --out it prints the first one, e.g. `watchfire man | man -l -`.
#[derive(Args)]
pub struct Man {
    /// The directory to write to, e.g. /usr/local/share/man/man1
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    out: Option<PathBuf>,
}

impl Man {
    /// Writes or prints them.
    pub fn run(&self, global: &Global, command: Command) -> Result<(), CliError> {
        let Some(dir) = &self.out else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).map_err(|e| CliError::files(e.to_string()))?;
            output::print(String::from_utf8_lossy(&page).trim_end());
            return Ok(());
        };
        let unwritten = |e: std::io::Error| CliError::files(format!("{} can't be written: {e}", dir.display()));
        std::fs::create_dir_all(dir).map_err(unwritten)?;
        clap_mangen::generate_to(command, dir).map_err(unwritten)?;
        output::result(global, &serde_json::json!({ "dir": dir }), || {
            format!(
                "wrote the manual pages to {}; read them with `man -M` or `man {}/watchfire.1`",
                dir.display(),
                dir.display()
            )
        });
        Ok(())
    }
}
