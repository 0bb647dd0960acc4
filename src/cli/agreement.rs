//! `watchfire agreement`: what is shared with whom.

mod simulate;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    CliError, Exit, Global,
    context::{ADMINS, ANYBODY, Context},
    output,
};
use crate::{
    config::Config,
    desk::client::DeskClient,
    domain::{
        agreement::Agreement,
        ids::{StatementId, TrustDomain},
        time::Clock,
    },
    draft::{self, Format, Lineage},
    render, seal,
    telemetry::SystemClock,
    wire::{self, proto},
};

/// Agree on what is shared.
#[derive(Subcommand)]
pub enum AgreementCommand {
    /// Write a commented file to start from
    Draft(Draft),
    /// Check a file, sign its terms and send them to the partner
    Propose(Propose),
    /// Tell what terms would newly give and withhold, before they are in force
    Simulate(simulate::Simulate),
    /// Read what an agreement says, in words
    Review(Which),
    /// Countersign what the partner has proposed: it is in force from then on
    Sign(Which),
    /// List agreements
    List,
    /// Show one agreement
    Show(Which),
    /// Release nothing under an agreement for now; this side alone decides
    Suspend(Which),
    /// End an agreement; this side alone decides
    Terminate(Which),
}

/// Writes a commented agreement file.
#[derive(Args)]
pub struct Draft {
    /// The partner
    #[arg(long, value_name = "DOMAIN")]
    partner: TrustDomain,
    /// Where to write it; stdout where it is missing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Checks, signs and sends.
#[derive(Args)]
pub struct Propose {
    /// The agreement (TOML, or JSON where it ends in .json)
    file: PathBuf,
    /// The agreement that this is the next version of
    #[arg(long, value_name = "ID")]
    amends: Option<String>,
}

/// Names an agreement.
#[derive(Args)]
pub struct Which {
    /// Its id, or enough of its beginning
    id: String,
}

#[derive(Serialize)]
struct View {
    id: String,
    version: u32,
    parties: Vec<String>,
    state: String,
    from: String,
    until: String,
    grants: Vec<crate::domain::agreement::Grant>,
    #[serde(skip)]
    agreement: Agreement,
}

impl View {
    fn new(view: proto::AgreementView) -> Result<Self, CliError> {
        let envelope = wire::envelope::from_proto(wire::field::present("envelope", view.envelope)?)?;
        let agreement = wire::agreement::decode(&envelope.payload)?;
        Ok(Self {
            id: hex::encode(&view.id),
            version: agreement.version,
            parties: agreement.parties.iter().map(ToString::to_string).collect(),
            state: view.state,
            from: agreement.from.to_string(),
            until: agreement.until.to_string(),
            grants: agreement.grants.clone(),
            agreement,
        })
    }

    fn words(&self) -> String {
        format!(
            "agreement {} (version {}, {})\n\n{}",
            short(&self.id),
            self.version,
            self.state,
            render::agreement(&self.agreement, &output::options())
        )
    }
}

/// Enough of an id to name it.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

impl AgreementCommand {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Draft(draft) => draft.run(global),
            Self::Propose(propose) => propose.run(global).await,
            Self::Simulate(simulate) => simulate.run(global).await,
            Self::Review(which) | Self::Show(which) => show(global, which).await,
            Self::List => list(global).await,
            Self::Sign(which) => {
                let mut desk = Context::load(global, ADMINS)?.connect().await?;
                let id = find(&mut desk, which).await?;
                finish(global, desk.sign_agreement(proto::SignAgreementRequest { id }).await?.into_inner().agreement)
            }
            Self::Suspend(which) => {
                let mut desk = Context::load(global, ADMINS)?.connect().await?;
                let id = find(&mut desk, which).await?;
                finish(
                    global,
                    desk.suspend_agreement(proto::SuspendAgreementRequest { id }).await?.into_inner().agreement,
                )
            }
            Self::Terminate(which) => {
                let mut desk = Context::load(global, ADMINS)?.connect().await?;
                let id = find(&mut desk, which).await?;
                let question = "Ending an agreement can't be undone. End it?";
                if !output::confirm(global, question) {
                    return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "not ended; give --yes to end it"));
                }
                finish(
                    global,
                    desk.terminate_agreement(proto::TerminateAgreementRequest { id }).await?.into_inner().agreement,
                )
            }
        }
    }
}

