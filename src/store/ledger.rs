//! The ledger's part of the store: its tree, its checkpoints, and what is held of partners' ledgers.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Result, StoreError};
use crate::{
    domain::{
        approval::Approved,
        event::Event,
        ids::{StatementId, TrustDomain},
        ledger::{MAX_ENTRIES, MAX_EPOCH},
        time::Time,
        words::words,
    },
    ledger::tree::Hash,
};

words!(
    /// What is kept beside the entries.
    Kept, "kind of record" {
        /// A checkpoint of this node's ledger: a signed note.
        Checkpoint = "checkpoint",
        /// A partner's head: a signed note.
        Head = "head",
        /// A note of this node's with a partner's cosignature.
        Cosigned = "cosigned",
        /// A partner's statement of its ledger key: an envelope.
        Key = "key",
        /// An alarm, with its evidence.
        Alarm = "alarm",
    }
);

/// How many own checkpoints are kept, and how many heads and cosignatures of a partner.
pub const KEPT_HEADS: u32 = 1024;
/// Of how many epochs, the newest, the keys of a partner are kept.
pub const KEPT_KEYS: u32 = 32;

/// Orders heads over all epochs of a ledger.
///
/// # Errors
/// [`StoreError::TooLarge`] beyond [`MAX_EPOCH`] and [`MAX_ENTRIES`]: another head could have the same number.
pub fn head_number(epoch: u32, size: u64) -> Result<u64> {
    if epoch > MAX_EPOCH || size > MAX_ENTRIES {
        return Err(StoreError::TooLarge);
    }
    Ok((u64::from(epoch) << 40) | size)
}

/// A record beside the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// What it is.
    pub kind: Kept,
    /// Of which partner; `None`: of this node itself.
    pub of: Option<TrustDomain>,
    /// Its number: of heads as by [`head_number`], of keys the epoch, of alarms a count.
    pub number: u64,
    /// What it says.
    pub value: Vec<u8>,
}

/// Where the ledger stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerState {
    /// From 1 on; one more each time that a lost ledger was settled.
    pub epoch: u32,
    /// How many entries there are.
    pub size: u64,
    /// The root over all of them.
    pub root: Hash,
    /// A note that this node has signed and whose entries it no longer has; empty: none.
    pub behind: Vec<u8>,
    /// Who has said that it is to be settled.
    pub settling: Vec<Settling>,
}

/// A person's word that a lost ledger is to be begun anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// Who, by which statement.
    pub approved: Approved,
    /// Why.
    pub reason: String,
}

/// An entry, with what its leaf is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// From 0 on.
    pub index: u64,
    /// 32 random bytes and the event's JSON.
    pub plain: Vec<u8>,
}

/// A change of where the ledger stands.
pub enum LedgerChange {
    /// A note was seen whose entries are not here any more.
    Behind(Vec<u8>),
    /// Who has said that it is to be settled.
    Settling(Vec<Settling>),
    /// That epoch begins.
    Settled(u32),
}

/// What does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFault {
    /// At which entry, where it is one.
    pub index: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// What came of verifying the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerCheck {
    /// How many entries were well.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The first thing that is wrong.
    pub fault: Option<LedgerFault>,
}

/// Signs a checkpoint of an epoch: size and root to a note.
pub type Sign = Box<dyn FnOnce(u32, u64, &Hash) -> Vec<u8> + Send>;
/// Is told how many entries were verified so far.
pub type Progress = Box<dyn FnMut(u64) + Send>;

/// The ledger's part of the store. Each method is one transaction.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// Where the ledger stands.
    async fn ledger(&self) -> Result<LedgerState>;
    /// The root over the first entries; `None` where there are not as many.
    async fn ledger_root(&self, size: u64) -> Result<Option<Hash>>;
    /// The proof that an entry is among the first `size`. [`StoreError::Conflict`](super::StoreError::Conflict) where it is not.
    async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>>;
    /// The proof that the first `second` entries begin with the first `first`. `Conflict` where there are not as many.
    async fn consistency(&self, first: u64, second: u64) -> Result<Vec<Hash>>;
    /// Entries from an index on, at most `limit`, as their leaves have them.
    async fn ledger_entries(&self, from: u64, limit: u32) -> Result<Vec<LedgerEntry>>;
    /// Pads the ledger so that it has grown by a multiple of `quantum`, at least one, since the checkpoint before; has the root
    /// signed and keeps the note. Gives it.
    async fn checkpoint(&self, quantum: u64, at: Time, sign: Sign) -> Result<Vec<u8>>;
    /// Records of a kind, the newest first, at most `limit`.
    async fn kept(&self, kind: Kept, of: Option<&TrustDomain>, limit: u32) -> Result<Vec<KeptRecord>>;
    /// Keeps records, in the place of those with the same number, and of each kind at most [`KEPT_HEADS`] of a partner's, of
    /// keys [`KEPT_KEYS`]; alarms all. How many were new.
    async fn keep(&self, records: Vec<KeptRecord>, events: Vec<Event>) -> Result<usize>;
    /// Changes where the ledger stands.
    async fn change_ledger(&self, change: LedgerChange, events: Vec<Event>) -> Result<LedgerState>;
    /// Takes over the place at which a partner says that its feed from here stands, where the ledger was settled since this
    /// was last done for it, and the place is beyond what was numbered here. `false`: it is not to be taken over.
    async fn adopt_position(
        &self,
        partner: &TrustDomain,
        sequence: u64,
        release: &StatementId,
        event: Event,
    ) -> Result<bool>;
    /// Verifies every row of the ledger's tables.
    async fn verify_ledger(&self, progress: Progress) -> Result<LedgerCheck>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_head_of_the_last_epoch_fits_a_column_and_no_other_has_its_number() {
        let last = head_number(MAX_EPOCH, MAX_ENTRIES).unwrap();
        assert!(i64::try_from(last).is_ok());
        assert_eq!(head_number(MAX_EPOCH + 1, 0), Err(StoreError::TooLarge));
        assert_eq!(head_number(1, MAX_ENTRIES + 1), Err(StoreError::TooLarge));
        assert!(head_number(1, MAX_ENTRIES).unwrap() < head_number(2, 0).unwrap());
    }
}
