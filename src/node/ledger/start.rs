//! The time before the first head after a start: until partners have said what they hold of this node's ledger. What a partner
//! shows then that is not here says that an older store was put in this one's place. What is shown later says that somebody else
//! signs with this node's key.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Note, rank};
use crate::domain::{ids::TrustDomain, time::Time};

/// For how long a node waits for its partners' hellos, seconds.
const WINDOW: i64 = 60;
/// The word of so many partners stops a node; of the only one, where there is one.
const WORDS: usize = 2;

/// Who has said what since the start.
#[derive(Default)]
pub(super) struct Start(Mutex<Words>);

#[derive(Default)]
struct Words {
    began: Option<Time>,
    is_over: bool,
    heard: BTreeSet<TrustDomain>,
    lost: BTreeMap<TrustDomain, Note>,
    is_twin_told: bool,
}

/// What is to be done where a partner shows a head by the own key that is not here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing yet: another partner's word is waited for.
    Wait,
    /// Entries are lost: this head, the newest that was shown, is not here.
    Lost(Note),
    /// Somebody else signs with the key, and it was not told yet.
    Twin,
    /// Somebody else signs with the key, and it was told already.
    KnownTwin,
}

impl Start {
    fn lock(&self) -> MutexGuard<'_, Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node starts.
    pub fn begin(&self, now: Time) {
        *self.lock() = Words { began: Some(now), ..Words::default() };
    }

    /// A partner has said what it holds.
    pub fn heard(&self, partner: &TrustDomain) {
        self.lock().heard.insert(partner.clone());
    }

    /// Whether heads may be signed, with these partners: all of them were heard, or the time is over. What one of several partners has
    /// shown meanwhile and no other one has is given with it, once.
    pub fn is_over(&self, partners: &[TrustDomain], now: Time) -> (bool, Vec<(TrustDomain, Note)>) {
        let mut words = self.lock();
        // A clock that was set meanwhile does not hold it up.
        let is_late = words.began.is_none_or(|began| !(0..WINDOW).contains(&now.seconds_since(began)));
        words.is_over |= is_late || partners.iter().all(|partner| words.heard.contains(partner));
        let alone = if words.is_over { std::mem::take(&mut words.lost).into_iter().collect() } else { vec![] };
        (words.is_over, alone)
    }

    /// A partner, one of so many, shows a head by the own key that is not here.
    pub fn shown(&self, by: &TrustDomain, note: &Note, partners: usize) -> Meaning {
        let mut words = self.lock();
        if words.is_over {
            return if std::mem::replace(&mut words.is_twin_told, true) { Meaning::KnownTwin } else { Meaning::Twin };
        }
        words.lost.insert(by.clone(), note.clone());
        if words.lost.len() < WORDS.min(partners) {
            return Meaning::Wait;
        }
        let newest = words.lost.values().max_by_key(|note| rank(note)).cloned();
        newest.map_or(Meaning::Wait, Meaning::Lost)
    }

    /// The node signs with another key from now on: what is shown of that one is news.
    pub fn another_key(&self) {
        self.lock().is_twin_told = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::note::Checkpoint, seal::raw::RawKey};

    fn at(seconds: i64) -> Time {
        Time::from_parts(1_767_225_600 + seconds, 0).unwrap()
    }

    fn domains() -> Vec<TrustDomain> {
        ["fr.example", "no.example", "se.example"].map(|d| d.parse().unwrap()).into()
    }

    fn note(size: u64) -> Note {
        let key = RawKey::new(&RawKey::generate().unwrap()).unwrap();
        Note::sign(Checkpoint { origin: "gb.example/ledger".into(), size, root: [7; 32] }, &key)
    }

    #[test]
    fn heads_wait_for_all_partners_or_a_minute() {
        let (start, partners) = (Start::default(), domains());
        start.begin(at(0));
        partners.iter().take(2).for_each(|partner| start.heard(partner));
        assert!(!start.is_over(&partners, at(59)).0 && start.is_over(&partners, at(60)).0);
        start.begin(at(0));
        partners.iter().for_each(|partner| start.heard(partner));
        assert!(start.is_over(&partners, at(1)).0);
        start.begin(at(0));
        assert!(start.is_over(&[], at(0)).0, "nobody is waited for where there is nobody");
        start.begin(at(0));
        assert!(start.is_over(&partners, at(-5)).0, "a clock that was set back");
    }

    #[test]
    fn one_partner_of_several_stops_nobody_and_two_do() {
        let (start, partners) = (Start::default(), domains());
        start.begin(at(0));
        assert_eq!(start.shown(&partners[0], &note(8), 3), Meaning::Wait);
        assert_eq!(start.shown(&partners[0], &note(16), 3), Meaning::Wait, "twice the same");
        let newest = note(24);
        assert_eq!(start.shown(&partners[1], &newest, 3), Meaning::Lost(newest));
        start.begin(at(0));
        let only = note(8);
        assert_eq!(start.shown(&partners[0], &only, 1), Meaning::Lost(only));
    }

    #[test]
    fn what_one_has_shown_alone_is_told_once_the_time_is_over() {
        let (start, partners) = (Start::default(), domains());
        start.begin(at(0));
        start.shown(&partners[0], &note(8), 3);
        assert_eq!(start.is_over(&partners, at(60)).1.len(), 1);
        assert_eq!(start.is_over(&partners, at(61)).1.len(), 0);
        assert_eq!(start.shown(&partners[1], &note(8), 3), Meaning::Twin);
        assert_eq!(start.shown(&partners[2], &note(16), 3), Meaning::KnownTwin);
        start.another_key();
        assert_eq!(start.shown(&partners[2], &note(16), 3), Meaning::Twin);
    }
}
