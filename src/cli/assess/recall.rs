//! `watchfire assess recall`.

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{ANYBODY, Context, OFFICERS},
        id_prefix, output,
        recall_details::{self, RecallDetails},
        terminal,
    },
    desk::client::DeskClient,
    domain::{
        ids::AssessmentId,
        recall::{self, RecallKind},
        statement::StatementKind,
        time::Clock,
    },
    render::text::one_line,
    telemetry::SystemClock,
    wire::{self, proto},
};

/// Recalls an assessment: all its versions, here and at everybody who holds any of it. It can't be undone. On a terminal it first shows what
/// happens at whom, and asks.
#[derive(Args)]
pub struct Recall {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments(), required_unless_present = "list")]
    id: Option<String>,
    /// Withdraw: nobody can read it any more, and its bytes are kept for oversight
    #[arg(long, conflicts_with = "purge", required_unless_present_any = ["purge", "list"])]
    withdraw: bool,
    /// Purge: its keys are destroyed; if a holder has not agreed to that, two of its officers decide
    #[arg(long)]
    purge: bool,
    /// The reason, in one line; every holder reads it
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    reason: Option<String>,
    /// Seal this organisation's copy instead of destroying it, even with --purge
    #[arg(long, requires = "purge")]
    keep_own: bool,
    /// List what was recalled, by anybody
    #[arg(long, conflicts_with_all = ["id", "withdraw", "purge", "reason", "keep_own"])]
    list: bool,
}

impl Recall {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let (Some(id), Some(reason)) = (&self.id, &self.reason) else {
            return list(global, false).await;
        };
        let context = Context::load(global, OFFICERS)?;
        let mut desk = context.connect().await?;
        let id = id_prefix::assessment(&mut desk, id).await?;
        let held = desk.all_holders(&id.0).await?;
        if held.originator != context.config.organisation.domain.as_str() {
            let what = format!("`{id}` is an assessment of {}; only its originator can recall it", held.originator);
            return Err(CliError::new(Exit::Denied, "WRONG_DOMAIN", what));
        }
        let kind = if self.purge { RecallKind::Purge } else { RecallKind::Withdraw };
        self.confirmed(global, &mut desk, (id, &held)).await?;
        let recall = recall::Recall {
            originator: context.config.organisation.domain.clone(),
            assessment: id,
            kind,
            reason: reason.clone(),
            recalled_at: SystemClock.now(),
            exercise: held.exercise,
        };
        let payload = wire::recall::encode(&recall);
        // The reason is checked by the same rules as at every holder.
        wire::recall::decode(&payload).map_err(|f| CliError::usage(f.to_string()))?;
        let envelope = context.signing_key()?.statement(StatementKind::Recall, payload);
        let envelope = envelope.map_err(|e| CliError::files(e.to_string()))?;
        let request = proto::RecallAssessmentRequest {
            recall: Some(wire::envelope::to_proto(&envelope)),
            keep_own: self.keep_own,
        };
        let answer = desk.recalls.recall_assessment(request).await?.into_inner();
        let view =
            answer.recall.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?;
        let (taken, told) = (RecallDetails::new(view), answer.told);
        output::result(global, &json!({ "recall": taken, "told": told }), || {
            let told = if told.is_empty() { "nobody was given any of it".to_owned() } else { told.join(", ") };
            format!("{}\nsent to: {told}\n`watchfire assess holders {id}` shows who has confirmed", taken.words())
        });
        Ok(())
    }
}

impl Recall {
    /// Shows on a terminal what the recall does, and asks. A purge needs an answer in any case.
    async fn confirmed(
        &self,
        global: &Global,
        desk: &mut DeskClient,
        (id, held): (AssessmentId, &proto::GetHoldersResponse),
    ) -> Result<(), CliError> {
        const NOTHING: &str = "nothing was recalled; confirm, or give --yes";
        if terminal::can_ask(global) {
            let headline = headline(desk, id).await?;
            output::show(&self.shown(id, headline.as_deref(), held));
        }
        if !self.purge {
            return output::ask(global, "Withdraw it? This can't be undone.", NOTHING);
        }
        let question = format!("destroy {id}, here and at {} holders? this can't be undone", held.holders.len());
        match output::confirm(global, &question) {
            true => Ok(()),
            false => Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", NOTHING)),
        }
    }

    /// What the recall does, for people.
    fn shown(&self, id: AssessmentId, headline: Option<&str>, held: &proto::GetHoldersResponse) -> String {
        let exercise = if held.exercise { "EXERCISE: " } else { "" };
        let headline = headline.map(|text| format!("\n  {}", one_line(text))).unwrap_or_default();
        let what = match (self.purge, self.keep_own) {
            (false, _) => "Nobody can read it any more. Its bytes stay sealed, for oversight.",
            (true, false) => "Its keys are destroyed, here and at each holder that has agreed to that.",
            (true, true) => {
                "Its keys are destroyed at each holder that has agreed to that. The copy here stays sealed."
            }
        };
        let holder = |h: &proto::HolderView| {
            let way =
                if h.through.is_empty() { String::new() } else { format!(", by way of {}", h.through.join(", ")) };
            let versions: Vec<String> = h.versions.iter().map(|v| v.version.to_string()).collect();
            let versions =
                if versions.is_empty() { String::new() } else { format!(" (version {})", versions.join(", ")) };
            format!("\n  {}{versions}{way}", one_line(&h.organisation))
        };
        let holders = match held.holders.as_slice() {
            [] => "Nobody else holds it.".to_owned(),
            all => format!("It is taken back from:{}", all.iter().map(holder).collect::<String>()),
        };
        let reason = one_line(self.reason.as_deref().unwrap_or_default());
        format!("{exercise}{id}, version {}{headline}\n{what}\n{holders}\nEach of them reads: {reason}", held.version)
    }
}

/// The headline of an assessment, without recording that somebody has read the assessment.
async fn headline(desk: &mut DeskClient, id: AssessmentId) -> Result<Option<String>, CliError> {
    let request = proto::ExplainRequest { assessment_id: id.0.to_vec().into(), ..proto::ExplainRequest::default() };
    let labels = desk.assessments.explain(request).await?.into_inner().portions;
    Ok(labels.into_iter().find(|label| label.kind == "headline").map(|label| label.text))
}

/// Lists what was recalled, or the purges that wait for an officer.
pub(super) async fn list(global: &Global, waiting_only: bool) -> Result<(), CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let recalls: Vec<RecallDetails> =
        recall_details::all(&mut desk, waiting_only).await?.into_iter().map(RecallDetails::new).collect();
    if global.json {
        recalls.iter().for_each(output::print_json);
    } else if recalls.is_empty() {
        output::print(if waiting_only { "no purge waits for an officer" } else { "nothing was recalled" });
    } else {
        recalls.iter().for_each(|r| output::print(&format!("{}  {}\n    {}", r.assessment, r.state, r.words())));
    }
    Ok(())
}
