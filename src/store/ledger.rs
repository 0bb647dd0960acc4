//! The ledger: its tree, its checkpoints, and what is stored of partners' ledgers.

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
    /// The kinds of records that are stored in addition to the entries.
    LedgerRecordKind, "kind of record" {
        /// A checkpoint of this node's ledger: a signed note.
        Checkpoint = "checkpoint",
        /// A partner's head: a signed note.
        Head = "head",
        /// A note of this node with a partner's cosignature.
        Cosigned = "cosigned",
        /// A partner's statement of its ledger key: an envelope.
        Key = "key",
        /// An alarm, with its evidence.
        Alarm = "alarm",
    }
);

/// How many own checkpoints are kept, and how many heads and cosignatures of each partner.
pub const MAX_HEADS: u32 = 1024;
/// How many keys of a partner are kept: one for each of the newest epochs.
pub const MAX_KEYS: u32 = 32;

/// The number of a head. It orders the heads of all epochs of a ledger.
///
/// # Errors
/// [`StoreError::TooLarge`] beyond [`MAX_EPOCH`] and [`MAX_ENTRIES`]: another head could have the same number.
pub fn head_number(epoch: u32, size: u64) -> Result<u64> {
    if epoch > MAX_EPOCH || size > MAX_ENTRIES {
        return Err(StoreError::TooLarge);
    }
    Ok((u64::from(epoch) << 40) | size)
}

/// A record that is stored in addition to the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRecord {
    /// Its kind.
    pub kind: LedgerRecordKind,
    /// The partner that it is about; `None`: this node itself.
    pub of: Option<TrustDomain>,
    /// Its number: for a head [`head_number`], for a key the epoch, for an alarm a count.
    pub number: u64,
    /// Its content.
    pub value: Vec<u8>,
}

/// An alarm that is to be stored.
#[derive(Debug, Clone)]
pub struct NewAlarm {
    /// The partner that it is about; `None`: this node itself.
    pub of: Option<TrustDomain>,
    /// The alarm with its evidence.
    pub value: Vec<u8>,
    /// The number of the newest alarm about the same organisation that the caller has read; `None` if there was none.
    pub newest_read: Option<u64>,
    /// The ledger entry.
    pub event: Event,
}

/// The state of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerState {
    /// Begins with 1, and grows by one each time a lost ledger is settled.
    pub epoch: u32,
    /// How many entries there are.
    pub size: u64,
    /// The root over all of them.
    pub root: Hash,
    /// A note that this node has signed and whose entries it no longer has; empty if there is none.
    pub behind: Vec<u8>,
    /// The people who have approved that the ledger is settled.
    pub settling: Vec<SettlingApproval>,
}

/// A person's approval that a lost ledger begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlingApproval {
    /// Who approved it, by which statement.
    pub approved: Approved,
    /// Why.
    pub reason: String,
}

/// An entry with the content of its leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Counted from 0.
    pub index: u64,
    /// 32 random bytes and the event's JSON.
    pub plain: Vec<u8>,
}

/// A change of the ledger's state.
pub enum LedgerChange {
    /// A note was seen whose entries are lost here.
    Behind(Vec<u8>),
    /// The people who have approved that the ledger is settled.
    Settling(Vec<SettlingApproval>),
    /// A new epoch begins.
    Settled {
        /// Its number.
        epoch: u32,
        /// This node's statement of the key that signs in it.
        key: Option<LedgerRecord>,
    },
}

/// A fault that a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFault {
    /// The entry, if it is an entry.
    pub index: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// The outcome of verifying the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerVerification {
    /// How many entries are intact.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The first fault.
    pub fault: Option<LedgerFault>,
}

/// Signs a checkpoint: makes a note from epoch, size and root. `None` if the signer has no key of that epoch.
pub type Sign = Box<dyn FnOnce(u32, u64, &Hash) -> Option<Vec<u8>> + Send>;
/// Gets the number of entries verified so far.
pub type OnProgress = Box<dyn FnMut(u64) + Send>;

