//! A cache of the evaluations of one agreement's policies.
//!
//! Assessments differ in their words, but a decision depends only on the places, the level and the markings, so most requests repeat an
//! earlier one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;

use super::{
    evaluation::Evaluation,
    next_change::{ChangeTimes, StableInterval},
    request::ReleaseRequest,
};
use crate::{
    domain::{
        body::Kind,
        group::Group,
        marking::{Audience, Caveat, Tlp, Topic},
    },
    policy::attributes::{Authorship, PortionAttributes, SubjectSummary},
};

/// How many evaluations are kept for an agreement. Each takes a few hundred bytes.
const MAX_ENTRIES: usize = 512;
/// An evaluation is kept only if its request contains at most so many names. What one partner writes is evaluated for every other partner,
/// and must not fill the memory. With so many names in each entry, an agreement takes a megabyte.
const MAX_NAMES: usize = 32;
/// The attributes of the schema that depend on the authorship.
const AUTHORSHIP_ATTRIBUTES: [&str; 3] = ["originator", "signers", "cosigners"];

/// The evaluations that are kept. The copies of a compiled agreement share them; another version of the agreement or of the house rules
/// begins with an empty cache. A cache: staleness is harmless because it belongs to one compiled agreement, and a result depends on nothing
/// that is not in the key. Whether that agreement is still in force is for the directory to say.
#[derive(Debug, Clone)]
pub(in crate::policy) struct DecisionCache {
    /// `None`: a result may change at any time, so none is kept.
    change_times: Option<ChangeTimes>,
    /// Whether a result may depend on the authorship.
    uses_authorship: bool,
    entries: Arc<Mutex<HashMap<SubjectSummary, HashMap<CacheKey, Evaluation>>>>,
}

/// Everything that a result depends on, except the subjects.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CacheKey {
    kind: Kind,
    tlp: Tlp,
    topics: Box<[Topic]>,
    releasable_to: Box<[Audience]>,
    groups: Box<[Group]>,
    caveats: Box<[Caveat]>,
    interval: StableInterval,
    /// `None` if the result does not depend on it.
    authorship: Option<Authorship>,
}

impl CacheKey {
    fn new(portion: PortionAttributes<'_>, interval: StableInterval, authorship: Option<Authorship>) -> Self {
        let PortionAttributes { kind, tlp, topics, releasable_to, groups, caveats } = portion;
        Self {
            kind,
            tlp,
            topics: topics.into(),
            releasable_to: releasable_to.into(),
            groups: groups.into(),
            caveats: caveats.into(),
            interval,
            authorship,
        }
    }
}

impl DecisionCache {
    /// An empty cache for these policies.
    pub fn new<'a>(policies: impl IntoIterator<Item = &'a cedar_policy::Policy, IntoIter: Clone>) -> Self {
        let mut policies = policies.into_iter();
        Self {
            change_times: ChangeTimes::read(policies.clone()),
            uses_authorship: policies.any(may_use_authorship),
            entries: Arc::default(),
        }
    }

    /// A cache that keeps nothing.
    #[cfg(test)]
    pub fn disabled() -> Self {
        Self { change_times: None, uses_authorship: true, entries: Arc::default() }
    }

    /// How many evaluations it keeps.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.entries.lock().unwrap().values().map(HashMap::len).sum()
    }

    /// The result of an earlier evaluation of an equal request, or the result of `evaluate`, which is then kept.
    pub fn get_or_evaluate(&self, request: &ReleaseRequest<'_>, evaluate: impl FnOnce() -> Evaluation) -> Evaluation {
        let ReleaseRequest { subjects, authorship, portion, times } = *request;
        let names = portion.name_count() + subjects.name_count();
        let Some(change_times) = self.change_times.as_ref().filter(|_| names <= MAX_NAMES) else { return evaluate() };
        let authorship = self.uses_authorship.then(|| authorship.clone());
        let key = CacheKey::new(portion, change_times.interval_of(times), authorship);
        // The map is consistent after every statement, so a poisoned lock can be used.
        let lock = || self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(evaluation) = lock().get(subjects).and_then(|entries| entries.get(&key)) {
            return evaluation.clone();
        }
        let evaluation = evaluate();
        let mut entries = lock();
        if entries.values().map(HashMap::len).sum::<usize>() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.entry(subjects.clone()).or_default().insert(key, evaluation.clone());
        evaluation
    }
}

/// Whether the result of a policy may depend on the authorship.
fn may_use_authorship(policy: &cedar_policy::Policy) -> bool {
    policy.to_json().map_or(true, |tree| names_authorship(&tree))
}

/// Whether a part of a policy's JSON form names such an attribute. Cedar can't compute a name, so a policy that uses an attribute names it.
fn names_authorship(node: &Value) -> bool {
    let is_name = |text: &str| AUTHORSHIP_ATTRIBUTES.contains(&text);
    match node {
        Value::Object(fields) => fields.iter().any(|(name, inner)| is_name(name) || names_authorship(inner)),
        Value::Array(items) => items.iter().any(names_authorship),
        Value::String(text) => is_name(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
