//! How many persons must stand behind an agreement.

use crate::{domain::agreement::Agreement, node::agreements::Agreements};

impl Agreements {
    /// How many persons of this organisation must stand behind the agreement before the node signs it: as many as any decision takes, or
    /// as many as the agreement itself asks for, whichever is more.
    pub fn approvals_needed(&self, agreement: &Agreement) -> usize {
        let asked = usize::try_from(agreement.duties.approvals).unwrap_or(usize::MAX);
        self.people.persons_needed().max(asked)
    }
}
