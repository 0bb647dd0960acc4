//! The names of organisations and groups that are known when rules are checked.

use std::collections::BTreeSet;

use crate::domain::{
    agreement::Agreement,
    ids::TrustDomain,
    marking::{Audience, GroupName},
};

/// The names that rules may use without a warning.
#[derive(Debug, Clone)]
pub struct KnownNames {
    /// The organisation whose rules they are.
    pub own: TrustDomain,
    /// Its partners, the organisations whose trust bundle it has, and the members of the groups in its agreements.
    pub organisations: BTreeSet<TrustDomain>,
    /// The groups in its agreements.
    pub groups: BTreeSet<GroupName>,
}

impl KnownNames {
    /// Adds the parties of an agreement, and the organisations and groups that it names.
    pub fn add_agreement(&mut self, agreement: &Agreement) {
        self.organisations.extend(agreement.parties.iter().cloned());
        for group in &agreement.groups {
            self.groups.insert(group.name.clone());
            self.organisations.extend(group.organisations.iter().cloned());
        }
        let grants = agreement.grants.iter();
        let audiences = grants.flat_map(|g| g.onward.iter()).flat_map(|onward| &onward.to);
        self.organisations.extend(audiences.filter_map(|audience| match audience {
            Audience::Organisation(domain) => Some(domain.clone()),
            Audience::Group(_) => None,
        }));
    }
}
