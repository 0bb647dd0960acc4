//! `watchfire draft history`.

use clap::Args;

use super::view::{RevisionRow, find, person, text};
use crate::cli::{
    CliError, Global, complete,
    context::{Context, WRITERS},
    output,
};

/// Lists the revisions of a draft, the latest first.
#[derive(Args)]
pub struct History {
    /// The draft's id, or its beginning
    #[arg(add = complete::drafts())]
    id: String,
}

impl History {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = find(&mut desk, &self.id).await?;
        let (row, _, _) = text(&mut desk, &id, 0).await?;
        if global.json {
            row.revisions.iter().rev().for_each(output::print_json);
            return Ok(());
        }
        let state = |r: &RevisionRow| match (r.number == row.current, row.beside.contains(&r.number)) {
            (true, _) => "current",
            (false, true) => "beside",
            (false, false) => "",
        };
        let cells = |r: &RevisionRow| {
            let based_on = r.based_on.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            vec![r.number.to_string(), r.at.clone(), person(&r.by), r.bytes.to_string(), based_on, state(r).to_owned()]
        };
        let rows: Vec<_> = row.revisions.iter().rev().map(cells).collect();
        output::print(output::table(&["REVISION", "SAVED", "BY", "BYTES", "BASED ON", ""], &rows).trim_end());
        Ok(())
    }
}
