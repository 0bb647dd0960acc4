//! Which revisions give way once there are too many, and who is refused once none can. A program that saves every few seconds would otherwise push
//! out everything that was there an hour ago, and a colleague could push out the author's text.

use super::{DraftRevision, MAX_HISTORY_BYTES, MAX_REVISIONS, StoredDraft};
use crate::domain::{
    fault::{Fault, Reason},
    ids::SpiffeId,
};

/// The most revisions of one person that must stay.
const MAX_STAYING: usize = MAX_REVISIONS / 4;
/// The most bytes that their texts take together. There is room for two of the longest texts.
const MAX_STAYING_BYTES: u64 = MAX_HISTORY_BYTES / 4;
/// The most revisions of all people but the author that must stay. The author's room is left.
const MAX_STAYING_OF_OTHERS: usize = MAX_REVISIONS - MAX_STAYING;
/// The most bytes that their texts take together.
const MAX_STAYING_BYTES_OF_OTHERS: u64 = MAX_HISTORY_BYTES - MAX_STAYING_BYTES;

impl StoredDraft {
    /// Removes revisions until the rest is within the limits, and returns their numbers. `saver` has saved the newest revision. If that is too much,
    /// it is the saver who is refused.
    pub(super) fn thin(&mut self, saver: &SpiffeId) -> Result<Vec<u32>, Fault> {
        self.check_room(saver)?;
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

    /// Requires that the revisions of the saver that must stay leave the room of everybody else. A save makes more revisions stay only of the person
    /// who saves. So nobody is refused because of what another person saves, until several people together use up the room of all but the author.
    fn check_room(&self, saver: &SpiffeId) -> Result<(), Fault> {
        let refused = |what: &str| Err(Fault::new(Reason::LimitExceeded, what));
        let staying: Vec<&DraftRevision> = self.revisions.iter().filter(|r| self.must_stay(r)).collect();
        let (revisions, bytes) = room(&staying, |by| by == saver);
        if revisions > MAX_STAYING || bytes > MAX_STAYING_BYTES {
            return refused(
                "too many texts of yours stand beside each other in this draft; bring them together, or begin another draft",
            );
        }
        let (revisions, bytes) = room(&staying, |by| *by != self.author);
        let is_full = revisions > MAX_STAYING_OF_OTHERS || bytes > MAX_STAYING_BYTES_OF_OTHERS;
        if is_full && *saver != self.author {
            return refused(
                "the texts of its author's colleagues take all their room in this draft; bring those together that stand beside each other, or begin \
                 another draft",
            );
        }
        Ok(())
    }

    /// Whether a revision never gives way: it is the current one, nobody has brought its text into a later one, or it is the newest one of the person
    /// who saved it.
    fn must_stay(&self, revision: &DraftRevision) -> bool {
        let is_newest = || !self.revisions.iter().any(|r| r.number > revision.number && r.by == revision.by);
        revision.number == self.current || self.is_last(revision.number) || is_newest()
    }

    /// The bytes of all texts.
    pub(super) fn bytes(&self) -> u64 {
        self.revisions.iter().map(|r| r.bytes).fold(0, u64::saturating_add)
    }

    /// The revision that would be missed least, of those that need not stay. One that its own author replaced goes before one that somebody else
    /// changed; of these, the one that was replaced soonest goes first, and of equals the oldest.
    fn least_missed(&self) -> Option<u32> {
        let cost = |r: &DraftRevision| {
            let next = self.revisions.iter().find(|later| later.based_on.contains(&r.number))?;
            let lasted = next.at.unix_nanos().saturating_sub(r.at.unix_nanos()).max(0);
            Some((next.by != r.by, lasted, r.number))
        };
        let can_go = self.revisions.iter().filter(|r| !self.must_stay(r));
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

/// How many of the revisions are of these people, and how many bytes their texts take together.
fn room(revisions: &[&DraftRevision], are_of: impl Fn(&SpiffeId) -> bool) -> (usize, u64) {
    let bytes: Vec<u64> = revisions.iter().filter(|r| are_of(&r.by)).map(|r| r.bytes).collect();
    (bytes.len(), bytes.into_iter().fold(0, u64::saturating_add))
}