/// The ledger's part of the store. Each method is one transaction.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// The state of the ledger.
    async fn ledger(&self) -> Result<LedgerState>;
    /// The root over the first `size` entries; `None` if there are fewer.
    async fn ledger_root(&self, size: u64) -> Result<Option<Hash>>;
    /// The proof that an entry is among the first `size`. [`StoreError::Conflict`](super::StoreError::Conflict) if it is not.
    async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>>;
    /// The proof that the first `second` entries begin with the first `first`. `Conflict` if there are fewer.
    async fn consistency(&self, first: u64, second: u64) -> Result<Vec<Hash>>;
    /// Entries from an index on, at most `limit`, with the content of their leaves.
    async fn ledger_entries(&self, from: u64, limit: u32) -> Result<Vec<LedgerEntry>>;
    /// Pads the ledger so that since the last checkpoint it has grown by a multiple of `quantum`, at least one. Has the root
    /// signed, stores the note and returns it. [`StoreError::Conflict`](super::StoreError::Conflict) while entries are lost
    /// ([`LedgerState::behind`]): a head of a size that was signed before would be a fork. `Conflict`, too, if `sign` does not sign
    /// for the epoch, because another process has begun it with another key.
    async fn checkpoint(&self, quantum: u64, at: Time, sign: Sign) -> Result<Vec<u8>>;
    /// Records of a kind, the newest first, at most `limit`.
    async fn ledger_records(
        &self,
        kind: LedgerRecordKind,
        of: Option<&TrustDomain>,
        limit: u32,
    ) -> Result<Vec<LedgerRecord>>;
    /// Stores records. A record replaces the one with the same kind, organisation and number. At most [`MAX_HEADS`] records of a
    /// kind and organisation are kept, [`MAX_KEYS`] keys, and all alarms; the oldest ones are deleted. Returns how many were new.
    /// Heads are stored by [`Self::put_head`] and alarms by [`Self::put_alarm`] if another process may do so at the same time.
    async fn put_ledger_records(&self, records: Vec<LedgerRecord>, events: Vec<Event>) -> Result<usize>;
    /// Stores a partner's head. `judged_against` is the newest head of that partner when the new one was judged.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) if the newest head is another one now: two heads that both grow from
    /// one may be a fork, so the caller judges again.
    async fn put_head(&self, head: LedgerRecord, judged_against: Option<LedgerRecord>) -> Result<()>;
    /// Stores an alarm with its ledger entry, and returns the alarm's number. The store gives the number, so that no alarm
    /// overwrites another one's evidence. [`StoreError::Conflict`](super::StoreError::Conflict) if there is a newer alarm than
    /// `newest_read`: the caller reads it, and decides again whether its own alarm is new.
    async fn put_alarm(&self, alarm: NewAlarm) -> Result<u64>;
    /// Changes the ledger's state. `read` is the state on which the caller has decided.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) if its epoch, what is behind, or the approvals are others now. The
    /// ledger may have grown. `catalogue` is the version of the [catalogue](super::catalogue::CatalogueStore) that it was decided on. A loss
    /// and a new epoch are changes of the catalogue, so that no process releases or admits anything before it knows of them.
    async fn change_ledger(
        &self,
        read: &LedgerState,
        change: LedgerChange,
        catalogue: Option<u64>,
        events: Vec<Event>,
    ) -> Result<LedgerState>;
    /// Adopts the position that a partner says its feed from here has, if the ledger was settled since the last adoption and the
    /// position is beyond what was numbered here. `false` if it is not adopted.
    async fn adopt_position(
        &self,
        partner: &TrustDomain,
        sequence: u64,
        release: &StatementId,
        event: Event,
    ) -> Result<bool>;
    /// Verifies every row of the ledger's tables.
    async fn verify_ledger(&self, progress: OnProgress) -> Result<LedgerVerification>;
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
