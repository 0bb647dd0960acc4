//! A cache of the Cedar values that depend on an assessment alone: they are built once and used for every partner.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use cedar_policy::{Context, Entity};

use super::entities::assessment_entity;
use crate::{
    domain::time::Time,
    policy::{
        attributes::{Authorship, SubjectSummary},
        reason::PolicyReason,
    },
};

/// Contexts are kept for at most so many times of decision. The plan for one partner needs a handful.
const MAX_TIMES: usize = 64;

/// The cached values. The copies of one assessment's facts share them. A cache: staleness is harmless because the values depend on these facts
/// alone, which never change.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct EntityCache {
    assessment: Arc<OnceLock<Result<Entity, PolicyReason>>>,
    contexts: Arc<Mutex<HashMap<Time, HashMap<usize, Context>>>>,
}

impl EntityCache {
    /// The assessment, as all of its subjects describe it.
    pub fn assessment(
        &self,
        all_subjects: &SubjectSummary,
        authorship: &Authorship,
        expires: i64,
    ) -> Result<Entity, PolicyReason> {
        self.assessment.get_or_init(|| assessment_entity(all_subjects, authorship, expires)).clone()
    }

    /// The context for the portions of an equivalence class at a time.
    pub fn context(
        &self,
        class: usize,
        now: Time,
        build: impl FnOnce() -> Result<Context, PolicyReason>,
    ) -> Result<Context, PolicyReason> {
        // The map is consistent after every statement, so a poisoned lock can be used.
        let lock = || self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = lock().get(&now).and_then(|all| all.get(&class)) {
            return Ok(context.clone());
        }
        let context = build()?;
        let mut contexts = lock();
        if contexts.len() >= MAX_TIMES && !contexts.contains_key(&now) {
            contexts.clear();
        }
        contexts.entry(now).or_default().insert(class, context.clone());
        Ok(context)
    }
}
