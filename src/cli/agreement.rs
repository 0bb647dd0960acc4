//! `watchfire agreement`: agreements about what is shared with whom.

mod bulk;
mod details;
mod diff;
mod lookup;
mod propose;
mod simulate;
mod transfer;

use clap::{Args, Subcommand};

use self::{
    details::AgreementDetails,
    lookup::{Which, all, find},
    propose::{Draft, Propose},
    transfer::{Export, Import},
};
use super::{
    CliError, Exit, Global,
    approval::approve,
    context::{ADMINS, ANYBODY, Context},
    output, terminal,
};
use crate::{
    desk::client::DeskClient,
    domain::{approval::Matter, ids::Sha256, statement::StatementKind},
    seal::{statement::id_of, subject},
    wire::proto,
};

/// Propose, sign and end agreements with partners.
#[derive(Subcommand)]
pub enum AgreementCommand {
    /// Write a commented agreement file, or the terms of an agreement as a draft of its next version
    Draft(Draft),
    /// Check a file and propose its terms; the node signs and sends them after enough administrators have approved
    Propose(Propose),
    /// Show what terms would newly release and withhold, before they are in force
    Simulate(simulate::Simulate),
    /// Show the terms and the state of an agreement in words
    Review(Which),
    /// Approve an agreement; the node signs after enough administrators have approved, and it is in force when both sides have signed
    Sign(Sign),
    /// List agreements
    List,
    /// Show one agreement
    Show(Which),
    /// Show in words what differs between two agreements, and whether each change gives more or less
    Diff(diff::Diff),
    /// Suspend an agreement: nothing is given or taken under it; this side decides alone, and the partner is notified
    Suspend(Stop),
    /// Lift this side's suspension
    Resume(Which),
    /// End an agreement, or decline or withdraw a proposal; this side decides alone, and the partner is notified
    Terminate(Stop),
    /// Write an agreement with its signatures to a file, for a partner without a link
    Export(Export),
    /// Load an agreement that a partner has signed from a file
    Import(Import),
}

/// Approves an agreement.
#[derive(Args)]
pub struct Sign {
    #[command(flatten)]
    which: Which,
    /// Keep the other agreements with the partner in force in addition; what any of them gives is released
    #[arg(long)]
    beside: bool,
    /// Also write it to this file, for a partner without a link
    #[arg(long, value_name = "FILE")]
    out: Option<std::path::PathBuf>,
}

/// Stops an agreement.
#[derive(Args)]
pub struct Stop {
    #[command(flatten)]
    which: Which,
    /// The reason, in one line; the partner sees it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
}

impl AgreementCommand {
    /// Whether it only shows something.
    pub fn only_shows(&self) -> bool {
        matches!(self, Self::Review(_) | Self::Show(_) | Self::List | Self::Diff(_) | Self::Simulate(_))
    }

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
                let AdminCall { mut desk, id, .. } = AdminCall::begin(global, &stop.which).await?;
                let question = "Suspend it? Nothing is given or taken under it, and the partner is notified.";
                output::ask(global, question, "nothing was suspended")?;
                let request = proto::SuspendAgreementRequest { id, reason: stop.reason.clone() };
                lookup::print(global, desk.agreements.suspend_agreement(request).await?.into_inner().agreement)
                    .map(|_| ())
            }
            Self::Resume(which) => {
                let AdminCall { mut desk, id, context, subject, .. } = AdminCall::begin(global, which).await?;
                output::ask(global, "Resume it? What it gives is released again.", "nothing was resumed")?;
                let approval = Some(approve(&context, Matter::Resumption, subject)?);
                let request = proto::ResumeAgreementRequest { id, approval };
                lookup::print(global, desk.agreements.resume_agreement(request).await?.into_inner().agreement)
                    .map(|_| ())
            }
            Self::Terminate(stop) => {
                let AdminCall { mut desk, id, .. } = AdminCall::begin(global, &stop.which).await?;
                if !output::confirm(global, "Ending an agreement can't be undone. End it?") {
                    return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "not ended; confirm, or give --yes"));
                }
                let request = proto::TerminateAgreementRequest { id, reason: stop.reason.clone() };
                lookup::print(global, desk.agreements.terminate_agreement(request).await?.into_inner().agreement)
                    .map(|_| ())
            }
            Self::Export(export) => export.run(global).await,
            Self::Import(import) => import.run(global).await,
        }
    }
}

impl Sign {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let AdminCall { mut desk, id, context, subject, shown } = AdminCall::begin(global, &self.which).await?;
        if terminal::can_ask(global) {
            output::show(&in_full(&mut desk, &shown).await?);
            let question = if self.beside {
                "Sign exactly these terms, beside what else is in force with the partner?"
            } else {
                "Sign exactly these terms?"
            };
            output::ask(global, question, "nothing was signed")?;
        }
        let approval = Some(approve(&context, Matter::Agreement, subject)?);
        let request = proto::SignAgreementRequest { id, approval, beside: self.beside };
        let answer = desk.agreements.sign_agreement(request).await?.into_inner();
        let view = lookup::print(global, answer.agreement)?;
        transfer::write_signed(global, &view, self.out.as_deref())
    }
}

/// What a command of an administrator needs to change one agreement.
struct AdminCall {
    context: Context,
    desk: DeskClient,
    /// The agreement's statement id.
    id: prost::bytes::Bytes,
    /// The subject of an approval: the id of exactly the terms that the node has shown.
    subject: Sha256,
    /// These terms.
    shown: AgreementDetails,
}

impl AdminCall {
    async fn begin(global: &Global, which: &Which) -> Result<Self, CliError> {
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        let agreement = find(&mut desk, &which.id).await?;
        let subject = subject::statement(&id_of(StatementKind::Agreement, &agreement.envelope.payload));
        let id = hex::decode(&agreement.id).unwrap_or_default().into();
        Ok(Self { context, desk, id, subject, shown: agreement })
    }
}

async fn show(global: &Global, which: &Which) -> Result<(), CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let view = find(&mut desk, &which.id).await?;
    let words = in_full(&mut desk, &view).await?;
    output::result(global, &view, || words);
    Ok(())
}

/// An agreement in words, with what it changes in the version before.
async fn in_full(desk: &mut DeskClient, view: &AgreementDetails) -> Result<String, CliError> {
    let before = match view.agreement.previous {
        Some(id) => all(desk).await?.into_iter().find(|v| v.id == id.to_string()),
        None => None,
    };
    Ok(match before {
        Some(before) => format!("{}\n{}", view.words(), diff::since(&before, view)),
        None => view.words(),
    })
}

async fn list(global: &Global) -> Result<(), CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let views = all(&mut desk).await?;
    if global.json {
        views.iter().for_each(output::print_json);
    } else if views.is_empty() {
        output::print("no agreements yet; write one with `watchfire agreement draft --partner DOMAIN`");
    } else {
        output::print(details::table(&views, output::table_width()).trim_end());
    }
    Ok(())
}
