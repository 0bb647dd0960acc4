//! Makes the services of a node and gives each what it depends on.

mod factory;
mod parts;

pub use parts::{ConsoleParts, NodeParts};

use std::sync::Arc;

use factory::ServiceFactory;

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
    let factory = ServiceFactory::new(parts);
    let bundles = factory.bundles();
    let revocations = factory.revocations(&bundles);
    let ledger = factory.ledger(ledger, &bundles, &revocations);
    let refusals = factory.refusals();
    let requests = factory.requests();
    let outbound = factory.outbound(&ledger);
    let receipts = factory.receipts(&outbound, &refusals);
    let recalls = factory.recalls(&receipts);
    let assessments = factory.assessments(readings_every_seconds, &ledger, &recalls, &receipts);
    let inbound = factory.inbound(&assessments, &outbound, &recalls, &receipts, &requests);
    let partnerships = factory.partnerships(&bundles, &ledger, &recalls, &revocations);
    let agreements = factory.agreements();
    let outbox = factory.outbox(&requests);
    let inbox = Arc::new(Inbox {
        budgets: factory.budgets.clone(),
        clock: factory.clock.clone(),
        directory: factory.directory.clone(),
        identity: factory.identity.clone(),
        sessions: factory.sessions.clone(),
        refusals: refusals.clone(),
        agreements: agreements.clone(),
        requests: requests.clone(),
        receipts: receipts.clone(),
        recalls: recalls.clone(),
        partnerships: partnerships.clone(),
        bundles: bundles.clone(),
    });
    let monitor = factory.monitor(&outbox);
    let timers = factory.timers(&agreements, &monitor, &inbound, &assessments);

    Arc::new(Node {
        browser_sessions: factory.browser_sessions(&revocations),
        drafts: factory.drafts(),
        simulation: factory.simulation(),
        rules: factory.rules(),
        today: factory.today(&ledger, &monitor),
        clock: factory.clock,
        sessions: factory.sessions,
        identity: factory.identity,
        directory: factory.directory,
        people: factory.people,
        alarms: factory.alarms,
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
        outbox,
        inbox,
        monitor,
        timers,
    })
}
