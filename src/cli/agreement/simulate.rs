//! `watchfire agreement simulate`: shows what terms would change before they are in force.

use clap::Args;

use super::lookup::find;
use crate::{
    cli::{
        CliError, Global,
        context::{ANYBODY, Context},
        files::read_written,
        input::{self, Input},
        simulated,
    },
    domain::{ids::StatementId, time::Clock},
    draft::{self, Lineage},
    seal,
    telemetry::SystemClock,
    wire::{
        self,
        proto::{self, simulate_request::Change},
    },
};

/// Shows what terms would have released and withheld of what was published here. It changes nothing and leaves no trace.
#[derive(Args)]
#[command(
    after_help = "The simulation compares what this node gives, not what it receives. With --json it prints one object: `what`, `partners`, \
                        `replaces`, `rules_in_force`, `assessments`, `since`, `counts` (by `partner` and `change`: how many \
                        `assessments` and `portions`), `differences` (with `kinds`, `before`, `after` and `because`) and \
                        `untold`, how many more differences there are."
)]
pub struct Simulate {
    #[command(flatten)]
    input: Input,
    /// The agreement that the terms would replace; default: the only one in force with the partner
    #[arg(long, value_name = "ID")]
    amends: Option<String>,
    /// Simulate the terms in addition to the agreements in force, instead of in place of one
    #[arg(long, conflicts_with = "amends")]
    beside: bool,
    #[command(flatten)]
    options: simulated::Options,
}

impl Simulate {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let (text, format) = read_written(self.input.path())?;
        let at = input::name(self.input.path());
        let context = Context::load(global, ANYBODY)?;
        let series = seal::compose::new_assessment_id().map_err(|e| CliError::files(e.to_string()))?;
        let mut lineage = Lineage { series, previous: None };
        let today = SystemClock.now().day();
        // Mistakes in the file are reported first, without a node.
        let parse =
            |lineage| draft::parse_agreement(&text, format, lineage, today).map_err(|e| CliError::written(&e, &at));
        parse(lineage)?;
        let mut desk = context.connect().await?;
        if let Some(amends) = &self.amends {
            let before = find(&mut desk, amends).await?;
            let id: StatementId = before.id.parse().map_err(CliError::usage)?;
            lineage = Lineage { series: before.agreement.series, previous: Some((before.version, id)) };
        }
        let agreement = parse(lineage)?;
        let terms = proto::SimulatedTerms {
            agreement: wire::agreement::encode(&agreement).into(),
            amends: lineage.previous.map(|(_, id)| id.0.to_vec()).unwrap_or_default().into(),
            beside: self.beside,
        };
        simulated::run(global, desk, Change::Terms(terms), &self.options, format!("the terms in {at}")).await
    }
}
