//! Records sign-ins.

use crate::{
    domain::{
        actor::Actor,
        event::{Deed, Event},
        ids::Role,
    },
    node::ledger::{Ledger, last_heard::SILENCE_SECONDS},
};

impl Ledger {
    /// Notes that somebody of the organisation speaks to the node, and records a sign-in.
    pub async fn heard(&self, actor: &Actor) {
        let now = self.clock.now();
        if matches!(actor.role(), Role::Node | Role::Service) || !self.last_heard.heard(actor.id(), now) {
            return;
        }
        let event = Event::by(actor, now, Deed::SignedIn);
        // Reading goes on even if nothing can be written. Changes fail by themselves.
        if let Err(error) = self.store.record_sign_in(actor.id(), SILENCE_SECONDS, event).await {
            tracing::error!(%error, "a sign-in could not be recorded");
            self.last_heard.forget(actor.id());
        }
    }
}
