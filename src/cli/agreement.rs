//! `watchfire agreement`: what is shared with whom.

mod diff;
mod propose;
mod simulate;
mod transfer;
mod view;

use std::cmp::Reverse;

use clap::{Args, Subcommand};

use self::{
    propose::{Draft, Propose},
    transfer::{Export, Import},
    view::View,
};
use super::{
    CliError, Exit, Global,
    approval::approve,
    context::{ADMINS, ANYBODY, Context},
    named, output,
};
use crate::{
    desk::client::DeskClient,
    domain::{approval::Matter, ids::Sha256, statement::StatementKind},
    seal::{statement::id_of, subject},
    wire::{field::time, proto},
};

/// Agree on what is shared.
#[derive(Subcommand)]
pub enum AgreementCommand {
    /// Write a commented file to start from, or the terms of an agreement for its next version
    Draft(Draft),
    /// Check a file and propose its terms; they are signed and sent once enough administrators stand behind them
    Propose(Propose),
    /// Tell what terms would newly give and withhold, before they are in force
    Simulate(simulate::Simulate),
    /// Read what an agreement says and where it stands, in words
    Review(Which),
    /// Stand behind an agreement; once enough administrators do the node signs, and when both sides have it is in force
    Sign(Sign),
    /// List agreements
    List,
    /// Show one agreement
    Show(Which),
    /// Say in words what changed between two agreements, and whether it gives more or less
    Diff(diff::Diff),
    /// Give and take nothing under an agreement for now; this side alone decides, and the partner is told
    Suspend(Stop),
    /// Lift this side's suspension
    Resume(Which),
    /// End an agreement, or decline or withdraw a proposal; this side alone decides, and the partner is told
    Terminate(Stop),
    /// Write an agreement with its signatures to a file, for a partner without a link
    Export(Export),
    /// Take an agreement that a partner has signed from a file
    Import(Import),
}

/// Names an agreement.
#[derive(Args)]
pub struct Which {
    /// Its id, or enough of its beginning
    id: String,
}

/// Stands behind an agreement.
#[derive(Args)]
pub struct Sign {
    #[command(flatten)]
    which: Which,
    /// It stands beside the other agreements with the partner: what any of them gives, goes
    #[arg(long)]
    beside: bool,
    /// Write it to this file too, for a partner without a link
    #[arg(long, value_name = "FILE")]
    out: Option<std::path::PathBuf>,
}

/// Stops an agreement.
#[derive(Args)]
pub struct Stop {
    #[command(flatten)]
    which: Which,
    /// Why, in one line: the partner is told
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
}

impl AgreementCommand {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Draft(draft) => draft.run(global).await,
            Self::Propose(propose) => propose.run(global).await,
            Self::Simulate(simulate) => simulate.run(global).await,
            Self::Review(which) | Self::Show(which) => show(global, which).await,
            Self::Diff(diff) => diff.run(global).await,
            Self::List => list(global).await,
            Self::Sign(sign) => sign.run(global).await,
            Self::Suspend(stop) => {
                let Asked { mut desk, id, .. } = asked(global, &stop.which).await?;
                let request = proto::SuspendAgreementRequest { id, reason: stop.reason.clone() };
                finish(global, desk.agreements.suspend_agreement(request).await?.into_inner().agreement).map(|_| ())
            }
            Self::Resume(which) => {
                let Asked { mut desk, id, context, subject } = asked(global, which).await?;
                let approval = Some(approve(&context, Matter::Resumption, subject)?);
                let request = proto::ResumeAgreementRequest { id, approval };
                finish(global, desk.agreements.resume_agreement(request).await?.into_inner().agreement).map(|_| ())
            }
            Self::Terminate(stop) => {
                let Asked { mut desk, id, .. } = asked(global, &stop.which).await?;
                if !output::confirm(global, "Ending an agreement can't be undone. End it?") {
                    return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "not ended; give --yes to end it"));
                }
                let request = proto::TerminateAgreementRequest { id, reason: stop.reason.clone() };
                finish(global, desk.agreements.terminate_agreement(request).await?.into_inner().agreement).map(|_| ())
            }
            Self::Export(export) => export.run(global).await,
            Self::Import(import) => import.run(global).await,
        }
    }
}

impl Sign {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let Asked { mut desk, id, context, subject } = asked(global, &self.which).await?;
        let approval = Some(approve(&context, Matter::Agreement, subject)?);
        let request = proto::SignAgreementRequest { id, approval, beside: self.beside };
        let answer = desk.agreements.sign_agreement(request).await?.into_inner();
        let view = finish(global, answer.agreement)?;
        transfer::write_signed(global, &view, self.out.as_deref())
    }
}

/// An administrator asks for something about an agreement.
struct Asked {
    context: Context,
    desk: DeskClient,
    /// The agreement's statement id.
    id: prost::bytes::Bytes,
    /// What an approval of it names: the id of the very terms that the node has shown.
    subject: Sha256,
}

async fn asked(global: &Global, which: &Which) -> Result<Asked, CliError> {
    let context = Context::load(global, ADMINS)?;
    let mut desk = context.connect().await?;
    let view = named(&mut desk, &which.id).await?;
    let subject = subject::statement(&id_of(StatementKind::Agreement, &view.envelope.payload));
    Ok(Asked { context, desk, id: hex::decode(&view.id).unwrap_or_default().into(), subject })
}

/// Shows what became of it.
fn finish(global: &Global, agreement: Option<proto::AgreementView>) -> Result<View, CliError> {
    let missing = || CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty");
    let view = View::new(agreement.ok_or_else(missing)?)?;
    output::result(global, &view, || view.words());
    Ok(view)
}

async fn all(desk: &mut DeskClient) -> Result<Vec<View>, CliError> {
    let all = desk.all_agreements().await?;
    let dated = |a: proto::AgreementView| Ok((time("changed", a.changed).ok(), View::new(a)?));
    let mut all = all.into_iter().map(dated).collect::<Result<Vec<_>, CliError>>()?;
    // The desk lists them by id. People look for the latest change.
    all.sort_by_key(|(changed, view)| Reverse((*changed, view.agreement.version)));
    Ok(all.into_iter().map(|(_, view)| view).collect())
}

/// The agreement whose id begins so.
async fn named(desk: &mut DeskClient, id: &str) -> Result<View, CliError> {
    let found = all(desk).await?.into_iter().filter(|v| v.id.starts_with(id)).collect();
    named::only(found, id, "agreement", "agreement list")
}

async fn show(global: &Global, which: &Which) -> Result<(), CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let view = named(&mut desk, &which.id).await?;
    let before = match view.agreement.previous {
        Some(id) => all(&mut desk).await?.into_iter().find(|v| v.id == id.to_string()),
        None => None,
    };
    output::result(global, &view, || match before {
        Some(before) => format!("{}\n{}", view.words(), diff::since(&before, &view)),
        None => view.words(),
    });
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
        let rows: Vec<_> = views.iter().map(View::row).collect();
        output::print(&output::table(&["ID", "VERSION", "PARTIES", "STATE", "FROM", "UNTIL", "NOTE"], &rows));
    }
    Ok(())
}
