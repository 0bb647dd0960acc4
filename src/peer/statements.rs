//! Statements between partners, the same whichever side dialled: what is handed over, what became of it, what is settled.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain, shorten},
    },
    node::{Node, post::Waiting, to_the_end},
    wire::{self, field, proto},
};

/// How many statements go together.
pub(super) const PAGE: usize = 64;
/// The longest wait for statements, seconds.
pub(super) const LONGEST_WAIT: u32 = 20;

/// Takes a statement from a partner, and says what became of it.
pub(super) async fn take(node: &Arc<Node>, partner: &TrustDomain, message: proto::Envelope) -> proto::StatementOutcome {
    let taken = match wire::envelope::from_proto(message) {
        Ok(envelope) => {
            let (node, partner) = (node.clone(), partner.clone());
            to_the_end(async move { node.take_statement(&partner, &envelope).await }).await
        }
        Err(fault) => Err(fault),
    };
    match taken {
        Ok(()) => proto::StatementOutcome { accepted: true, reason: String::new(), message: String::new() },
        Err(fault) => {
            proto::StatementOutcome { accepted: false, reason: fault.reason.to_string(), message: fault.to_string() }
        }
    }
}

/// Whether an outcome is a refusal of the moment, so that the statement is kept and tried again.
pub(super) fn is_passing(outcome: &proto::StatementOutcome) -> bool {
    let reason = Reason::from_name(&outcome.reason);
    // What is from the future there is not for long.
    let of_the_moment = matches!(
        reason,
        Some(
            Reason::StoreFull
                | Reason::Unavailable
                | Reason::Internal
                | Reason::LimitExceeded
                | Reason::StatementFromFuture
                // Its store is damaged: it takes nothing until somebody has mended it, and must have it then.
                | Reason::StoreCorrupt
        )
    );
    !outcome.accepted && of_the_moment
}

/// Takes what the partner has settled out of its outbox. One that it refuses is dropped, loudly: it would refuse it for
/// ever. `false` where some stay, for another try.
pub(super) async fn settle<'a>(
    node: &Node,
    partner: &TrustDomain,
    outcomes: impl Iterator<Item = (i64, &'a proto::StatementOutcome)>,
) -> Result<bool, Fault> {
    let (mut settled, mut is_all) = (vec![], true);
    for (id, outcome) in outcomes {
        if !outcome.accepted {
            tracing::warn!(%partner, reason = shorten(&outcome.reason), "the partner refused a statement");
        }
        if is_passing(outcome) {
            is_all = false;
            continue;
        }
        if !outcome.accepted {
            node.refused(partner, id, &outcome.reason).await?;
        }
        settled.push(id);
    }
    if !settled.is_empty() {
        node.delivered(partner, settled).await?;
    }
    Ok(is_all)
}

/// The answer to a partner that fetches: settles what it had before, and gives what waits; where nothing does, something
/// that comes within the wait.
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
    let mut posts = node.live().of(partner).posts();
    if !settled.is_empty() {
        let outcomes = settled
            .into_iter()
            .map(|s| {
                let proto::SettledStatement { ticket, outcome } = s;
                Ok((field::bytes::<Sha256>("settled.ticket", &ticket)?, field::present("settled.outcome", outcome)?))
            })
            .collect::<Result<Vec<_>, Fault>>()?;
        let waiting = node.waiting(partner, 0, PAGE).await?;
        let id_of = |ticket: &Sha256| waiting.iter().find(|w| w.ticket == *ticket).map(|w| w.id);
        // What is not there is settled already.
        settle(node, partner, outcomes.iter().filter_map(|(t, o)| Some((id_of(t)?, o)))).await?;
    }
    let mut waiting = node.waiting(partner, 0, PAGE).await?;
    if waiting.is_empty() && wait_seconds > 0 {
        let longest = Duration::from_secs(wait_seconds.min(LONGEST_WAIT).into());
        let _ = tokio::time::timeout(longest, posts.changed()).await;
        // The partner may have lost its standing in the meantime.
        node.directory().active(partner)?;
        waiting = node.waiting(partner, 0, PAGE).await?;
    }
    let message = |w: &Waiting| proto::WaitingStatement {
        ticket: w.ticket.0.to_vec().into(),
        statement: Some(wire::envelope::to_proto(&w.envelope)),
    };
    Ok(proto::FetchStatementsResponse { statements: waiting.iter().map(message).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_could_not_take_comes_again_and_what_is_wrong_does_not() {
        let refused = |reason: Reason| proto::StatementOutcome {
            accepted: false,
            reason: reason.to_string(),
            message: String::new(),
        };
        for reason in [Reason::StoreFull, Reason::StoreCorrupt, Reason::Unavailable, Reason::StatementFromFuture] {
            assert!(is_passing(&refused(reason)), "{reason}");
            assert!(!is_passing(&proto::StatementOutcome { accepted: true, ..refused(reason) }));
        }
        for reason in [Reason::SignatureInvalid, Reason::WrongDomain, Reason::CertificateRevoked] {
            assert!(!is_passing(&refused(reason)), "{reason}");
        }
    }
}
