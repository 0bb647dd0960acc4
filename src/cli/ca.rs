//! `watchfire ca`: the development CA in the node's directory.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{CliError, Global, output};
use crate::{
    app::devca::{OpenCa, Renewed},
    config::Config,
    domain::time::Clock,
    telemetry::SystemClock,
};

/// Use the development CA.
#[derive(Subcommand)]
pub enum Ca {
    /// Renew the certificates and the revocation list that the CA has issued, before they end
    Renew(Renew),
}

/// Renews the certificates of the node and of everybody in persons/, and the revocation list, if they end within 30 days.
/// The keys stay the same. A running node loads the new files within 2 seconds. Every hour it also renews by itself what ends
/// within 30 days.
#[derive(Args)]
pub struct Renew {
    /// Renew everything that the CA has issued, including what ends in more than 30 days
    #[arg(long)]
    all: bool,
}

#[derive(Serialize)]
struct Output {
    file: String,
    what: String,
    until: String,
}

impl From<&Renewed> for Output {
    fn from(renewed: &Renewed) -> Self {
        Self { file: renewed.file.display().to_string(), what: renewed.what.clone(), until: renewed.until.to_string() }
    }
}

impl Ca {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Renew(renew) => renew.run(global),
        }
    }
}

impl Renew {
    fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        let open = OpenCa::open(&config)?;
        let now = SystemClock.now();
        output::note(global, "renewing");
        let renewed: Vec<Output> = open.renew(&config, now, self.all)?.iter().map(Output::from).collect();
        if global.json {
            renewed.iter().for_each(output::print_json);
        } else if renewed.is_empty() {
            output::print("nothing ends within 30 days; `--all` renews everything");
        } else {
            let rows: Vec<_> = renewed.into_iter().map(|v| vec![v.what, v.file, v.until]).collect();
            output::print(&output::table(&["WHAT", "FILE", "UNTIL"], &rows));
        }
        if let Some(words) = open.own_end(now)? {
            output::note(global, &words);
        }
        Ok(())
    }
}
