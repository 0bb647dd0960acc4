//! Records refusals in the ledger and in the log.

use std::sync::Arc;

use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::TrustDomain,
        statement::StatementKind,
        time::{Clock, Time},
    },
    node::{refusals::RefusalCount, sessions::PartnerSessions},
    store::Store,
};

/// Records what partners sent that was refused.
pub struct RefusalLog {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sessions: Arc<PartnerSessions>,
}

impl RefusalLog {
    /// Records that something of a partner was refused. What can't be stored is only logged, because the partner has its answer already.
    pub(in crate::node) async fn note_refusal(&self, partner: &TrustDomain, kind: StatementKind, reason: Reason) {
        let now = self.clock.now();
        let Some(count) = self.sessions.of(partner).refusals(|r| r.count(kind, reason, now)) else { return };
        self.tell_refusals(partner, vec![RefusalCount { kind, reason, count }], now).await;
    }

    /// Records what was refused in the last minute and is not recorded yet.
    pub async fn tell_what_was_refused(&self) {
        let now = self.clock.now();
        for (partner, live) in self.sessions.all() {
            self.tell_refusals(&partner, live.refusals(|r| r.due(now)), now).await;
        }
    }

    async fn tell_refusals(&self, partner: &TrustDomain, all: Vec<RefusalCount>, now: Time) {
        let event = |RefusalCount { kind, reason, count }: RefusalCount| {
            tracing::warn!(%partner, %kind, %reason, count, "refused what the partner handed over");
            let deed = Deed::Refused { partner: partner.clone(), kind, reason: reason.to_string(), count };
            Event::of_node(now, deed)
        };
        let events: Vec<Event> = all.into_iter().map(event).collect();
        if events.is_empty() {
            return;
        }
        if let Err(error) = self.store.record(events).await {
            let reason = Fault::from(error).reason;
            tracing::error!(%partner, %reason, "could not keep in the ledger that something was refused");
        }
    }
}
