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

/// For a node that does not serve because entries that it has signed are lost: an older store was put in the place of a newer one. First find
/// out whether the newer store can be recovered. Partners get an alarm with both heads, and keep their copies of what was lost. If there are two
/// administrators, both must run this command.
#[derive(Args)]
pub struct Settle {
    /// The reason, in a sentence; it is recorded in the ledger
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
        let question = "This gives up the lost entries permanently, although this node has signed them. Continue?";
        if !output::confirm(global, question) {
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was done; confirm, or give --yes"));
        }
        let node = desk.node.get_node(proto::GetNodeRequest { check_store: false }).await?.into_inner();
        let approval = approve(&context, Matter::Settlement, subject::bytes(node.lost_note.as_bytes()))?;
        let request = proto::SettleLedgerRequest { reason: self.reason.clone(), approval: Some(approval) };
        let answer = desk.ledger.settle_ledger(request).await?.into_inner();
        let proto::SettleLedgerResponse { settled, approvals, needed, origin } = answer;
        let outcome = Outcome { settled, approvals, needed, origin };
        output::result(global, &outcome, || match outcome.settled {
            true => format!("settled: the ledger continues as {}, and the node serves again", outcome.origin),
            false => format!(
                "recorded: {approvals} of {needed} administrators have approved it; another one must run the same command"
            ),
        });
        Ok(())
    }
}
