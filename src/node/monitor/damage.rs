//! Things that can't be read any more. Each is reported once, in an alarm that names it and says what an administrator can do.

use crate::{
    domain::ids::Sha256,
    identity::certificate::Leaf,
    ledger::heads::AlarmKind,
    node::monitor::Monitor,
    seal::hash::sha256,
    store::{Store, damage::Damage},
};

/// Evidence for what is not read at each start. That such damage was not met again proves nothing.
const STAYS: &str = "open until a backup is restored";

impl Monitor {
    /// The person whom a damaged entry of the register is about, if their certificate is in the node's directory.
    fn named(&self, damage: &Damage) -> String {
        let Damage::Person(entry) = damage else { return String::new() };
        let people = (self.certificates)().people;
        let ids = people.iter().filter_map(|found| Leaf::parse(found.chain.first()?).ok()).map(|leaf| leaf.id);
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
            match self.alarms.alarm(None, AlarmKind::Damage, what, evidence).await {
                Ok(_) => self.told_damage.add(&damage),
                Err(fault) => {
                    tracing::error!(%damage, reason = %fault.reason, "the alarm about damage could not be kept");
                    return;
                }
            }
        }
    }
}

/// Whether what an alarm is about is still damaged, as far as is known. `in_force` is the version of the house rules in force.
pub(in crate::node) fn is_damaged_still(store: &dyn Store, in_force: u32, evidence: &[String]) -> bool {
    // Damaged house rules no longer count once a later version has replaced them.
    let counts = |damage: &Damage| !matches!(damage, Damage::Rules(version) if *version < in_force);
    evidence.iter().any(|line| line == STAYS)
        || store
            .damages()
            .iter()
            .any(|damage| counts(damage) && evidence.first().is_some_and(|first| *first == damage.to_string()))
}
