//! A recall, for programs and people.

use std::collections::HashSet;

use serde::Serialize;

use super::CliError;
use crate::{
    desk::client::DeskClient,
    render::text::one_line,
    wire::{field::time, proto},
};

/// All recalls, or those whose purge waits for an officer, in the order of their last change.
pub async fn all(desk: &mut DeskClient, waiting_only: bool) -> Result<Vec<proto::RecallView>, CliError> {
    let mut all = desk.all_recalls(waiting_only).await?;
    // A recall that changes while it is listed comes twice. The later one counts.
    let mut seen = HashSet::new();
    all.reverse();
    all.retain(|r| seen.insert((r.originator.clone(), r.assessment_id.clone())));
    all.reverse();
    Ok(all)
}

/// What was recalled, by whom and why, and its effect here.
#[derive(Debug, Clone, Serialize)]
pub struct RecallDetails {
    /// The statement's id.
    id: String,
    /// The assessment.
    pub assessment: String,
    /// The organisation whose assessment it is.
    originator: String,
    /// `withdraw` or `purge`.
    kind: String,
    /// The reason, in the originator's words.
    reason: String,
    /// When, by the originator's clock.
    recalled_at: Option<String>,
    /// Who signed it.
    by: String,
    exercise: bool,
    /// Its effect here.
    pub state: String,
    changed: Option<String>,
    /// The partner that handed it over. `None` if it was issued here.
    from: Option<String>,
    /// The officers who have approved the purge.
    approvals: Vec<String>,
    /// The officer who has declined it.
    declined: Option<String>,
}

impl RecallDetails {
    /// Decodes the desk's answer.
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

    /// The recall as one sentence.
    pub fn words(&self) -> String {
        let exercise = if self.exercise { "EXERCISE: " } else { "" };
        let asks = if self.kind == "purge" { "asks to destroy it" } else { "has recalled it" };
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
                format!("; sealed here, {} of 2 officers have approved the purge", self.approvals.len())
            }
            "declined" => {
                format!("; sealed here, the purge was declined by {}", self.declined.as_deref().unwrap_or("-"))
            }
            "purged" => "; destroyed here".to_owned(),
            _ => "; sealed here".to_owned(),
        }
    }
}
