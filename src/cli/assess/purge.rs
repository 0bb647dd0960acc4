//! `watchfire assess purge`.

use clap::Args;

use super::recall;
use crate::{
    cli::{
        CliError, Exit, Global,
        context::{Context, OFFICERS},
        named, output,
        taken_back::TakenBack,
    },
    desk::client::DeskClient,
    domain::ids::AssessmentId,
    wire::proto,
};

/// Stands behind a purge that another organisation asks for; with the second officer it runs. Or declines it.
#[derive(Args)]
pub struct Purge {
    /// The assessment's id, or enough of its beginning
    #[arg(required_unless_present = "list")]
    id: Option<String>,
    /// Keep it sealed, and tell the originator why, in one line
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
        let mut desk = Context::load(global, OFFICERS)?.connect().await?;
        let id = waiting(&mut desk, id).await?;
        let is_purge = self.decline.is_none();
        if is_purge && !output::confirm(global, &format!("stand behind destroying {id} here?")) {
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was decided; confirm, or give --yes"));
        }
        let decline = self.decline.clone().unwrap_or_default();
        if !is_purge && decline.is_empty() {
            return Err(CliError::usage("the originator is told why; give --decline a reason"));
        }
        let request = proto::DecidePurgeRequest { assessment_id: id.0.to_vec().into(), decline };
        let view = desk.decide_purge(request).await?.into_inner().recall;
        let view = view.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?;
        let taken = TakenBack::new(view);
        output::result(global, &taken, || taken.words());
        Ok(())
    }
}

/// Nothing of it may be shown any more: by its beginning it is found among the recalls, too.
async fn waiting(desk: &mut DeskClient, id: &str) -> Result<AssessmentId, CliError> {
    if let Ok(id) = id.parse() {
        return Ok(id);
    }
    let all = desk.list_recalls(proto::ListRecallsRequest { waiting_only: false }).await?.into_inner().recalls;
    let found: Vec<_> = all.into_iter().map(|r| r.assessment_id).filter(|a| hex::encode(a).starts_with(id)).collect();
    let one = named::only(found, id, "recalled assessment", "assess purge --list")?;
    AssessmentId::try_from(&*one).map_err(CliError::usage)
}
