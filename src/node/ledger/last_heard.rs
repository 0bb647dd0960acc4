//! When each person was last heard. The first word after a silence is a sign-in.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::domain::{ids::SpiffeId, time::Time};

/// After how many seconds of silence a person's word is a sign-in.
pub(in crate::node) const SILENCE_SECONDS: i64 = 15 * 60;

/// When each person was last heard. The store decides; this only saves work: it records a sign-in once.
#[derive(Default)]
pub(crate) struct LastHeard(Mutex<HashMap<SpiffeId, Time>>);

impl LastHeard {
    /// Whether this word is a sign-in.
    pub(in crate::node) fn heard(&self, who: &SpiffeId, now: Time) -> bool {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = heard.insert(who.clone(), now);
        before.is_none_or(|before| now.seconds_since(before) > SILENCE_SECONDS)
    }

    /// Makes the next word a sign-in again.
    pub(in crate::node) fn forget(&self, who: &SpiffeId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_is_the_first_word_after_a_quarter_of_an_hour() {
        let (last_heard, who) = (LastHeard::default(), "spiffe://gb.example/admin/a".parse().unwrap());
        let other = "spiffe://gb.example/admin/b".parse().unwrap();
        let at = |seconds| Time::from_unix_nanos(0).plus_seconds(seconds);
        assert!(last_heard.heard(&who, at(0)) && !last_heard.heard(&who, at(800)) && !last_heard.heard(&who, at(1600)));
        assert!(last_heard.heard(&other, at(1600)) && last_heard.heard(&who, at(2600)));
    }
}
