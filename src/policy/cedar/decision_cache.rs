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
        ids::TrustDomain,
        marking::{Audience, Caveat, Tlp, Topic},
    },
    policy::attributes::{Authorship, PortionAttributes, SignerFacts, SubjectSummary},
};

/// How many evaluations are kept for an agreement. Each takes a few hundred bytes.
const MAX_ENTRIES: usize = 512;
/// An evaluation is kept only if its request contains at most so many names. What one partner writes is evaluated for every other partner,
/// and must not fill the memory. With so many names in each entry, an agreement takes a megabyte.
const MAX_NAMES: usize = 32;
/// The attributes of the schema that depend on the originator.
const OF_ORIGINATOR: &[&str] = &["originator"];
/// The attributes of the schema that depend on the signers.
const OF_SIGNERS: &[&str] = &["signers", "cosigners"];

/// The evaluations that are kept. The copies of a compiled agreement share them; another version of the agreement or of the house rules
/// begins with an empty cache. A cache: staleness is harmless because it belongs to one compiled agreement, and a result depends on nothing
/// that is not in the key. Whether that agreement is still in force is for the directory to say.
#[derive(Debug, Clone)]
pub(in crate::policy) struct DecisionCache {
    /// `None`: a result may change at any time, so none is kept.
    change_times: Option<ChangeTimes>,
    /// Whether a result may depend on the originator.
    uses_originator: bool,
    /// Whether a result may depend on the signers.
    uses_signers: bool,
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
    /// `None` if no result depends on it.
    originator: Option<TrustDomain>,
    /// `None` if no result depends on them, or if they are not known.
    signers: Option<SignerFacts>,
}

impl CacheKey {
    fn new(portion: PortionAttributes<'_>, interval: StableInterval, cache: &DecisionCache, by: &Authorship) -> Self {
        let PortionAttributes { kind, tlp, topics, releasable_to, groups, caveats } = portion;
        Self {
            kind,
            tlp,
            topics: topics.into(),
            releasable_to: releasable_to.into(),
            groups: groups.into(),
            caveats: caveats.into(),
            interval,
            originator: cache.uses_originator.then(|| by.originator.clone()),
            signers: by.signers.as_ref().filter(|_| cache.uses_signers).cloned(),
        }
    }
}

impl DecisionCache {
    /// An empty cache for these policies.
    pub fn new<'a>(policies: impl IntoIterator<Item = &'a cedar_policy::Policy, IntoIter: Clone>) -> Self {
        let policies = policies.into_iter();
        let uses = |attributes| policies.clone().any(|policy| may_use(policy, attributes));
        Self {
            change_times: ChangeTimes::read(policies.clone()),
            uses_originator: uses(OF_ORIGINATOR),
            uses_signers: uses(OF_SIGNERS),
            entries: Arc::default(),
        }
    }

    /// A cache that keeps nothing.
    #[cfg(test)]
    pub fn disabled() -> Self {
        Self { change_times: None, uses_originator: true, uses_signers: true, entries: Arc::default() }
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
        let key = CacheKey::new(portion, change_times.interval_of(times), self, authorship);
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

/// Whether the result of a policy may depend on these attributes.
fn may_use(policy: &cedar_policy::Policy, attributes: &[&str]) -> bool {
    policy.to_json().map_or(true, |tree| names_any(&tree, attributes))
}

/// Whether a part of a policy's JSON form names such an attribute. Cedar can't compute a name, so a policy that uses an attribute names it.
fn names_any(node: &Value, attributes: &[&str]) -> bool {
    let is_name = |text: &str| attributes.contains(&text);
    match node {
        Value::Object(fields) => fields.iter().any(|(name, inner)| is_name(name) || names_any(inner, attributes)),
        Value::Array(items) => items.iter().any(|item| names_any(item, attributes)),
        Value::String(text) => is_name(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
