//! Answers of one agreement's policies that hold again. Assessments differ in their words; a decision sees only where they are about, how grave it
//! is and how a portion is marked, so that most questions were asked before.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    clock::{Clock, Moment},
    engine::{Answer, Traits},
    facts::View,
    signed::{Signed, is_asked_for},
};
use crate::domain::{
    body::Kind,
    group::Group,
    marking::{Audience, Caveat, Tlp, Topic},
};

/// How many answers are kept for an agreement, a few hundred bytes each.
const KEPT: usize = 512;
/// How many names a question holds at most whose answer is kept: what one partner writes is asked about for every other, and must not fill
/// the memory. With as many in each it is a megabyte an agreement.
const NAMES: usize = 32;

/// The times of a request, as policies see them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub now: i64,
    pub age: i64,
    pub expires: i64,
}

/// Shared by the copies of a compiled agreement; another version of it, or of the house rules, begins with an empty one.
#[derive(Debug, Clone)]
pub(super) struct Memo {
    /// `None`: answers may change at any time, so none is kept.
    clock: Option<Clock>,
    /// Whether an answer may depend on who has signed.
    asks_who: bool,
    kept: Arc<Mutex<HashMap<View, HashMap<Asked, Answer>>>>,
}

/// All that a request holds beside the view.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Asked {
    kind: Kind,
    tlp: Tlp,
    topics: Box<[Topic]>,
    releasable_to: Box<[Audience]>,
    groups: Box<[Group]>,
    caveats: Box<[Caveat]>,
    moment: Moment,
    /// Where an answer may depend on it.
    signed: Option<Signed>,
}

impl Asked {
    fn new(traits: Traits<'_>, moment: Moment, signed: Option<Signed>) -> Self {
        let Traits { kind, tlp, topics, releasable_to, groups, caveats } = traits;
        Self {
            kind,
            tlp,
            topics: topics.into(),
            releasable_to: releasable_to.into(),
            groups: groups.into(),
            caveats: caveats.into(),
            moment,
            signed,
        }
    }
}

impl Memo {
    /// For these policies.
    pub fn of<'a>(policies: impl IntoIterator<Item = &'a cedar_policy::Policy, IntoIter: Clone>) -> Self {
        let policies = policies.into_iter();
        Self { clock: Clock::read(policies.clone()), asks_who: is_asked_for(policies), kept: Arc::default() }
    }

    /// One that keeps nothing.
    #[cfg(test)]
    pub fn off() -> Self {
        Self { clock: None, asks_who: true, kept: Arc::default() }
    }

    /// How many answers it keeps.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.kept.lock().unwrap().values().map(HashMap::len).sum()
    }

    /// The answer that was given before to the same question, or the one that is given now.
    pub fn answer(
        &self,
        (view, signed): (&View, &Signed),
        traits: Traits<'_>,
        times: Times,
        ask: impl FnOnce() -> Answer,
    ) -> Answer {
        let names = traits.names() + view.names();
        let Some(clock) = self.clock.as_ref().filter(|_| names <= NAMES) else { return ask() };
        let signed = self.asks_who.then(|| signed.clone());
        let asked = Asked::new(traits, clock.moment(times.now, times.age, times.expires), signed);
        // Whole after every statement, even where a thread has panicked.
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = lock().get(view).and_then(|answers| answers.get(&asked)) {
            return answer.clone();
        }
        let answer = ask();
        let mut kept = lock();
        if kept.values().map(HashMap::len).sum::<usize>() >= KEPT {
            kept.clear();
        }
        kept.entry(view.clone()).or_default().insert(asked, answer.clone());
        answer
    }
}
