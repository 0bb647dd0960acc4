//! `watchfire completions`: completions for a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use super::{CliError, output};

/// Prints completions, e.g. `watchfire completions bash > /etc/bash_completion.d/watchfire`.
#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints them.
    pub fn run(&self, command: &mut Command) -> Result<(), CliError> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, command, "watchfire", &mut text);
        output::print(&String::from_utf8_lossy(&text));
        Ok(())
    }
}
