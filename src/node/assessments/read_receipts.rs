//! Readings: tells the givers of an assessment that people here have read it. It names roles, never people, and is sent at fixed times of
//! the clock. If it were sent at once, it would show the rhythm of a reader's work minute by minute.

use std::collections::BTreeMap;

use crate::{
    domain::{
        actor::{Actor, Write},
        event::{Deed, Event},
        fault::Fault,
        ids::{Role, StatementId, TrustDomain},
        receipt::ReceiptKind,
        time::Time,
    },
    node::{assessments::Assessments, receipts::answer::Said},
    store::{
        AssessmentRecord, StoreError,
        receipts::{ReadingRecord, ReceiptTarget, ReportedReadings},
    },
};

/// The most readings that are told together.
const PAGE: u32 = 1024;

impl Assessments {
    /// Records a reading. The first reading in each role of what came from partners is told to them at the end of the interval.
    pub(in crate::node) async fn note_reading(&self, actor: &Actor, record: &AssessmentRecord) -> Result<(), Fault> {
        let now = self.clock.now();
        let events = vec![Event::by(actor, now, Deed::Read { manifest: record.manifest_id })];
        let is_told = record.originator != *self.identity.domain()
            && !record.state.is_recalled()
            && actor.authorize::<Write>().is_ok();
        if !is_told {
            return Ok(self.store.record(events).await?);
        }
        let due = self.end_of_interval(now);
        Ok(self.store.note_reading(&record.manifest_id, actor.role(), due, events).await?)
    }

    /// Tells what was read in the intervals that have ended. Returns the end of the current interval.
    ///
    /// # Errors
    /// Store faults. What is not told yet is told by the next call.
    pub(in crate::node) async fn tell_readings(&self) -> Result<Time, Fault> {
        let ended = self.clock.now().last_multiple_of(self.readings_every_seconds);
        while self.tell_some_readings(ended).await? {}
        Ok(self.end_of_interval(self.clock.now()))
    }

    fn end_of_interval(&self, now: Time) -> Time {
        now.last_multiple_of(self.readings_every_seconds).plus_seconds(self.readings_every_seconds.into())
    }

    /// Tells one page of readings. Returns `false` if nothing is left to tell.
    async fn tell_some_readings(&self, ended: Time) -> Result<bool, Fault> {
        // A reading from now on is due at the end of this interval, or of the next one if that begins just now.
        let latest = ended.plus_seconds(2 * i64::from(self.readings_every_seconds));
        let readings = self.store.readings_to_report(ended, latest, PAGE).await?;
        if readings.is_empty() {
            return Ok(false);
        }
        let told = self.told(readings, ended)?;
        let partners: Vec<TrustDomain> = told.post.iter().map(|(partner, _)| partner.clone()).collect();
        match self.store.mark_readings_reported(told).await {
            // Somebody acknowledged one of them meanwhile, or another replica told them.
            Err(StoreError::Conflict) => return Ok(true),
            other => other?,
        }
        partners.iter().for_each(|partner| self.sessions.of(partner).post());
        Ok(true)
    }

    /// Makes the receipts. Their time is the interval's end, and they list releases in the order of their numbers, so that nothing tells
    /// when or in which order something was read.
    fn told(&self, records: Vec<ReadingRecord>, ended: Time) -> Result<ReportedReadings, Fault> {
        let (mut readings, mut events): (Vec<(StatementId, Role)>, _) = (vec![], vec![]);
        let mut by_role: BTreeMap<Role, Vec<ReceiptTarget>> = BTreeMap::new();
        for ReadingRecord { manifest_id, role, arrived } in records {
            readings.push((manifest_id, role));
            if !arrived.is_empty() {
                let deed = Deed::Acknowledged { manifest: manifest_id, kind: ReceiptKind::Read };
                events.push(Event::of_node(self.clock.now(), deed));
            }
            by_role.entry(role).or_default().extend(arrived);
        }
        let mut post = vec![];
        for (role, mut arrived) in by_role {
            arrived.sort_by_key(|one| one.sequence);
            let said = Said { role: Some(role), ..Said::only(ReceiptKind::Read) };
            post.extend(self.receipts.answers(&arrived, &said, ended)?);
        }
        Ok(ReportedReadings { readings, post, events })
    }
}
