//! The exchange of statements between partners: handing over, answering and settling. It is the same whichever side dialled.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        statement::SubmitOutcome,
    },
    node::{self, Node, outbox::Waiting, task::to_the_end},
    wire::{self, field, proto},
};

/// How many statements travel in one message.
pub(super) const PAGE: usize = 64;
/// The longest time that a partner may wait for statements, in seconds.
pub(super) const LONGEST_WAIT: u32 = 20;

/// Takes a statement from a partner. Returns the outcome.
pub(super) async fn take(node: &Arc<Node>, partner: &TrustDomain, message: proto::Envelope) -> proto::StatementOutcome {
    let taken = match wire::envelope::from_proto(message) {
        Ok(envelope) => {
            let (node, partner) = (node.clone(), partner.clone());
            let taken = to_the_end(async move { Ok(node.inbox.take_statement(&partner, &envelope).await) }).await;
            taken.unwrap_or_else(SubmitOutcome::NotYet)
        }
        Err(fault) => SubmitOutcome::Refused(fault),
    };
    wire::outcome::to_proto(&taken)
}

/// Whether an outcome is a temporary refusal, so that the statement should be tried again soon.
pub(super) fn is_passing(outcome: &proto::StatementOutcome) -> bool {
    matches!(wire::outcome::from_proto(outcome), SubmitOutcome::NotYet(fault) if node::inbox::is_of_the_moment(fault.reason))
}

/// Stores the partner's answers. Returns `false` if some statements stay and should be tried again soon.
pub(super) async fn settle<'a>(
    node: &Node,
    partner: &TrustDomain,
    outcomes: impl Iterator<Item = (&'a Waiting, &'a proto::StatementOutcome)>,
) -> Result<bool, Fault> {
    let answered = |(waiting, outcome): (&Waiting, &proto::StatementOutcome)| {
        (waiting.id, waiting.envelope.kind, wire::outcome::from_proto(outcome))
    };
    node.outbox.answered_by(partner, outcomes.map(answered).collect()).await
}

/// Answers a partner that fetches statements: settles those that it got before, and returns those that wait. If none wait, it returns one that
/// is posted within the waiting time.
pub(super) async fn fetched(
    node: &Arc<Node>,
    partner: &TrustDomain,
    request: proto::FetchStatementsRequest,
) -> Result<proto::FetchStatementsResponse, Fault> {
    let proto::FetchStatementsRequest { settled, wait_seconds } = request;
    if settled.len() > PAGE {
        return Err(Fault::at(Reason::LimitExceeded, "settled", format!("at most {PAGE} are settled in one call")));
    }
    // Older than the first look: what is posted meanwhile is not overlooked.
    let mut posts = node.sessions.of(partner).posts();
    if !settled.is_empty() {
        let outcomes = settled
            .into_iter()
            .map(|s| {
                let proto::SettledStatement { ticket, outcome } = s;
                Ok((field::bytes::<Sha256>("settled.ticket", &ticket)?, field::present("settled.outcome", outcome)?))
            })
            .collect::<Result<Vec<_>, Fault>>()?;
        let waiting = node.outbox.waiting(partner, 0, PAGE).await?;
        let named = |ticket: &Sha256| waiting.iter().find(|w| w.ticket == *ticket);
        // A statement that is no longer here is already settled.
        settle(node, partner, outcomes.iter().filter_map(|(t, o)| Some((named(t)?, o)))).await?;
    }
    let mut waiting = node.outbox.waiting(partner, 0, PAGE).await?;
    if waiting.is_empty() && wait_seconds > 0 {
        let longest = Duration::from_secs(wait_seconds.min(LONGEST_WAIT).into());
        let _ = tokio::time::timeout(longest, posts.changed()).await;
        // The partner may have lost its standing in the meantime.
        node.directory.current().active(partner)?;
        waiting = node.outbox.waiting(partner, 0, PAGE).await?;
    }
    let message = |w: &Waiting| proto::WaitingStatement {
        ticket: w.ticket.0.to_vec().into(),
        statement: Some(wire::envelope::to_proto(&w.envelope)),
    };
    Ok(proto::FetchStatementsResponse { statements: waiting.iter().map(message).collect() })
}
