//! Finds the agreement that a command names, and prints what became of it.

use clap::Args;

use super::details::AgreementDetails;
use crate::{
    cli::{CliError, Exit, Global, id_prefix, output},
    desk::client::DeskClient,
    wire::proto,
};

/// Names an agreement on the command line.
#[derive(Args)]
pub struct Which {
    /// Its id, or enough of its beginning
    pub id: String,
}

/// Prints the agreement as the node has it after a change, and returns it.
pub fn print(global: &Global, agreement: Option<proto::AgreementView>) -> Result<AgreementDetails, CliError> {
    let missing = || CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty");
    let view = AgreementDetails::new(agreement.ok_or_else(missing)?)?;
    output::result(global, &view, || view.words());
    Ok(view)
}

/// All agreements of the node.
pub async fn all(desk: &mut DeskClient) -> Result<Vec<AgreementDetails>, CliError> {
    let all = desk.list_agreements(proto::ListAgreementsRequest {}).await?.into_inner().agreements;
    all.into_iter().map(AgreementDetails::new).collect()
}

/// The one agreement whose id begins with `id`.
pub async fn find(desk: &mut DeskClient, id: &str) -> Result<AgreementDetails, CliError> {
    let found = all(desk).await?.into_iter().filter(|v| v.id.starts_with(id)).collect();
    id_prefix::only(found, id, "agreement", "agreement list")
}
