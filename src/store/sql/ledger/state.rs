//! The ledger's state: one encrypted row that changes in the transaction of every entry.

use super::super::query::{Connection, Queries, execute, params, query_optional};
use crate::{
    ledger::tree::{Frontier, Hash},
    seal::hash::sha256,
    store::{
        Result, StoreError,
        ledger::{LedgerState, SettlingApproval},
        vault::{SealedRow, Vault, pack, unpack},
    },
};

/// The state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoredLedgerState {
    pub epoch: u32,
    pub frontier: Frontier,
    /// The size of the last checkpoint.
    pub checkpointed: u64,
    /// How many records are stored in addition to the entries, and a digest of them that does not depend on their order: the
    /// exclusive-or of one SHA-256 for each record. Without the storage key nobody can read or change it.
    pub kept: u64,
    pub digest: Hash,
    pub behind: Vec<u8>,
    pub settling: Vec<SettlingApproval>,
}

impl Default for StoredLedgerState {
    fn default() -> Self {
        Self {
            epoch: 1,
            frontier: Frontier::default(),
            checkpointed: 0,
            kept: 0,
            digest: [0; 32],
            behind: vec![],
            settling: vec![],
        }
    }
}

/// The digest of one record.
pub(super) fn record_digest(kind: &str, number: u64, of: &str, sealed: &[u8]) -> Hash {
    sha256(&[kind.as_bytes(), b"\0", &number.to_be_bytes(), of.as_bytes(), b"\0", sealed])
}

impl StoredLedgerState {
    pub(super) fn read(conn: &dyn Queries, vault: &Vault) -> Result<Self> {
        let sealed =
            query_optional(conn, "SELECT sealed FROM ledger_state WHERE one = 1", params![], |r| r.get::<Vec<u8>>(0));
        let sealed = sealed.map_err(|e| e.of_all("the ledger's state is torn"))?;
        let sealed = sealed.ok_or_else(|| StoreError::Corrupt("the ledger's state is missing".to_owned()))?;
        let torn = |e: StoreError| e.of_all("the ledger's state is torn");
        let items = unpack(&vault.open(SealedRow::LedgerState, &sealed)?).map_err(torn)?;
        Self::from_items(&items).ok_or_else(|| StoreError::Corrupt("the ledger's state is torn".to_owned()))
    }

    pub(super) fn write(&self, conn: &dyn Connection, vault: &Vault) -> Result<()> {
        let sealed = vault.seal(SealedRow::LedgerState, &pack(&self.items()?))?;
        let sql = "INSERT INTO ledger_state (one, sealed) VALUES (1, ?1) \
            ON CONFLICT (one) DO UPDATE SET sealed = excluded.sealed";
        execute(conn, sql, params![sealed])?;
        Ok(())
    }

    fn items(&self) -> Result<[Vec<u8>; 8]> {
        let settling = serde_json::to_vec(&self.settling).map_err(|e| StoreError::Failed(e.to_string()))?;
        Ok([
            self.epoch.to_be_bytes().to_vec(),
            self.frontier.size().to_be_bytes().to_vec(),
            self.frontier.peaks().concat(),
            self.checkpointed.to_be_bytes().to_vec(),
            self.kept.to_be_bytes().to_vec(),
            self.digest.to_vec(),
            self.behind.clone(),
            settling,
        ])
    }

    fn from_items(items: &[Vec<u8>]) -> Option<Self> {
        let [epoch, size, peaks, checkpointed, kept, digest, behind, settling] = items else { return None };
        let count = |bytes: &Vec<u8>| Some(u64::from_be_bytes(bytes.as_slice().try_into().ok()?));
        let peaks = peaks.chunks(32).map(|p| p.try_into().ok()).collect::<Option<Vec<Hash>>>()?;
        Some(Self {
            epoch: u32::from_be_bytes(epoch.as_slice().try_into().ok()?),
            frontier: Frontier::new(count(size)?, peaks)?,
            checkpointed: count(checkpointed)?,
            kept: count(kept)?,
            digest: digest.as_slice().try_into().ok()?,
            behind: behind.clone(),
            settling: serde_json::from_slice(settling).ok()?,
        })
    }

    /// Adds a record to the digest.
    pub(super) fn add_record(&mut self, digest: &Hash) {
        self.kept = self.kept.saturating_add(1);
        self.mix(digest);
    }

    /// Removes a record from the digest.
    pub(super) fn remove_record(&mut self, digest: &Hash) {
        self.kept = self.kept.saturating_sub(1);
        self.mix(digest);
    }

    fn mix(&mut self, digest: &Hash) {
        self.digest.iter_mut().zip(digest).for_each(|(d, m)| *d ^= m);
    }

    pub(super) fn summary(&self) -> LedgerState {
        LedgerState {
            epoch: self.epoch,
            size: self.frontier.size(),
            root: self.frontier.root(),
            behind: self.behind.clone(),
            settling: self.settling.clone(),
        }
    }
}
