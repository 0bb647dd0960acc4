//! Which of two heads of this node is the later one.

use crate::{domain::ledger::of_origin, ledger::note::Note};

/// The order of this node's notes: by epoch, then by size.
pub(in crate::node) fn rank(note: &Note) -> (u32, u64) {
    let epoch = of_origin(&note.checkpoint.origin).map_or(0, |(_, epoch)| epoch);
    (epoch, note.checkpoint.size)
}
