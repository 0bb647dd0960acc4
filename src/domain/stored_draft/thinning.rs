//! Which revisions give way once there are too many. A program that saves every few seconds would otherwise push out everything that was there an
//! hour ago.

use super::{DraftRevision, MAX_HISTORY_BYTES, MAX_REVISIONS, StoredDraft};
use crate::domain::fault::{Fault, Reason};

impl StoredDraft {
    /// Removes revisions until the rest is within the limits, and returns their numbers.
    pub(super) fn thin(&mut self) -> Result<Vec<u32>, Fault> {
        let mut dropped = vec![];
        while self.revisions.len() > MAX_REVISIONS || self.bytes() > MAX_HISTORY_BYTES {
            let Some(number) = self.least_missed() else {
                let what =
                    "too many texts stand beside each other in this draft; bring them together, or begin another draft";
                return Err(Fault::new(Reason::LimitExceeded, what));
            };
            self.drop_revision(number);
            dropped.push(number);
        }
        Ok(dropped)
    }

    fn bytes(&self) -> u64 {
        self.revisions.iter().map(|r| r.bytes).fold(0, u64::saturating_add)
    }

    /// The revision that would be missed least. A revision can go if a later one is based on it. One that its own author replaced goes before one that
    /// somebody else changed; of these, the one that was replaced soonest goes first, and of equals the oldest.
    fn least_missed(&self) -> Option<u32> {
        let cost = |r: &DraftRevision| {
            let next = self.revisions.iter().find(|later| later.based_on.contains(&r.number))?;
            let lasted = next.at.unix_nanos().saturating_sub(r.at.unix_nanos()).max(0);
            Some((next.by != r.by, lasted, r.number))
        };
        let can_go = self.revisions.iter().filter(|r| r.number != self.current);
        can_go.filter_map(cost).min().map(|(_, _, number)| number)
    }

    /// Removes a revision. What was based on it is then based on what it was based on itself.
    fn drop_revision(&mut self, number: u32) {
        let before = self.revision(number).map(|r| r.based_on.clone()).unwrap_or_default();
        self.revisions.retain(|r| r.number != number);
        for revision in self.revisions.iter_mut().filter(|r| r.based_on.contains(&number)) {
            revision.based_on.retain(|n| *n != number);
            revision.based_on.extend(&before);
            revision.based_on.sort_unstable();
            revision.based_on.dedup();
        }
    }
}
