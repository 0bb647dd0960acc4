//! Makes the services of a node and gives each what it depends on.

mod parts;
mod shared;

pub use parts::NodeParts;

use std::sync::Arc;

use shared::Shared;

use crate::node::inbox::Inbox;
use crate::{
    domain::fault::Fault,
    node::{Node, ledger::parts::LedgerParts},
};

/// Starts the services with what the store already holds.
///
/// # Errors
/// Faults where the store can't be read, or holds a bundle or agreement that does not parse; where the house rules have mistakes and
/// none were in force before.
pub async fn start(mut parts: NodeParts, mut ledger: LedgerParts) -> Result<Arc<Node>, Fault> {
    let own = parts.own.clone();
    let house_rules = std::mem::replace(&mut parts.house_rules, Ok(None));
    let (found_head, next_key) = (ledger.found_head.take(), ledger.next_key.take());
    let node = wire(parts, ledger);
    node.directory.catalogue.begin().await?;
    node.people.begin_people().await?;
    node.revocations.begin_lists(own).await?;
    node.rules.begin_rules(house_rules).await?;
    node.ledger.begin_ledger(found_head.as_deref(), next_key).await?;
    // Another process may have changed something in the meantime.
    node.directory.catch_up().await?;
    Ok(node)
}

fn wire(parts: NodeParts, ledger: LedgerParts) -> Arc<Node> {
    let readings_every_seconds = parts.readings_every_seconds;
    let shared = Shared::new(parts);
    let bundles = shared.bundles();
    let revocations = shared.revocations(&bundles);
    let ledger = shared.ledger(ledger, &bundles, &revocations);
    let refusals = shared.refusals();
    let requests = shared.requests();
    let outbound = shared.outbound(&ledger);
    let receipts = shared.receipts(&outbound, &refusals);
    let recalls = shared.recalls(&receipts);
    let assessments = shared.assessments(readings_every_seconds, &ledger, &recalls, &receipts);
    let inbound = shared.inbound(&assessments, &outbound, &recalls, &receipts, &requests);
    let partnerships = shared.partnerships(&bundles, &ledger, &recalls, &revocations);
    let agreements = shared.agreements();
    let rules = shared.rules();
    let outbox = shared.outbox(&requests);
    let inbox = Arc::new(Inbox {
        budgets: shared.budgets.clone(),
        clock: shared.clock.clone(),
        directory: shared.directory.clone(),
        identity: shared.identity.clone(),
        sessions: shared.sessions.clone(),
        refusals: refusals.clone(),
        agreements: agreements.clone(),
        requests: requests.clone(),
        receipts: receipts.clone(),
        recalls: recalls.clone(),
        partnerships: partnerships.clone(),
        bundles: bundles.clone(),
    });
    let simulation = shared.simulation();
    let monitor = shared.monitor(&outbox);
    let timers = shared.timers(&agreements, &monitor, &inbound, &assessments);

    Arc::new(Node {
        clock: shared.clock,
        sessions: shared.sessions,
        identity: shared.identity,
        directory: shared.directory,
        people: shared.people,
        alarms: shared.alarms,
        bundles,
        revocations,
        ledger,
        refusals,
        requests,
        outbound,
        receipts,
        recalls,
        assessments,
        inbound,
        partnerships,
        agreements,
        rules,
        outbox,
        inbox,
        simulation,
        monitor,
        timers,
    })
}
