//! The options that every command takes.

use std::path::PathBuf;

use clap::Args;

/// Options that every command takes.
#[derive(Args, Clone)]
pub struct Global {
    /// The node's directory
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "WATCHFIRE_DIR")]
    pub dir: PathBuf,
    /// Print JSON on stdout: one object, or one per line for lists and streams
    #[arg(long, global = true)]
    pub json: bool,
    /// The person in the directory who runs the command, e.g. alice or analyst/alice
    #[arg(long = "as", global = true, value_name = "IDENTITY", env = "WATCHFIRE_AS")]
    pub identity: Option<String>,
    /// Answer yes to every question, except for the comparison of a partner's words
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// Print long answers at once, without a pager (WATCHFIRE_PAGER or PAGER, else less)
    #[arg(long, global = true)]
    pub no_pager: bool,
    /// Print only what was asked for
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl Global {
    /// The name given with `--as`. An empty environment variable counts as no name.
    pub fn named(&self) -> Option<&str> {
        self.identity.as_deref().filter(|name| !name.is_empty())
    }
}
