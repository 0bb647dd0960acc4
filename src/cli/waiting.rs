//! Describes what arrived and can't be verified yet.

use serde::Serialize;

use super::{CliError, Global, output};
use crate::{
    desk::client::DeskClient,
    render::text::one_line,
    wire::{field::time, proto},
};

/// The entries that wait, of one partner and one organisation.
#[derive(Clone, Serialize)]
pub struct Waiting {
    /// The partner that handed them over.
    pub partner: String,
    /// The organisation whose roots or revocation lists must change.
    pub organisation: String,
    /// How many are kept.
    pub entries: u64,
    /// How many more could not be kept because there was no room.
    pub over_budget: u64,
    /// When the first of them arrived.
    pub since: Option<String>,
    /// What to do.
    pub fix: String,
}

impl Waiting {
    fn new(view: proto::WaitingView) -> Self {
        let proto::WaitingView { partner, organisation, entries, over_budget, since, fix } = view;
        let since = time("since", since).ok().map(|t| t.to_string());
        Self { partner, organisation, entries, over_budget, since, fix }
    }

    /// One line about them.
    pub fn words(&self) -> String {
        let Self { partner, organisation, entries, over_budget, since, fix } = self;
        let total = entries + over_budget;
        let (are, entries) = if total == 1 { ("entry waits", "it") } else { ("entries wait", "them") };
        let since = since.as_deref().map(|s| format!(", the first since {s}")).unwrap_or_default();
        format!(
            "{total} {are} here from {partner}{since}: the signature of {organisation} can't be verified yet, so nobody may read \
             {entries}. {}",
            one_line(fix)
        )
    }
}

/// Lists what waits.
pub async fn list(desk: &mut DeskClient) -> Result<Vec<Waiting>, CliError> {
    let waiting = desk.all_waiting().await?;
    Ok(waiting.into_iter().map(Waiting::new).collect())
}

/// Reports on stderr that something waits, because a list of what can be read does not show it.
pub async fn warn(global: &Global, desk: &mut DeskClient) -> Result<(), CliError> {
    for waiting in list(desk).await? {
        output::note(global, &format!("ATTENTION: {}", waiting.words()));
    }
    Ok(())
}
