//! `watchfire draft rename`.

use clap::Args;

use super::view::{DraftRow, find};
use crate::{
    cli::{
        CliError, Global, complete,
        context::{Context, WRITERS},
        output,
    },
    wire::proto,
};

/// Gives a draft another name.
#[derive(Args)]
pub struct Rename {
    /// The draft's id, or its beginning
    #[arg(add = complete::drafts())]
    id: String,
    /// The name: one line
    name: String,
}

impl Rename {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = find(&mut desk, &self.id).await?;
        let request = proto::RenameDraftRequest { draft_id: id.0.to_vec().into(), name: self.name.clone() };
        let row = DraftRow::new(desk.drafts.rename_draft(request).await?.into_inner().draft)?;
        output::result(global, &row, || format!("draft {id} is called {}", row.title()));
        Ok(())
    }
}
