//! What Cedar is told of an assessment, whoever it is for: built once, and asked with for every partner.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use cedar_policy::{Context, Entity};

use super::{engine, facts::View, outcome::Reason, signed::Signed};
use crate::domain::time::Time;

/// For how many times at most contexts are kept; those of a plan for a partner are a handful.
const TIMES: usize = 64;

/// Shared by the copies of one assessment's facts.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    assessment: Arc<OnceLock<Result<Entity, Reason>>>,
    contexts: Arc<Mutex<HashMap<Time, HashMap<usize, Context>>>>,
}

impl Told {
    /// The assessment as all of its subjects show it.
    pub fn assessment(&self, whole: &View, signed: &Signed, expires: i64) -> Result<Entity, Reason> {
        self.assessment.get_or_init(|| engine::assessment(whole, signed, expires)).clone()
    }

    /// The context of the portions of a class at a time.
    pub fn context(
        &self,
        class: usize,
        now: Time,
        make: impl FnOnce() -> Result<Context, Reason>,
    ) -> Result<Context, Reason> {
        // Whole after every statement, even where a thread has panicked.
        let lock = || self.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(context) = lock().get(&now).and_then(|all| all.get(&class)) {
            return Ok(context.clone());
        }
        let context = make()?;
        let mut kept = lock();
        if kept.len() >= TIMES && !kept.contains_key(&now) {
            kept.clear();
        }
        kept.entry(now).or_default().insert(class, context.clone());
        Ok(context)
    }
}
