//! What the calendar does to agreements: it lets them run out.

use crate::{
    domain::{fault::Fault, time::Time},
    node::agreements::Agreements,
    store::AgreementRecord,
};

/// After how many seconds the calendar is looked at again, if no agreement ends earlier.
const INTERVAL: i64 = 600;

impl Agreements {
    /// Records which agreements have run out, and returns when to look again.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn look_at_the_calendar(&self) -> Result<Option<Time>, Fault> {
        let _changing = self.directory.begin_change().await?;
        let now = self.clock.now();
        let held = self.store.agreements().await?;
        let (run_out, running): (Vec<_>, Vec<_>) =
            held.into_iter().filter(|r| r.standing.end.is_none()).partition(|r| r.agreement.until.end() <= now);
        let run_out: Vec<AgreementRecord> = run_out
            .into_iter()
            .map(|mut record| {
                record.standing.expire(record.agreement.until.end());
                record.changed_at = now;
                record
            })
            .collect();
        if !run_out.is_empty() {
            self.save(None, run_out, None, vec![]).await?;
        }
        let again = now.plus_seconds(INTERVAL);
        Ok(Some(running.iter().map(|r| r.agreement.until.end()).fold(again, Time::min)))
    }
}
