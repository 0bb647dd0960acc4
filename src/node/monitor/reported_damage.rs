//! The damage for which an alarm was raised already.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use crate::store::damage::Damage;

/// The damages for which an alarm was recorded. The store decides; this only saves work: an alarm with the same evidence is stored once.
#[derive(Default)]
pub(crate) struct ReportedDamage(Mutex<BTreeSet<Damage>>);

impl ReportedDamage {
    pub(in crate::node) fn add(&self, damage: &Damage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(damage.clone());
    }

    /// The damages that were not reported yet. It forgets those that were repaired.
    pub(in crate::node) fn news(&self, all: &[Damage]) -> Vec<Damage> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|damage| all.contains(damage));
        all.iter().filter(|damage| !told.contains(damage)).cloned().collect()
    }
}
