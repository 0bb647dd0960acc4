//! The time between a start and the first head that is signed after it.
//!
//! In this time, partners say what they hold of this node's ledger. If one shows a head that is not here, an older store was put in the
//! place of this one. If one shows such a head later, somebody else signs with this node's key.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{ids::TrustDomain, time::Time},
    ledger::note::Note,
    node::ledger::rank::rank,
};

/// For how long a node waits for its partners' hellos, in seconds.
const WINDOW: i64 = 60;

/// How many partners must show a lost head before the node stops. If there is only one partner, its word is enough.
const WORDS: usize = 2;

/// What each partner has said since the start. A second process would have its own: a partner that speaks to one of them is not heard by the
/// other one, which then waits the whole time, or counts too few words about a lost head.
#[derive(Default)]
pub(crate) struct StartWait(Mutex<Words>);

#[derive(Default)]
struct Words {
    /// When this process began to wait. A second process would have its own.
    began: Option<Time>,
    /// Whether this process may sign. A second process would have its own, and decide it by itself.
    is_over: bool,
    /// The partners that have said what they hold. A second process would have its own.
    heard: BTreeSet<TrustDomain>,
    /// The heads that partners have shown and that are not here. A second process would have its own.
    lost: BTreeMap<TrustDomain, Note>,
    /// Whether it was reported that somebody else signs with the key. The store decides; this only saves work: an alarm with the same
    /// evidence is stored once.
    is_twin_told: bool,
}

/// What to do when a partner shows a head that is signed with the own key and is not here.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ShownMeaning {
    /// Nothing yet. The node waits for another partner's word.
    Wait,
    /// Entries are lost. This is the newest head that was shown, and it is not here.
    Lost(Note),
    /// Somebody else signs with the key, and this was not reported yet.
    Twin,
    /// Somebody else signs with the key, and this was reported already.
    KnownTwin,
}

impl StartWait {
    fn lock(&self) -> MutexGuard<'_, Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the wait when the node starts.
    pub fn begin(&self, now: Time) {
        *self.lock() = Words { began: Some(now), ..Words::default() };
    }

    /// Notes that a partner has said what it holds.
    pub fn heard(&self, partner: &TrustDomain) {
        self.lock().heard.insert(partner.clone());
    }

    /// Whether heads may be signed: either all of these partners were heard, or the time is over. The heads that only one of several
    /// partners has shown in this time are returned as well, once.
    pub fn is_over(&self, partners: &[TrustDomain], now: Time) -> (bool, Vec<(TrustDomain, Note)>) {
        let mut words = self.lock();
        // A clock that was set in the meantime does not prolong the wait.
        let is_late = words.began.is_none_or(|began| !(0..WINDOW).contains(&now.seconds_since(began)));
        words.is_over |= is_late || partners.iter().all(|partner| words.heard.contains(partner));
        let alone = if words.is_over { std::mem::take(&mut words.lost).into_iter().collect() } else { vec![] };
        (words.is_over, alone)
    }

    /// Notes that a partner shows a head by the own key that is not here. `partners` says how many partners there are.
    pub(in crate::node) fn shown(&self, by: &TrustDomain, note: &Note, partners: usize) -> ShownMeaning {
        let mut words = self.lock();
        if words.is_over {
            return if std::mem::replace(&mut words.is_twin_told, true) {
                ShownMeaning::KnownTwin
            } else {
                ShownMeaning::Twin
            };
        }
        words.lost.insert(by.clone(), note.clone());
        if words.lost.len() < WORDS.min(partners) {
            return ShownMeaning::Wait;
        }
        let newest = words.lost.values().max_by_key(|note| rank(note)).cloned();
        newest.map_or(ShownMeaning::Wait, ShownMeaning::Lost)
    }

    /// Notes that the node signs with another key from now on. A head that somebody else signs with that one is reported again.
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
        let (start, partners) = (StartWait::default(), domains());
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
        let (start, partners) = (StartWait::default(), domains());
        start.begin(at(0));
        assert_eq!(start.shown(&partners[0], &note(8), 3), ShownMeaning::Wait);
        assert_eq!(start.shown(&partners[0], &note(16), 3), ShownMeaning::Wait, "twice the same");
        let newest = note(24);
        assert_eq!(start.shown(&partners[1], &newest, 3), ShownMeaning::Lost(newest));
        start.begin(at(0));
        let only = note(8);
        assert_eq!(start.shown(&partners[0], &only, 1), ShownMeaning::Lost(only));
    }

    #[test]
    fn what_one_has_shown_alone_is_told_once_the_time_is_over() {
        let (start, partners) = (StartWait::default(), domains());
        start.begin(at(0));
        start.shown(&partners[0], &note(8), 3);
        assert_eq!(start.is_over(&partners, at(60)).1.len(), 1);
        assert_eq!(start.is_over(&partners, at(61)).1.len(), 0);
        assert_eq!(start.shown(&partners[1], &note(8), 3), ShownMeaning::Twin);
        assert_eq!(start.shown(&partners[2], &note(16), 3), ShownMeaning::KnownTwin);
        start.another_key();
        assert_eq!(start.shown(&partners[2], &note(16), 3), ShownMeaning::Twin);
    }
}
