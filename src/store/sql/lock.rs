//! What a transaction locks. A database with several writers takes the locks of a transaction before it looks at anything, in
//! ascending order, so that no two transactions wait for each other. SQLite has one writer and takes none of them.

use crate::{
    domain::ids::{AssessmentId, DraftId, Sha256, StatementId, TrustDomain},
    seal::hash::sha256,
};

/// A thing that is locked. The order of the variants is the order in which locks are taken. Two things with the same 64 bits of a
/// hash only wait for each other.
///
/// The row of the ledger's state is locked after all of these, by each transaction that has ledger entries, and until its commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockKey {
    /// What decisions depend on: partners, agreements, house rules, revocations, people.
    Catalogue,
    /// An originator's assessment, all versions.
    Assessment(u64),
    /// The assessment that a manifest is a version of. A driver reads which one that is, and locks
    /// [`Assessment`](Self::Assessment): a manifest's assessment never changes.
    AssessmentOf(StatementId),
    /// The feed and the outbox to a partner.
    PeerOut(u64),
    /// The feed from a partner.
    PeerIn(u64),
    /// A copy of an attachment.
    Attachment(u64),
    /// A request.
    Request(u64),
    /// A draft.
    Draft(u64),
}

/// How a thing is locked. Shared locks exclude only exclusive ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Shared,
    Exclusive,
}

/// A lock of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    pub key: LockKey,
    pub mode: Mode,
}

fn hash(parts: &[&[u8]]) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(sha256(parts)).for_each(|(to, from)| *to = from);
    u64::from_be_bytes(first)
}

impl Lock {
    fn exclusive(key: LockKey) -> Self {
        Self { key, mode: Mode::Exclusive }
    }

    /// The catalogue.
    pub fn catalogue() -> Self {
        Self::exclusive(LockKey::Catalogue)
    }

    /// An assessment, by its originator and id.
    pub fn assessment(originator: &TrustDomain, id: &AssessmentId) -> Self {
        Self::exclusive(LockKey::Assessment(hash(&[originator.as_str().as_bytes(), b"\0", id.as_bytes()])))
    }

    /// The assessment of a manifest.
    pub fn assessment_of(manifest: &StatementId) -> Self {
        Self::exclusive(LockKey::AssessmentOf(*manifest))
    }

    /// What goes to a partner.
    pub fn peer_out(partner: &TrustDomain) -> Self {
        Self::exclusive(LockKey::PeerOut(hash(&[partner.as_str().as_bytes()])))
    }

    /// What comes from a partner.
    pub fn peer_in(partner: &TrustDomain) -> Self {
        Self::exclusive(LockKey::PeerIn(hash(&[partner.as_str().as_bytes()])))
    }

    /// The copy of an attachment from one source; `None` if it was uploaded here.
    pub fn attachment(sha256: &Sha256, from: Option<&TrustDomain>) -> Self {
        let from = from.map_or("", TrustDomain::as_str);
        Self::exclusive(LockKey::Attachment(hash(&[sha256.as_bytes(), from.as_bytes()])))
    }

    /// A request.
    pub fn request(id: &StatementId) -> Self {
        Self::exclusive(LockKey::Request(hash(&[id.as_bytes()])))
    }

    /// A draft.
    pub fn draft(id: &DraftId) -> Self {
        Self::exclusive(LockKey::Draft(hash(&[id.as_bytes()])))
    }

    /// The same thing, but shared.
    #[must_use]
    pub fn shared(self) -> Self {
        Self { mode: Mode::Shared, ..self }
    }
}

/// The locks of a transaction: ascending, each key once, exclusive if one of them was.
pub(super) fn in_order(locks: impl IntoIterator<Item = Lock>) -> Vec<Lock> {
    let mut all: Vec<Lock> = locks.into_iter().collect();
    // Of one key the exclusive lock comes first, and stays.
    all.sort_by_key(|lock| (lock.key, std::cmp::Reverse(lock.mode)));
    all.dedup_by_key(|lock| lock.key);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_taken_in_one_order_and_the_exclusive_one_stays() {
        let [fr, de]: [TrustDomain; 2] = ["fr.example", "de.example"].map(|name| name.parse().unwrap());
        let id = AssessmentId([1; 16]);
        let assessment = Lock::assessment(&fr, &id);
        let taken = in_order([
            Lock::request(&StatementId([1; 32])),
            Lock::peer_in(&fr),
            assessment.shared(),
            Lock::peer_out(&fr),
            assessment,
            assessment.shared(),
            Lock::catalogue(),
        ]);
        let keys: Vec<LockKey> = taken.iter().map(|lock| lock.key).collect();
        assert!(keys.is_sorted() && keys.len() == 5, "{keys:?}");
        assert_eq!((taken[0], taken[1]), (Lock::catalogue(), assessment));
        assert_ne!(assessment.key, Lock::assessment(&de, &id).key);
        assert_ne!(Lock::attachment(&Sha256([1; 32]), None), Lock::attachment(&Sha256([1; 32]), Some(&fr)));
    }
}
