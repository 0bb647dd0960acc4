//! `watchfire draft hand-over` and `draft take-back`.

use clap::Args;

use super::view::{DraftRow, find, person};
use crate::{
    cli::{
        CliError, Global, complete,
        context::{Context, WRITERS},
        output,
    },
    wire::proto,
};

/// Hands a draft over to a colleague.
#[derive(Args)]
pub struct HandOver {
    /// The draft's id, or its beginning
    #[arg(add = complete::drafts())]
    id: String,
    /// The colleague: a name, role/name, or a SPIFFE id
    #[arg(long, value_name = "PERSON")]
    to: String,
}

/// Takes a draft back from a colleague.
#[derive(Args)]
pub struct TakeBack {
    /// The draft's id, or its beginning
    #[arg(add = complete::drafts())]
    id: String,
    /// The colleague: a name, role/name, or a SPIFFE id
    #[arg(long, value_name = "PERSON")]
    from: String,
}

impl HandOver {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = find(&mut desk, &self.id).await?;
        let request = proto::HandOverDraftRequest { draft_id: id.0.to_vec().into(), person: self.to.clone() };
        let row = DraftRow::new(desk.drafts.hand_over_draft(request).await?.into_inner().draft)?;
        output::result(global, &row, || readers(&row));
        Ok(())
    }
}

impl TakeBack {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = find(&mut desk, &self.id).await?;
        let request = proto::TakeBackDraftRequest { draft_id: id.0.to_vec().into(), person: self.from.clone() };
        let row = DraftRow::new(desk.drafts.take_back_draft(request).await?.into_inner().draft)?;
        output::result(global, &row, || readers(&row));
        Ok(())
    }
}

/// Who may see a draft, in words.
fn readers(row: &DraftRow) -> String {
    let all: Vec<String> = std::iter::once(&row.author).chain(&row.handed_to).map(|id| person(id)).collect();
    format!("draft {} can be read and changed by {} and by officers", row.id, all.join(", "))
}
