//! What the calendar does to agreements: they run out, and both sides are told ahead.

use std::sync::atomic::Ordering;

use super::Node;
use crate::{domain::fault::Fault, store::AgreementRecord};

/// An agreement whose time of notice has begun.
pub struct Ending {
    /// Which.
    pub record: AgreementRecord,
    /// Whole days until its end.
    pub days_left: i64,
}

impl Node {
    /// Records which agreements have run out, and gives those in force that will soon. Whoever is kept out since its revocation
    /// lists could not be used is looked at again.
    ///
    /// # Errors
    /// Store faults.
    pub async fn look_at_the_calendar(&self) -> Result<Vec<Ending>, Fault> {
        let _changing = self.changing.lock().await;
        if self.keeps_out.load(Ordering::Relaxed) {
            self.reload_directory().await?;
        }
        let now = self.now();
        let held = self.store.agreements().await?;
        let run_out = held.iter().filter(|r| r.standing.end.is_none() && r.agreement.until.end() <= now);
        let run_out: Vec<AgreementRecord> = run_out
            .cloned()
            .map(|mut record| {
                record.standing.expire(record.agreement.until.end());
                record.changed_at = now;
                record
            })
            .collect();
        if !run_out.is_empty() {
            self.save(None, run_out, None, vec![]).await?;
        }
        let ending = held
            .into_iter()
            .filter(|r| r.standing.is_signed_by_both() && r.standing.end.is_none() && r.agreement.is_ending(now));
        let days = |r: &AgreementRecord| r.agreement.until.end().seconds_since(now) / 86_400;
        Ok(ending.map(|record| Ending { days_left: days(&record), record }).collect())
    }
}
