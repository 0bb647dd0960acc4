//! What is known of partners' ledgers, in memory: their keys, what is compared with others, and who did not answer. It is filled from the
//! store at the start, and by greetings after that.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{ids::TrustDomain, time::Time},
    ledger::{
        greeting::MAX_CONTESTED,
        note::LogKey,
        views::{SignedBase, View},
    },
};

/// After how many hellos without an answer, or how many seconds, a partner counts as missing.
pub(in crate::node) const MISSES: u32 = 3;

pub(in crate::node) const MISSING_SECONDS: i64 = 600;

/// What is known of one partner.
#[derive(Default)]
pub(in crate::node) struct PartnerLedger {
    /// The key of its ledger. The store has it, and it is read from there at the start only. A second process would have its own: it would
    /// compare under the old key what it is shown under the new one, until the partner greets it.
    key: Option<LogKey>,
    /// What is compared with others. A second process would have its own: a split view that is shown half to one and half to the other is
    /// found later, or not before the partner greets both.
    view: View,
    /// The newest head of its ledger that somebody else has shown. A second process would have its own.
    elsewhere: Option<Vec<u8>>,
    /// Since when it has not answered, and how often. A second process would have its own: each counts the hellos that it takes.
    missing: Option<(Time, u32)>,
    /// Whether an alarm about that was raised. The store decides; this only saves work: it keeps one such alarm a day.
    is_alarmed: bool,
    /// Whether it has left a question open for too long. A second process would have its own, for the questions that it asked.
    is_silent: bool,
    /// Whether it has shown a head of a new epoch without a proof from the one before. A second process would have its own.
    is_unproved: bool,
    /// The size of this node's ledger that it says it holds. A cache: staleness is harmless because the partner says it again in each
    /// greeting, and a proof from an older size only is longer.
    holds: u64,
    /// The epoch of this node's ledger of which it holds a head. A cache: staleness is harmless because each greeting says it again.
    epoch_held: Option<u32>,
    /// Whether it shows a key of an earlier epoch than the one that is held here. A cache: staleness is harmless because each greeting says
    /// it again.
    shows_earlier_key: bool,
    /// The sizes of this node's ledger at which it asks for the root. A second process would have its own, and answers what it was asked.
    questions: Vec<u64>,
    /// The roots of others that it is to be shown. A second process would have its own, and shows what it has found itself.
    contested: Vec<SignedBase>,
    /// The day on which it was last asked for a root that nobody needs. A second process would have its own: the partner is asked once a
    /// day by each, without harm.
    asked_on: Option<i64>,
}

#[derive(Default)]
pub(in crate::node) struct Known {
    /// What is known of each partner.
    partners: HashMap<TrustDomain, PartnerLedger>,
    /// Whose roots come next in a greeting. A second process would have its own turn, without harm.
    turn: usize,
}

/// Everything that is known. It is consistent after every call. The store has the keys and heads; the rest is only here. A second process
/// would have its own, built from the greetings that reach it.
#[derive(Default)]
pub(crate) struct PartnerLedgers(Mutex<Known>);

impl PartnerLedgers {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn key(&self, of: &TrustDomain) -> Option<LogKey> {
        self.lock().partners.get(of)?.key.clone()
    }

    /// The organisation whose ledger key has that name.
    pub fn named(&self, name: &str) -> Option<(TrustDomain, LogKey)> {
        let known = self.lock();
        let named =
            |(of, p): (&TrustDomain, &PartnerLedger)| Some((of.clone(), p.key.clone().filter(|k| k.name == name)?));
        known.partners.iter().find_map(named)
    }

    /// Sets the key of a partner's ledger. If it has another name, nothing from before is compared any more.
    pub fn set_key(&self, of: &TrustDomain, key: LogKey) {
        let mut known = self.lock();
        let partner = known.partners.entry(of.clone()).or_default();
        if partner.key.as_ref().is_some_and(|before| before.name != key.name) {
            partner.view.begin_anew();
            partner.elsewhere = None;
        }
        partner.key = Some(key);
    }

    pub fn holds(&self, of: &TrustDomain) -> u64 {
        self.lock().partners.get(of).map_or(0, |p| p.holds)
    }

    pub fn set_holds(&self, of: &TrustDomain, size: u64) {
        self.lock().partners.entry(of.clone()).or_default().holds = size;
    }

    /// The epoch of this node's ledger of which the partner holds a head.
    pub fn epoch_held(&self, of: &TrustDomain) -> Option<u32> {
        self.lock().partners.get(of)?.epoch_held
    }

    pub fn set_epoch_held(&self, of: &TrustDomain, epoch: u32) {
        self.lock().partners.entry(of.clone()).or_default().epoch_held = Some(epoch);
    }

    pub fn shows_earlier_key(&self, of: &TrustDomain) -> bool {
        self.lock().partners.get(of).is_some_and(|p| p.shows_earlier_key)
    }

    pub fn set_shows_earlier_key(&self, of: &TrustDomain, shows: bool) {
        self.lock().partners.entry(of.clone()).or_default().shows_earlier_key = shows;
    }

    /// Looks at what is held of a partner's ledger, or changes it.
    pub fn view<T>(&self, of: &TrustDomain, look: impl FnOnce(&mut View) -> T) -> T {
        look(&mut self.lock().partners.entry(of.clone()).or_default().view)
    }

    /// The first place whose turn it is, among `of` organisations of which `at_a_time` have a turn together.
    pub fn turn(&self, of: usize, at_a_time: usize) -> usize {
        let mut known = self.lock();
        let first = if of > at_a_time { known.turn % of } else { 0 };
        known.turn = known.turn.wrapping_add(at_a_time);
        first
    }

