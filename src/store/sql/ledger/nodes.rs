//! The tree's nodes, from the leaves and the stored subtrees.

use super::super::{
    query::{Queries, params, query_all},
    value::{SqlRow, number},
};
use crate::{
    ledger::tree::{Hash, KEPT_LEVELS, Nodes, leaf_hash, node_hash},
    store::StoreError,
};

/// Reads nodes within one transaction.
pub(super) struct StoredNodes<'a>(pub &'a dyn Queries);

impl Nodes for StoredNodes<'_> {
    type Error = StoreError;

    fn node(&self, level: u8, place: u64) -> Result<Hash, StoreError> {
        let above = level % KEPT_LEVELS;
        let kept = level - above;
        let (first, count) = (place << above, 1_u64 << above);
        let mut nodes = self.kept(kept, first, count)?;
        if nodes.len() as u64 != count {
            return Err(StoreError::Corrupt(format!(
                "a part of the ledger's tree is missing at entry {}",
                first << kept
            )));
        }
        while nodes.len() > 1 {
            nodes = nodes.chunks_exact(2).filter_map(|pair| Some(node_hash(pair.first()?, pair.last()?))).collect();
        }
        nodes.pop().ok_or_else(|| StoreError::Corrupt("the ledger's tree has no such part".to_owned()))
    }
}

impl StoredNodes<'_> {
    /// Adjacent nodes of a stored level.
    fn kept(&self, level: u8, first: u64, count: u64) -> Result<Vec<Hash>, StoreError> {
        let (from, until) = (number(first)?, number(first.saturating_add(count))?);
        let read = |r: &SqlRow<'_>| r.get::<Vec<u8>>(0);
        if level == 0 {
            let sql = "SELECT leaf FROM ledger WHERE number >= ?1 AND number < ?2 ORDER BY number";
            return Ok(query_all(self.0, sql, params![from, until], read)?
                .iter()
                .map(|leaf| leaf_hash(leaf))
                .collect());
        }
        let sql = "SELECT hash FROM ledger_subtree WHERE level = ?1 AND place >= ?2 AND place < ?3 ORDER BY place";
        let found = query_all(self.0, sql, params![level, from, until], read)?;
        let torn = |_| StoreError::Corrupt("a hash of the ledger's tree is torn".to_owned());
        found.into_iter().map(|hash| hash.try_into().map_err(torn)).collect()
    }
}
