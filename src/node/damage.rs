//! Things that can't be read any more: each is told once, as an alarm that names it and says what an administrator can do.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use super::Node;
use crate::{ledger::heads::AlarmKind, store::damage::Damage};

/// Those of which the alarm is kept.
#[derive(Default)]
pub(super) struct Told(Mutex<BTreeSet<Damage>>);

impl Told {
    fn add(&self, damage: &Damage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(damage.clone());
    }

    /// Those of them that are not told yet; what was mended is forgotten.
    fn news(&self, all: &[Damage]) -> Vec<Damage> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|damage| all.contains(damage));
        all.iter().filter(|damage| !told.contains(damage)).cloned().collect()
    }
}

impl Node {
    /// Raises an alarm for each thing that was found damaged and was not told. Where that can't be kept, it is tried again.
    pub async fn tell_of_damage(&self) {
        for damage in self.told_damage.news(&self.store.damages()) {
            let what = format!("{damage} can't be read any more and is out of service: {}", damage.way_out());
            match self.alarm(None, AlarmKind::Damage, what, vec![damage.to_string().into_bytes()]).await {
                Ok(_) => self.told_damage.add(&damage),
                Err(fault) => {
                    tracing::error!(%damage, reason = %fault.reason, "the alarm about damage could not be kept");
                    return;
                }
            }
        }
    }
}
