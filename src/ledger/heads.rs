//! Judges a head that a partner shows against the head of that partner that is held here.

use super::{
    note::Checkpoint,
    tree::{Hash, is_consistent},
};
use crate::domain::words::words;

/// What a partner shows of its ledger.
pub struct ShownHead<'a> {
    /// Its newest head, verified by its key.
    pub head: &'a Checkpoint,
    /// The size from which the proof leads to the head. 0 means that there is no proof.
    pub from: u64,
    /// The consistency proof.
    pub proof: &'a [Hash],
    /// The size that this side had said it holds, if the partner knew that when it showed its head.
    pub told: Option<u64>,
}

/// The result of comparing a shown head with the one that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadComparison {
    /// The first head of that ledger.
    First,
    /// The head that is held.
    Same,
    /// A later head, proved to extend the one that is held.
    Grown,
    /// A head that may be later, but is not proved from the one that is held. The partner is told which head that is.
    Unproved,
    /// An earlier head, which may have been overtaken on the way.
    Overtaken,
    /// Two roots of one size, or a later head that does not extend the one that is held.
    Fork,
    /// An earlier head, although the partner knew of the later one.
    Rollback,
}

/// Judges a head of the same origin as the one held. No clock is involved: a partner that answers, or that names the size its proof starts from,
/// knows of the later head.
pub fn judge(held: Option<&Checkpoint>, shown: &ShownHead<'_>) -> HeadComparison {
    let Some(held) = held else { return HeadComparison::First };
    let head = shown.head;
    if head.size == held.size {
        return if head.root == held.root { HeadComparison::Same } else { HeadComparison::Fork };
    }
    if head.size < held.size {
        let knew = shown.from.max(shown.told.unwrap_or(0)) > head.size;
        return if knew { HeadComparison::Rollback } else { HeadComparison::Overtaken };
    }
    if shown.from != held.size {
        return HeadComparison::Unproved;
    }
    let is_proved = is_consistent(held.size, &held.root, head.size, &head.root, shown.proof);
    if is_proved { HeadComparison::Grown } else { HeadComparison::Fork }
}

words!(
    /// What is wrong with a partner's ledger or with this node's own.
    AlarmKind, "kind of alarm" {
        /// Two heads that can't belong to one ledger.
        Fork = "fork",
        /// An earlier head after a later one.
        Rollback = "rollback",
        /// Two partners were shown different heads of one size.
        SplitView = "split-view",
        /// No head, or no proof, for too long.
        NoAnswer = "no-answer",
        /// A key other than the known one.
        KeyChanged = "key-changed",
        /// The ledger was begun anew.
        NewEpoch = "new-epoch",
        /// Two different bundles of one number, each signed by its administrators.
        BundleFork = "bundle-fork",
        /// Two different statements about one subject, both signed by the originator.
        Equivocation = "equivocation",
        /// One person with access to a partner's machine registered a further person, although that partner's decisions take two.
        Recovered = "recovered",
        /// Partners know that decisions here took two administrators before. So an older store was put in the place of a newer one.
        FewerPersons = "fewer-persons",
        /// Somebody else signs with this node's ledger key.
        Twin = "twin",
        /// Something in this node's store can't be read any more.
        Damage = "damage",
        /// A partner holds a head that this node has signed and no longer has.
        Behind = "behind",
    }
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tree::Frontier;

    fn head(size: u64, fork_at: Option<u64>) -> Checkpoint {
        let mut frontier = Frontier::default();
        (0..size).for_each(|n| frontier.add(&[u8::from(fork_at == Some(n)), n as u8]));
        Checkpoint { origin: "x".into(), size, root: frontier.root() }
    }

    #[test]
    fn each_head_gets_its_verdict() {
        let held = head(8, None);
        let shown = |head: &Checkpoint, from, told| {
            // The proof from 8 to 9 is the ninth leaf alone, because the root of the 8 is known.
            let proof = [crate::ledger::tree::leaf_hash(&[0, 8])];
            judge(Some(&held), &ShownHead { head, from, proof: &proof, told })
        };
        assert_eq!(shown(&head(8, None), 0, None), HeadComparison::Same);
        assert_eq!(shown(&head(8, Some(3)), 0, None), HeadComparison::Fork);
        assert_eq!(shown(&head(9, None), 8, None), HeadComparison::Grown);
        assert_eq!(shown(&head(9, Some(3)), 8, None), HeadComparison::Fork);
        assert_eq!(shown(&head(9, None), 7, None), HeadComparison::Unproved);
        assert_eq!(shown(&head(7, None), 7, None), HeadComparison::Overtaken);
        assert_eq!(shown(&head(7, None), 0, Some(8)), HeadComparison::Rollback);
        assert_eq!(shown(&head(7, None), 8, None), HeadComparison::Rollback);
        let shown = ShownHead { head: &held, from: 0, proof: &[], told: None };
        assert_eq!(judge(None, &shown), HeadComparison::First);
    }
}
