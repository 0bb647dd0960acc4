//! `watchfire assess purge`.

use clap::Args;

use super::recall;
use crate::{
    cli::{
        CliError, Exit, Global,
        approval::approve,
        complete,
        context::{Context, OFFICERS},
        id_prefix, output,
        recall_details::{self, RecallDetails},
    },
    desk::client::DeskClient,
    domain::{
        approval::Matter,
        ids::{AssessmentId, Sha256},
        recall::RecallState,
        statement::StatementKind,
    },
    seal::{statement::id_of, subject},
    wire::proto,
};

/// Approves a purge that another organisation asks for, or declines it. It runs when two officers have approved it.
#[derive(Args)]
pub struct Purge {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments(), required_unless_present = "list")]
    id: Option<String>,
    /// Decline: keep it sealed, and tell the originator this reason, in one line
    #[arg(long, value_name = "REASON")]
    decline: Option<String>,
    /// List the purges that wait for an officer
    #[arg(long, conflicts_with_all = ["id", "decline"])]
    list: bool,
}

impl Purge {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let Some(id) = &self.id else { return recall::list(global, true).await };
        let context = Context::load(global, OFFICERS)?;
        let mut desk = context.connect().await?;
        let id = waiting(&mut desk, id).await?;
        let is_purge = self.decline.is_none();
        if is_purge && !output::confirm(global, &format!("approve that {id} is destroyed here?")) {
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was decided; confirm, or give --yes"));
        }
        let decline = self.decline.clone().unwrap_or_default();
        if !is_purge && decline.is_empty() {
            return Err(CliError::usage("the originator sees the reason; give --decline a reason"));
        }
        let approval = match is_purge {
            true => Some(approve(&context, Matter::Purge, recall_of(&mut desk, &id).await?)?),
            false => None,
        };
        let request = proto::DecidePurgeRequest { assessment_id: id.0.to_vec().into(), decline, approval };
        let view = desk.recalls.decide_purge(request).await?.into_inner().recall;
        let view = view.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?;
        let taken = RecallDetails::new(view);
        output::result(global, &taken, || taken.words());
        Ok(())
    }
}

/// The subject of an approval of the purge: the originator's recall. Two originators may use the same id. The one whose purge waits is meant.
async fn recall_of(desk: &mut DeskClient, id: &AssessmentId) -> Result<Sha256, CliError> {
    let all = recall_details::all(desk, false).await?;
    let mut of_id: Vec<_> = all.into_iter().filter(|r| *r.assessment_id == id.0).collect();
    let rank = |state: &str| RecallState::ALL.iter().position(|s| s.as_str() == state && *s != RecallState::Withdrawn);
    of_id.sort_by_key(|r| rank(&r.state).unwrap_or(usize::MAX));
    let none = || {
        let what = format!("no purge of `{id}` waits for an officer; see `watchfire assess purge --list`");
        CliError::new(Exit::Failed, "NOT_FOUND", what)
    };
    let recall = of_id.into_iter().next().and_then(|r| r.envelope).ok_or_else(none)?;
    Ok(subject::statement(&id_of(StatementKind::Recall, &recall.payload)))
}

/// Finds a recalled assessment by the beginning of its id. Recalled assessments are not in the usual list.
async fn waiting(desk: &mut DeskClient, id: &str) -> Result<AssessmentId, CliError> {
    if let Ok(id) = id.parse() {
        return Ok(id);
    }
    let all = recall_details::all(desk, false).await?;
    let found: Vec<_> = all.into_iter().map(|r| r.assessment_id).filter(|a| hex::encode(a).starts_with(id)).collect();
    let one = id_prefix::only(found, id, "recalled assessment", "assess purge --list")?;
    AssessmentId::try_from(&*one).map_err(CliError::usage)
}
