//! Which version content is, beside what is here of its assessment, and beside what came earlier in the same batch.

use super::{Content, Unusable};
use crate::{
    domain::fault::{Fault, Reason},
    store::{ReceivedContent, ReceivedEntry, VersionHere},
};

impl Content {
    /// Whether it would take the place of an earlier version on a hub's word alone. `before`: what came earlier in the same
    /// batch, which the store does not hold yet.
    pub(super) fn corrects_on_a_word(&self, here: VersionHere, before: &[ReceivedEntry]) -> bool {
        let in_batch = self.of_it(before).map(|c| c.version).max();
        let latest = here.latest.max(in_batch.unwrap_or(0));
        self.verified.on_word_of.is_some() && latest > 0 && latest < self.manifest.version
    }

    /// A correction on a hub's word alone corrects nothing: it waits for its originator.
    pub(super) fn unconfirmed(&self) -> Unusable {
        let what = "a key that signed the correction ended long ago, and only a hub says that it was used before";
        Unusable::by(&self.manifest.originator, Fault::new(Reason::ChainInvalid, what))
    }

    /// One version has one manifest, in the store and in what came `before` it in the same batch.
    pub(super) fn is_same_version(&self, here: VersionHere, before: &[ReceivedEntry]) -> bool {
        let mut in_batch = self.of_it(before).filter(|c| c.version == self.manifest.version);
        let other = in_batch.next().map(|c| c.manifest_id).or(here.manifest);
        other.is_none_or(|id| id == self.manifest_id)
    }

    /// What came earlier in the batch of the same assessment, for users. The store does not hold it yet.
    fn of_it<'a>(&'a self, before: &'a [ReceivedEntry]) -> impl Iterator<Item = &'a ReceivedContent> {
        let name = (&self.manifest.assessment, &self.manifest.originator);
        let shown = before.iter().filter_map(|e| e.content.as_ref()).filter(|c| !c.quarantined);
        shown.filter(move |c| (&c.assessment, &c.originator) == name)
    }
}
