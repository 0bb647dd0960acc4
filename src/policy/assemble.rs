//! From single permissions to a release that makes sense: a headline, a subject, and nothing that its recipient would have to refuse.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    decide::{Question, Ruling},
    exception::Exceptions,
    facts::Facts,
    headlines::with_headlines,
    onward::Holding,
    outcome::Reason,
};
use crate::domain::body::Kind;

/// By portion, the grants that permit it, ascending and not empty; or the exceptions, which stand after the grants.
pub(super) type Granted = BTreeMap<usize, Vec<usize>>;

/// What one agreement would release.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    pub question: Question<'a>,
    rulings: BTreeMap<usize, Rc<Ruling>>,
    /// What goes; empty where nothing can go.
    pub released: Granted,
    /// What a grant permits and yet stays.
    pub held: BTreeMap<usize, Reason>,
}

impl Candidate<'_> {
    /// How many portions a grant permits.
    pub fn permitted(&self) -> usize {
        self.rulings.values().filter(|r| matches!(***r, Ruling::Permitted(_))).count()
    }

    /// Why the agreement does not permit the portion.
    pub fn reasons(&self, index: usize) -> Vec<Reason> {
        match self.rulings.get(&index).map(|ruling| ruling.reasons()) {
            Some(reasons) if !reasons.is_empty() => reasons.to_vec(),
            Some(_) | None => vec![Reason::new("unknown", "nothing permits it")],
        }
    }
}

/// What would be released.
pub(super) fn assemble(question: Question<'_>) -> Candidate<'_> {
    let facts = question.facts;
    let rulings = question.rule(&facts.whole, 0..facts.portions.len());
    let mut granted: Granted = rulings
        .iter()
        .filter_map(|(index, ruling)| match &**ruling {
            Ruling::Permitted(grants) => Some((*index, grants.clone())),
            Ruling::Ungranted(_) | Ruling::Denied(_) => None,
        })
        .collect();
    let mut held = BTreeMap::new();
    let mut released = with_headlines(question, &granted);
    while missing(facts, &released).is_none()
        && let Some(narrowed) = as_seen_there(question, &released)
    {
        for index in released.keys().filter(|i| !narrowed.contains_key(i)) {
            granted.remove(index);
            held.insert(*index, unseen());
        }
        granted.extend(narrowed);
        released = with_headlines(question, &granted);
    }
    let exceptions = Exceptions::of(question.compiled, facts);
    if let Some(kind) = missing(facts, &released) {
        held.extend(granted.keys().map(|i| (*i, incomplete(kind))));
        released.clear();
    } else if !released.values().flatten().any(|place| exceptions.is_grant(*place)) {
        // An exception adds to what the agreement gives; it is no agreement of its own.
        held.extend(granted.keys().map(|i| (*i, no_grant_at_all())));
        released.clear();
    } else if betrays_a_subject(question, &released) {
        held.extend(granted.keys().map(|i| (*i, subject_stays())));
        released.clear();
    } else {
        let lesser = granted.keys().filter(|i| !released.contains_key(i));
        held.extend(lesser.map(|i| (*i, Reason::new("a-fuller-headline-is-given", "a fuller headline is given"))));
    }
    Candidate { question, rulings, released, held }
}

/// A kind without which there is no release.
fn missing(facts: &Facts<'_>, released: &Granted) -> Option<Kind> {
    [Kind::Headline, Kind::Subject].into_iter().find(|kind| facts.count(*kind, released.keys().copied()) == 0)
}

/// Whether a hub would show whom a subject is about that stays: the release by which it got the assessment goes along, and its bars name the
/// states of each subject (`terms.rs`).
fn betrays_a_subject(question: Question<'_>, released: &Granted) -> bool {
    let (holding, facts) = (question.holding, question.facts);
    let disclosed = facts.count(Kind::Subject, released.keys().copied());
    matches!(holding, Holding::Through(_)) && disclosed < facts.count(Kind::Subject, 0..facts.portions.len())
}

/// The recipient checks a release with what it sees. Where a subject is withheld, it sees a lower level or fewer places, and might have to refuse
/// what the giver's fuller knowledge permits. So this asks again with the recipient's eyes and keeps what stands both ways;
/// `None`: nothing changes. It also keeps the mere arrival of a portion from telling how high the withheld level is.
fn as_seen_there(question: Question<'_>, released: &Granted) -> Option<Granted> {
    let view = question.facts.view(released.keys().copied());
    if view == question.facts.whole {
        return None;
    }
    let there = question.rule(&view, released.keys().copied());
    let both = |index: &usize, grants: &Vec<usize>| match there.get(index).map(Rc::as_ref) {
        Some(Ruling::Permitted(seen)) => grants.iter().copied().filter(|g| seen.contains(g)).collect(),
        Some(Ruling::Ungranted(_) | Ruling::Denied(_)) | None => Vec::new(),
    };
    let narrowed: Granted =
        released.iter().map(|(i, g)| (*i, both(i, g))).filter(|(_, grants)| !grants.is_empty()).collect();
    (narrowed != *released).then_some(narrowed)
}

fn unseen() -> Reason {
    Reason::new("not-covered-as-shown", "a subject is withheld, and what is left does not show that a grant covers it")
}

fn no_grant_at_all() -> Reason {
    Reason::new("no-grant", "no grant gives any of it, and an exception only adds to what a grant gives")
}

fn subject_stays() -> Reason {
    let words = "a hub gives an assessment only with every subject that it has of it, and one of them stays";
    Reason::new("a-subject-stays", words)
}

fn incomplete(kind: Kind) -> Reason {
    match kind {
        Kind::Headline => Reason::new("no-headline", "no headline may go, and without one nothing goes"),
        _ => Reason::new("no-subject", "no subject may go, and without one nothing goes"),
    }
}
