//! How many persons must stand behind an agreement.

use crate::{
    domain::{agreement::Agreement, ids::SpiffeId},
    node::Node,
};

/// What the house asks for.
pub struct Approvals {
    /// So many persons for each agreement; `None`: two, unless there is just one administrator.
    pub needed: Option<u32>,
    /// How many administrators there are.
    pub administrators: Box<dyn Fn() -> usize + Send + Sync>,
    /// Whose word counts no more.
    pub revoked: Box<dyn Fn() -> Vec<SpiffeId> + Send + Sync>,
}

impl Node {
    /// How many persons of this organisation must stand behind the agreement before the node signs it: as many as the house
    /// asks for, or the agreement itself, whichever is more.
    pub fn approvals_needed(&self, agreement: &Agreement) -> usize {
        let house = self.approvals.needed.unwrap_or_else(|| match (self.approvals.administrators)() {
            1 => 1,
            // None are known where they are kept elsewhere: then one person's word is not enough unbidden.
            _ => 2,
        });
        usize::try_from(house.max(agreement.duties.approvals).max(1)).unwrap_or(usize::MAX)
    }
}
