//! The alarms as people see them, and which of them still stand.

use crate::{
    domain::{
        equivocation::{Equivocation, StatementSubject},
        fault::Fault,
    },
    ledger::{
        heads::AlarmKind,
        note::{LogKey, Note},
    },
    node::{alarms::Alarm, ledger::Ledger, monitor::damage::is_damaged_still},
};

impl Ledger {
    /// Whether an alarm still stands. An alarm about something that was signed stays; the others end.
    pub fn is_open(&self, alarm: &Alarm) -> bool {
        match alarm.kind {
            AlarmKind::Behind => self.is_behind(),
            // It ends once a second administrator counts here.
            AlarmKind::FewerPersons => !self.people.register().has_two(),
            // It ends once the damaged data can be read again.
            AlarmKind::Damage => is_damaged_still(&*self.store, self.directory.house.load().version, &alarm.evidence),
            AlarmKind::NoAnswer => self.watch.is_missing(&alarm.partner),
            // It ends once another key signs.
            AlarmKind::Twin => {
                let note = alarm.evidence.first().and_then(|note| Note::parse(note.as_bytes()).ok());
                // The name does not matter, because whoever has the key chooses it.
                note.is_some_and(|note| {
                    let key = LogKey { name: note.checkpoint.origin.clone(), public: self.ledger_key().public_key() };
                    note.verify(&key).is_ok()
                })
            }
            _ => true,
        }
    }

    /// All alarms, the newest first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn alarms(&self) -> Result<Vec<Alarm>, Fault> {
        let mut all = self.alarms.alarms_about(None).await?;
        for partner in self.directory.current().all() {
            all.extend(self.alarms.alarms_about(Some(&partner.record.organisation.domain)).await?);
        }
        all.extend(self.store.equivocations(None).await?.into_iter().map(of_equivocation));
        all.sort_by_key(|a| std::cmp::Reverse(a.at));
        Ok(all)
    }
}

/// The alarm about an equivocation. The proof is a file of its own, so the ids are enough here.
fn of_equivocation(found: Equivocation) -> Alarm {
    let StatementSubject { originator, assessment, twice } = found.subject;
    let what = format!(
        "assessment {assessment}: {}; `watchfire evidence export {assessment}` writes the proof",
        twice.words()
    );
    let evidence = found.statements.iter().map(ToString::to_string).collect();
    Alarm { partner: originator, kind: AlarmKind::Equivocation, what, at: found.at, evidence }
}
