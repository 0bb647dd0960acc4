//! A recall, as programs and people see it.

use std::collections::HashSet;

use serde::Serialize;

use super::CliError;
use crate::{
    desk::client::DeskClient,
    render::text::one_line,
    wire::{field::time, proto},
};

/// What was taken back, or of which the purge waits for an officer, by when it last changed.
pub async fn all(desk: &mut DeskClient, waiting_only: bool) -> Result<Vec<proto::RecallView>, CliError> {
    let mut all = desk.all_recalls(waiting_only).await?;
    // A recall that has changed meanwhile is there twice. The last one counts.
    let mut seen = HashSet::new();
    all.reverse();
    all.retain(|r| seen.insert((r.originator.clone(), r.assessment_id.clone())));
    all.reverse();
    Ok(all)
}

/// What was taken back, by whom, why, and what it has come to here.
#[derive(Debug, Clone, Serialize)]
pub struct TakenBack {
    /// The statement's id.
    id: String,
    /// Which assessment.
    pub assessment: String,
    /// Whose it is.
    originator: String,
    /// `withdraw` or `purge`.
    kind: String,
    /// In the originator's words.
    reason: String,
    /// By the originator's clock.
    recalled_at: Option<String>,
    /// Who signed it.
    by: String,
    exercise: bool,
    /// What it has come to here.
    pub state: String,
    changed: Option<String>,
    /// The partner by whom it came; none where it was issued here.
    from: Option<String>,
    /// The officers who stand behind the purge.
    approvals: Vec<String>,
    /// The officer who has declined it.
    declined: Option<String>,
}

impl TakenBack {
    /// As the desk answers it.
    pub fn new(view: proto::RecallView) -> Self {
        let when = |at| time("at", at).ok().map(|t| t.to_string());
        Self {
            id: hex::encode(view.id),
            assessment: hex::encode(view.assessment_id),
            originator: view.originator,
            kind: view.kind,
            reason: view.reason,
            recalled_at: when(view.recalled_at),
            by: view.by,
            exercise: view.exercise,
            state: view.state,
            changed: when(view.changed),
            from: (!view.from.is_empty()).then_some(view.from),
            approvals: view.approvals.into_iter().map(|a| a.id).collect(),
            declined: view.declined.map(|a| a.id),
        }
    }

    /// One sentence.
    pub fn words(&self) -> String {
        let exercise = if self.exercise { "EXERCISE: " } else { "" };
        let asks = if self.kind == "purge" { "asks that it be destroyed" } else { "has taken it back" };
        let at = self.recalled_at.as_deref().unwrap_or("-");
        format!(
            "{exercise}{} {asks}, {at} ({}): {}{}",
            self.originator,
            one_line(&self.by),
            one_line(&self.reason),
            self.here()
        )
    }

    fn here(&self) -> String {
        match self.state.as_str() {
            "awaiting-approval" => {
                format!("; sealed here, {} of 2 officers stand behind the purge", self.approvals.len())
            }
            "declined" => {
                format!("; sealed here, the purge was declined by {}", self.declined.as_deref().unwrap_or("-"))
            }
            "purged" => "; destroyed here".to_owned(),
            _ => "; sealed here".to_owned(),
        }
    }
}
