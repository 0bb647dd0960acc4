//! Sign-ins. The first word of a person after a silence is recorded.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::{
    domain::{
        actor::Actor,
        event::{Deed, Event},
        ids::{Role, SpiffeId},
        time::Time,
    },
    node::Node,
};

/// After how many seconds of silence a person's word is a sign-in.
const SILENCE_SECONDS: i64 = 15 * 60;

/// When each person was last heard.
#[derive(Default)]
pub(super) struct Persons(Mutex<HashMap<SpiffeId, Time>>);

impl Persons {
    /// Whether this word is a sign-in.
    fn heard(&self, who: &SpiffeId, now: Time) -> bool {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = heard.insert(who.clone(), now);
        before.is_none_or(|before| now.seconds_since(before) > SILENCE_SECONDS)
    }

    /// Makes the next word a sign-in again.
    fn forget(&self, who: &SpiffeId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(who);
    }
}

impl Node {
    /// Notes that somebody of the organisation speaks to the node, and records a sign-in.
    pub async fn heard(&self, actor: &Actor) {
        let now = self.now();
        if matches!(actor.role(), Role::Node | Role::Service) || !self.ledger.persons.heard(actor.id(), now) {
            return;
        }
        let event = Event::by(actor, now, Deed::SignedIn);
        // Reading goes on even if nothing can be written. Changes fail by themselves.
        if let Err(error) = self.store.record_sign_in(actor.id(), SILENCE_SECONDS, event).await {
            tracing::error!(%error, "a sign-in could not be recorded");
            self.ledger.persons.forget(actor.id());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_is_the_first_word_after_a_quarter_of_an_hour() {
        let (persons, who) = (Persons::default(), "spiffe://gb.example/admin/a".parse().unwrap());
        let other = "spiffe://gb.example/admin/b".parse().unwrap();
        let at = |seconds| Time::from_unix_nanos(0).plus_seconds(seconds);
        assert!(persons.heard(&who, at(0)) && !persons.heard(&who, at(800)) && !persons.heard(&who, at(1600)));
        assert!(persons.heard(&other, at(1600)) && persons.heard(&who, at(2600)));
    }
}
