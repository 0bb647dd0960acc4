//! `watchfire ledger settle`.

use clap::Args;
use serde::Serialize;

use super::{ADMINS, CliError, Context, Global, output};
use crate::{
    cli::{Exit, approval::approve},
    domain::approval::Matter,
    seal::subject,
    wire::proto,
};

/// For a node that does not serve because entries are lost that it has signed: an older store was put in the place of a newer one.
/// Look first whether the newer store can be had. Partners are told, and have an alarm with both heads; their copies of what was lost
/// stay with them. Where there are two administrators, both must say so.
#[derive(Args)]
pub struct Settle {
    /// Why, in a sentence; it goes on record
    #[arg(long)]
    reason: String,
}

#[derive(Serialize)]
struct Outcome {
    settled: bool,
    approvals: u32,
    needed: u32,
    origin: String,
}

impl Settle {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        let question = "Entries that this node has signed are lost for good once this is settled. Go on?";
        if !output::confirm(global, question) {
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was done; answer yes, or give --yes"));
        }
        let node = desk.node.get_node(proto::GetNodeRequest { check_store: false }).await?.into_inner();
        let approval = approve(&context, Matter::Settlement, subject::bytes(node.lost_note.as_bytes()))?;
        let request = proto::SettleLedgerRequest { reason: self.reason.clone(), approval: Some(approval) };
        let answer = desk.ledger.settle_ledger(request).await?.into_inner();
        let proto::SettleLedgerResponse { settled, approvals, needed, origin } = answer;
        let outcome = Outcome { settled, approvals, needed, origin };
        output::result(global, &outcome, || match outcome.settled {
            true => format!("settled: the ledger goes on as {}, and the node serves again", outcome.origin),
            false => format!("{approvals} of {needed} administrators have said so; another one gives the same command"),
        });
        Ok(())
    }
}
