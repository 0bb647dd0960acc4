//! Finds the agreement that a command names, and prints its state after a change.

use std::cmp::Reverse;

use clap::Args;

use super::details::AgreementDetails;
use crate::{
    cli::{CliError, Exit, Global, complete, id_prefix, output},
    desk::client::DeskClient,
    wire::{field::time, proto},
};

/// Names an agreement on the command line.
#[derive(Args)]
pub struct Which {
    /// Its id, or enough of its beginning
    #[arg(add = complete::agreements())]
    pub id: String,
}

/// Prints the agreement as the node has it after a change, and returns it.
pub fn print(global: &Global, agreement: Option<proto::AgreementView>) -> Result<AgreementDetails, CliError> {
    let missing = || CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty");
    let view = AgreementDetails::new(agreement.ok_or_else(missing)?)?;
    output::result(global, &view, || view.words());
    Ok(view)
}

/// All agreements of the node, the latest change first.
pub async fn all(desk: &mut DeskClient) -> Result<Vec<AgreementDetails>, CliError> {
    let all = desk.all_agreements().await?;
    let dated = |a: proto::AgreementView| Ok((time("changed", a.changed).ok(), AgreementDetails::new(a)?));
    let mut all = all.into_iter().map(dated).collect::<Result<Vec<_>, CliError>>()?;
    // The desk lists them by id. People look for the latest change.
    all.sort_by_key(|(changed, details)| Reverse((*changed, details.agreement.version)));
    Ok(all.into_iter().map(|(_, details)| details).collect())
}

/// The one agreement whose id begins with `id`.
pub async fn find(desk: &mut DeskClient, id: &str) -> Result<AgreementDetails, CliError> {
    let found = all(desk).await?.into_iter().filter(|v| v.id.starts_with(id)).collect();
    id_prefix::only(found, id, "agreement", "agreement list")
}
