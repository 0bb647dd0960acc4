//! How many persons must stand behind an agreement.

use crate::{domain::agreement::Agreement, node::Node};

/// What the house asks for.
pub struct Approvals {
    /// So many persons for each agreement; `None`: two as soon as there are two administrators.
    pub needed: Option<u32>,
    /// How many administrators there are.
    pub administrators: Box<dyn Fn() -> usize + Send + Sync>,
}

impl Node {
    /// How many persons of this organisation must stand behind the agreement before the node signs it: as many as the house
    /// asks for, or the agreement itself, whichever is more.
    pub fn approvals_needed(&self, agreement: &Agreement) -> usize {
        let house = self.approvals.needed.unwrap_or_else(|| match (self.approvals.administrators)() {
            0 | 1 => 1,
            _ => 2,
        });
        usize::try_from(house.max(agreement.duties.approvals).max(1)).unwrap_or(usize::MAX)
    }
}
