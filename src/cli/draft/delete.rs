//! `watchfire draft delete`.

use clap::Args;

use super::view::find;
use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{Context, WRITERS},
        output,
    },
    wire::proto,
};

/// Deletes a draft with all its revisions. What was published from it stays.
#[derive(Args)]
pub struct Delete {
    /// The draft's id, or its beginning
    #[arg(add = complete::drafts())]
    id: String,
}

impl Delete {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = find(&mut desk, &self.id).await?;
        let question = format!("Delete draft {id} with all its revisions? It can't be brought back.");
        if !output::confirm(global, &question) {
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was deleted; confirm, or pass --yes"));
        }
        desk.drafts.delete_draft(proto::DeleteDraftRequest { draft_id: id.0.to_vec().into() }).await?;
        output::result(global, &serde_json::json!({ "deleted": id }), || format!("deleted draft {id}"));
        Ok(())
    }
}