fn finish(global: &Global, agreement: Option<proto::AgreementView>) -> Result<(), CliError> {
    let view =
        View::new(agreement.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?)?;
    output::result(global, &view, || view.words());
    Ok(())
}

impl Draft {
    fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        let today = SystemClock.now().day();
        let text =
            draft::agreement_template(&config.organisation.domain, &self.partner, today).map_err(CliError::usage)?;
        write_new(global, self.out.as_deref(), &text)
    }
}

/// Writes a new file, or stdout; what is there already stays.
pub fn write_new(global: &Global, out: Option<&Path>, text: &str) -> Result<(), CliError> {
    let Some(path) = out else {
        output::print(text.trim_end());
        return Ok(());
    };
    let at = path.display();
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut f| std::io::Write::write_all(&mut f, text.as_bytes()));
    written.map_err(|e| CliError::files(format!("{at} can't be written: {e}")))?;
    output::result(global, &serde_json::json!({ "file": path }), || format!("wrote {at}"));
    Ok(())
}

/// A file that a person wrote, and whether it is TOML or JSON.
pub fn read_written(path: &Path) -> Result<(String, Format), CliError> {
    let text =
        std::fs::read_to_string(path).map_err(|e| CliError::files(format!("{} can't be read: {e}", path.display())))?;
    let is_json = path.extension().is_some_and(|e| e == "json");
    Ok((text, if is_json { Format::Json } else { Format::Toml }))
}

impl Propose {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let (text, format) = read_written(&self.file)?;
        let mut lineage = Lineage {
            series: seal::compose::new_assessment_id().map_err(|e| CliError::files(e.to_string()))?,
            previous: None,
        };
        let mut connected = None;
        if let Some(amends) = &self.amends {
            let desk = connected.insert(context.connect().await?);
            let before = named(desk, amends).await?;
            let id: StatementId = before.id.parse().map_err(CliError::usage)?;
            lineage = Lineage { series: before.agreement.series, previous: Some((before.version, id)) };
        }
        let agreement = draft::parse_agreement(&text, format, lineage)
            .map_err(|e| CliError::files(e.in_file(&self.file.display().to_string())))?;
        let mut desk = match connected {
            Some(desk) => desk,
            None => context.connect().await?,
        };
        let payload = wire::agreement::encode(&agreement).into();
        let answer = desk.propose_agreement(proto::ProposeAgreementRequest { agreement: payload }).await?.into_inner();
        finish(global, answer.agreement)
    }
}

async fn all(desk: &mut DeskClient) -> Result<Vec<View>, CliError> {
    let all = desk.list_agreements(proto::ListAgreementsRequest {}).await?.into_inner().agreements;
    all.into_iter().map(View::new).collect()
}

async fn named(desk: &mut DeskClient, id: &str) -> Result<View, CliError> {
    let mut found: Vec<View> = all(desk).await?.into_iter().filter(|v| v.id.starts_with(id)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(one), true) if id.len() >= 4 => Ok(one),
        (Some(_), _) => Err(CliError::usage(format!("`{id}` does not name one agreement; write more of its id"))),
        (None, _) => {
            let what = format!("there is no agreement `{id}`; see `watchfire agreement list`");
            Err(CliError::new(Exit::Failed, "NOT_FOUND", what))
        }
    }
}

async fn find(desk: &mut DeskClient, which: &Which) -> Result<prost::bytes::Bytes, CliError> {
    let view = named(desk, &which.id).await?;
    Ok(hex::decode(&view.id).unwrap_or_default().into())
}

async fn show(global: &Global, which: &Which) -> Result<(), CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let view = named(&mut desk, &which.id).await?;
    output::result(global, &view, || view.words());
    Ok(())
}

async fn list(global: &Global) -> Result<(), CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let views = all(&mut desk).await?;
    if global.json {
        views.iter().for_each(output::print_json);
    } else if views.is_empty() {
        output::print("no agreements yet; begin one with `watchfire agreement draft --partner DOMAIN`");
    } else {
        let rows = views.iter().map(|v| {
            let parties = v.parties.join(" + ");
            vec![
                short(&v.id).to_owned(),
                v.version.to_string(),
                parties,
                v.state.clone(),
                v.from.clone(),
                v.until.clone(),
            ]
        });
        let rows: Vec<_> = rows.collect();
        output::print(&output::table(&["ID", "VERSION", "PARTIES", "STATE", "FROM", "UNTIL"], &rows));
    }
    Ok(())
}