    /// Notes that the partner is to be shown this. `false` where that is noted already.
    pub fn contest(&self, partner: &TrustDomain, shown: SignedBase) -> bool {
        let mut known = self.lock();
        let contested = &mut known.partners.entry(partner.clone()).or_default().contested;
        if contested.contains(&shown) {
            return false;
        }
        if contested.len() == MAX_CONTESTED {
            contested.remove(0);
        }
        contested.push(shown);
        true
    }

    pub fn contested(&self, partner: &TrustDomain) -> Vec<SignedBase> {
        self.lock().partners.get(partner).map(|p| p.contested.clone()).unwrap_or_default()
    }

    /// Keeps a head of the partner's ledger that somebody else has shown, for when the partner does not answer.
    pub fn set_elsewhere(&self, of: &TrustDomain, note: Vec<u8>) {
        self.lock().partners.entry(of.clone()).or_default().elsewhere = Some(note);
    }

    pub fn elsewhere(&self, of: &TrustDomain) -> Option<Vec<u8>> {
        self.lock().partners.get(of)?.elsewhere.clone()
    }

    /// Sets what the partner asks about this node's ledger.
    pub fn set_questions(&self, of: &TrustDomain, questions: Vec<u64>) {
        self.lock().partners.entry(of.clone()).or_default().questions = questions;
    }

    pub fn questions(&self, of: &TrustDomain) -> Vec<u64> {
        self.lock().partners.get(of).map(|p| p.questions.clone()).unwrap_or_default()
    }

    /// Whether this is the first time on that day that the partner is asked for a root that nobody needs.
    pub fn is_first_of_day(&self, of: &TrustDomain, day: i64) -> bool {
        self.lock().partners.entry(of.clone()).or_default().asked_on.replace(day) != Some(day)
    }

    /// Whether the partner shows a new epoch's head without a proof for the first time. It may not know yet what is held here.
    pub fn is_first_unproved(&self, of: &TrustDomain) -> bool {
        !std::mem::replace(&mut self.lock().partners.entry(of.clone()).or_default().is_unproved, true)
    }

    /// Notes that the partner has shown what it should.
    pub fn answered(&self, of: &TrustDomain) {
        let mut known = self.lock();
        let partner = known.partners.entry(of.clone()).or_default();
        (partner.missing, partner.is_alarmed, partner.is_unproved) = (None, false, false);
    }

    /// Whether the partner does not answer at present.
    pub fn is_missing(&self, of: &TrustDomain) -> bool {
        self.lock().partners.get(of).is_some_and(|p| p.is_alarmed || p.is_silent)
    }

    /// Sets whether the partner has left a question open for too long.
    pub fn set_silent(&self, of: &TrustDomain, is_silent: bool) {
        self.lock().partners.entry(of.clone()).or_default().is_silent = is_silent;
    }

    /// Notes that the partner has not shown what it should. `true`, once, where that is too often or too long by now.
    pub fn missed(&self, of: &TrustDomain, now: Time) -> bool {
        let mut known = self.lock();
        let partner = known.partners.entry(of.clone()).or_default();
        let (since, misses) = partner.missing.map_or((now, 1), |(since, misses)| (since, misses.saturating_add(1)));
        partner.missing = Some((since, misses));
        let is_too_much = misses >= MISSES || now.seconds_since(since) > MISSING_SECONDS;
        is_too_much && !std::mem::replace(&mut partner.is_alarmed, is_too_much)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::views::Base;

    fn domain(n: usize) -> TrustDomain {
        format!("d{n}.example").parse().unwrap()
    }

    fn start() -> Time {
        Time::from_unix_nanos(0)
    }

    #[test]
    fn no_answer_is_told_once_until_there_is_one() {
        let (watch, of) = (PartnerLedgers::default(), domain(1));
        assert_eq!((0..5).filter(|_| watch.missed(&of, start())).count(), 1);
        assert!(watch.is_missing(&of));
        watch.answered(&of);
        assert!(!watch.missed(&of, start()) && !watch.is_missing(&of));
        assert!(watch.missed(&of, start().plus_seconds(601)));
    }

    #[test]
    fn of_very_many_partners_each_has_its_turn() {
        let watch = PartnerLedgers::default();
        let firsts: Vec<usize> = (0..5).map(|_| watch.turn(600, 128)).collect();
        assert_eq!(firsts, [0, 128, 256, 384, 512]);
        assert_eq!(watch.turn(100, 128), 0, "all of few have theirs each time");
    }

    #[test]
    fn under_another_name_nothing_of_before_is_compared() {
        let (watch, of) = (PartnerLedgers::default(), domain(1));
        let key = |name: &str| LogKey { name: name.to_owned(), public: [1; 32] };
        watch.set_key(&of, key("d1.example/ledger"));
        let shown = SignedBase { note: vec![], base: Base { size: 64, root: [1; 32], proof: vec![] } };
        watch.view(&of, |view| view.add(shown));
        watch.set_key(&of, key("d1.example/ledger"));
        assert!(watch.view(&of, |view| view.at(64).is_some()));
        watch.set_key(&of, key("d1.example/ledger/2"));
        assert!(watch.view(&of, |view| view.at(64).is_none()));
    }

    #[test]
    fn a_root_that_nobody_needs_is_asked_for_once_a_day() {
        let (watch, of) = (PartnerLedgers::default(), domain(1));
        assert!(watch.is_first_of_day(&of, 1) && !watch.is_first_of_day(&of, 1) && watch.is_first_of_day(&of, 2));
    }
}
