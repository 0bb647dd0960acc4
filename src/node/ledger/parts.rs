//! What the ledger is made of.

use std::sync::Arc;

use crate::seal::raw::RawKey;

/// Writes the newest checkpoint beside the store, so that it is still there when an older store is put back.
pub type KeepHead = Arc<dyn Fn(&[u8]) -> Result<(), String> + Send + Sync>;

/// What the ledger is made of; `app` wires it.
pub struct LedgerParts {
    /// The key that its notes are signed with.
    pub key: RawKey,
    /// A key that was prepared for the next epoch, if the node stopped before it was used.
    pub next_key: Option<RawKey>,
    /// Stores the key.
    pub keep_key: KeepKey,
    /// Between two checkpoints the ledger grows by a multiple of this.
    pub quantum: u32,
    /// The newest checkpoint that was found beside the store.
    pub found_head: Option<Vec<u8>>,
    /// Writes the newest checkpoint there.
    pub keep_head: KeepHead,
}

/// Where the ledger's key is kept. A new key lies beside the old one until the store has begun the new epoch.
#[derive(Clone)]
pub struct KeepKey {
    /// Writes a new key (PKCS#8) beside the one in use.
    pub prepare: WriteKey,
    /// Puts the new key in the place of the old one.
    pub commit: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
}

/// Writes a key (PKCS#8).
pub type WriteKey = Arc<dyn Fn(&[u8]) -> Result<(), String> + Send + Sync>;
