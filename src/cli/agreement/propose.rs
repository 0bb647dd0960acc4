//! `watchfire agreement draft` and `propose`.

use std::path::PathBuf;

use clap::Args;

use super::{
    details::AgreementDetails,
    lookup::{self, find},
    transfer,
};
use crate::{
    cli::{
        CliError, Global,
        approval::approve,
        context::{ADMINS, ANYBODY, Context},
        files::read_written,
        output,
    },
    config::Config,
    domain::{
        approval::Matter,
        ids::{StatementId, TrustDomain},
        statement::StatementKind,
        time::{Clock, Time},
    },
    draft::{self, Lineage},
    seal::{self, statement::id_of, subject},
    telemetry::SystemClock,
    wire::{self, proto},
};

/// Writes a commented agreement file.
#[derive(Args)]
pub struct Draft {
    /// The partner
    #[arg(long, value_name = "DOMAIN", required_unless_present = "amends")]
    partner: Option<TrustDomain>,
    /// Write the terms of this agreement as a draft of its next version
    #[arg(long, value_name = "ID", conflicts_with = "partner")]
    amends: Option<String>,
    /// The file to write; default: stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Checks an agreement file and proposes its terms.
#[derive(Args)]
pub struct Propose {
    /// The agreement file (TOML, or JSON if its name ends in .json)
    file: PathBuf,
    /// The agreement of which this is the next version
    #[arg(long, value_name = "ID")]
    amends: Option<String>,
    /// Keep the other agreements with the partner in force in addition; what any of them gives is released
    #[arg(long)]
    beside: bool,
    /// Also write it to this file, for a partner without a link
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Draft {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let text = match (&self.partner, &self.amends) {
            (Some(partner), _) => {
                let own = Config::load(&global.dir)?.organisation.domain;
                draft::agreement_template(&own, partner, SystemClock.now().day()).map_err(CliError::usage)?
            }
            (None, Some(id)) => {
                let mut desk = Context::load(global, ANYBODY)?.connect().await?;
                next_version(&find(&mut desk, id).await?, SystemClock.now())
            }
            (None, None) => return Err(CliError::usage("name the partner with --partner DOMAIN".to_owned())),
        };
        output::written(global, self.out.as_deref(), &text)
    }
}

/// The terms as a file to start from. If they have ended or are about to, they are prolonged, because the old end could not be proposed.
fn next_version(view: &AgreementDetails, now: Time) -> String {
    let (short, old) = (view.short(), &view.agreement);
    let head = format!(
        "# The terms of version {} of agreement {short}. Change them, then\n\
         # `watchfire agreement propose FILE --amends {short}`\n",
        view.version,
    );
    let prolonged = old.prolonged(now);
    let note = prolonged.iter().map(|new| {
        let verb = if old.until.end() <= now { "ended" } else { "ends" };
        let term = new.until.days_since(new.from);
        format!("#\n# It {verb} on {}, so `from` is today here, and `until` is {term} days later. Write the days that you have agreed.\n", old.until)
    });
    let note: String = note.collect();
    format!("{head}{note}\n{}", draft::agreement_to_toml(prolonged.as_ref().unwrap_or(old)))
}

impl Propose {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let (text, format) = read_written(&self.file)?;
        let mut lineage = Lineage {
            series: seal::compose::new_assessment_id().map_err(|e| CliError::files(e.to_string()))?,
            previous: None,
        };
        let mut connected = None;
        if let Some(amends) = &self.amends {
            let desk = connected.insert(context.connect().await?);
            let before = find(desk, amends).await?;
            let id: StatementId = before.id.parse().map_err(CliError::usage)?;
            lineage = Lineage { series: before.agreement.series, previous: Some((before.version, id)) };
        }
        let agreement = draft::parse_agreement(&text, format, lineage, SystemClock.now().day())
            .map_err(|e| CliError::files(e.in_file(&self.file.display().to_string())))?;
        let mut desk = match connected {
            Some(desk) => desk,
            None => context.connect().await?,
        };
        let payload = wire::agreement::encode(&agreement);
        let subject = subject::statement(&id_of(StatementKind::Agreement, &payload));
        let approval = Some(approve(&context, Matter::Agreement, subject)?);
        let request = proto::ProposeAgreementRequest { agreement: payload.into(), approval, beside: self.beside };
        let answer = desk.agreements.propose_agreement(request).await?.into_inner();
        let view = lookup::print(global, answer.agreement)?;
        transfer::write_signed(global, &view, self.out.as_deref())
    }
}
