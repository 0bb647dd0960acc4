//! `watchfire draft diff`.

use clap::Args;
use similar::TextDiff;

use super::view::{DraftRow, find, text};
use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{Context, WRITERS},
        output,
    },
    desk::client::DeskClient,
    domain::ids::DraftId,
    render::text::harmless,
};

/// Compares two revisions line by line. Without options: the current one with each one beside it, or with the one before it.
#[derive(Args)]
pub struct Diff {
    /// The draft's id, or its beginning
    #[arg(add = complete::drafts())]
    id: String,
    /// The first revision; default: the current one if others stand beside it, else the one before it
    #[arg(long, value_name = "N")]
    from: Option<u32>,
    /// The second revision; default: each one beside the current one, else the current one
    #[arg(long, value_name = "N")]
    to: Option<u32>,
}

impl Diff {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = find(&mut desk, &self.id).await?;
        let (row, _, _) = text(&mut desk, &id, 0).await?;
        for (from, to) in self.pairs(&row)? {
            let difference = difference(&mut desk, &id, from, to).await?;
            let json = serde_json::json!({ "from": from, "to": to, "diff": difference });
            output::result(global, &json, || harmless(&difference).trim_end().to_owned());
        }
        Ok(())
    }

    fn pairs(&self, row: &DraftRow) -> Result<Vec<(u32, u32)>, CliError> {
        let before = row.current().and_then(|r| r.based_on.last().copied());
        let alone = || {
            let what = "the draft has only one text; there is nothing to compare it with";
            CliError::new(Exit::Failed, "NOT_FOUND", what)
        };
        match (self.from, self.to) {
            (Some(from), to) => Ok(vec![(from, to.unwrap_or(row.current))]),
            (None, Some(to)) => Ok(vec![(row.current, to)]),
            (None, None) if !row.beside.is_empty() => Ok(row.beside.iter().map(|to| (row.current, *to)).collect()),
            (None, None) => Ok(vec![(before.ok_or_else(alone)?, row.current)]),
        }
    }
}

/// The difference between two revisions, in the unified format.
async fn difference(desk: &mut DeskClient, id: &DraftId, from: u32, to: u32) -> Result<String, CliError> {
    let (row, _, before) = text(desk, id, from).await?;
    let (_, _, after) = text(desk, id, to).await?;
    let named = |number| {
        let found = row.revisions.iter().find(|r| r.number == number);
        found.map(|r| r.words()).unwrap_or_default()
    };
    let diff = TextDiff::configure().timeout(std::time::Duration::from_secs(5)).diff_lines(&before, &after);
    let unified = diff.unified_diff().context_radius(3).header(&named(from), &named(to)).to_string();
    Ok(if unified.is_empty() { format!("revisions {from} and {to} have the same text") } else { unified })
}
