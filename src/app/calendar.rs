//! Tells ahead that agreements end, and records that they have.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    domain::{ids::StatementId, time::Day},
    node::Node,
};

const INTERVAL: Duration = Duration::from_secs(600);

/// Looks until `stop`; each agreement that ends soon is told of once a day.
pub(super) async fn watch(node: Arc<Node>, stop: CancellationToken) {
    let mut told: HashMap<StatementId, Day> = HashMap::new();
    loop {
        match node.look_at_the_calendar().await {
            Ok(ending) => {
                let today = node.now().day();
                for ending in ending {
                    let (id, partner) = (ending.record.id, &ending.record.partner);
                    if told.insert(id, today) != Some(today) {
                        let days_left = ending.days_left;
                        tracing::warn!(%partner, agreement = %id, days_left, "an agreement ends soon; propose its next version");
                    }
                }
            }
            Err(fault) => tracing::error!(reason = %fault.reason, "the agreements could not be looked through"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}
