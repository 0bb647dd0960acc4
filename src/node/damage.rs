//! Things that can't be read any more. Each is reported once, in an alarm that names it and says what an administrator can do.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use super::Node;
use crate::{
    domain::ids::Sha256, identity::certificate::Leaf, ledger::heads::AlarmKind, seal::hash::sha256,
    store::damage::Damage,
};

/// The damages for which an alarm was recorded.
#[derive(Default)]
pub(super) struct Told(Mutex<BTreeSet<Damage>>);

impl Told {
    fn add(&self, damage: &Damage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(damage.clone());
    }

    /// The damages that were not reported yet. It forgets those that were repaired.
    fn news(&self, all: &[Damage]) -> Vec<Damage> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|damage| all.contains(damage));
        all.iter().filter(|damage| !told.contains(damage)).cloned().collect()
    }
}

/// Evidence for what is not read at each start. That such damage was not met again proves nothing.
const STAYS: &str = "open until a backup is restored";

impl Node {
    /// Whether what an alarm is about is still damaged, as far as is known.
    pub(super) fn is_damaged_still(&self, evidence: &[String]) -> bool {
        let in_force = self.rules_in_force();
        // Damaged house rules no longer count once a later version has replaced them.
        let counts = |damage: &Damage| !matches!(damage, Damage::Rules(version) if *version < in_force);
        evidence.iter().any(|line| line == STAYS)
            || self
                .store
                .damages()
                .iter()
                .any(|damage| counts(damage) && evidence.first().is_some_and(|first| *first == damage.to_string()))
    }

    /// The person whom a damaged entry of the register is about, if their certificate is in the node's directory.
    fn named(&self, damage: &Damage) -> String {
        let Damage::Person(entry) = damage else { return String::new() };
        let persons = (self.certificates)().persons;
        let ids = persons.iter().filter_map(|found| Leaf::parse(found.chain.first()?).ok()).map(|leaf| leaf.id);
        let mut ids = ids.filter(|id| Sha256(sha256(&[id.to_string().as_bytes()])) == *entry);
        ids.next().map(|id| format!(" ({id})")).unwrap_or_default()
    }

    /// Raises an alarm for each damage that was not reported yet. Where the alarm can't be recorded, the next call tries again.
    pub async fn tell_of_damage(&self) {
        for damage in self.told_damage.news(&self.store.damages()) {
            let named = self.named(&damage);
            let what = format!("{damage}{named} can't be read any more and is out of service: {}", damage.way_out());
            let mut evidence = vec![damage.to_string().into_bytes()];
            evidence.extend((!damage.is_read_at_start()).then(|| STAYS.to_owned().into_bytes()));
            match self.alarm(None, AlarmKind::Damage, what, evidence).await {
                Ok(_) => self.told_damage.add(&damage),
                Err(fault) => {
                    tracing::error!(%damage, reason = %fault.reason, "the alarm about damage could not be kept");
                    return;
                }
            }
        }
    }
}
