//! Exceptions: an officer's signature gives one partner for a time what no grant gives.
//!
//! They are evaluated in plain Rust and not in Cedar. An exception is not part of an agreement, so it can't be compiled with one, and it must
//! never override a rule that forbids. It counts only if Cedar found no such rule, and a release names it only if no grant permits the
//! same portion.

use std::collections::BTreeSet;

use super::item::ItemId;
use crate::{
    domain::{
        ids::{Digest, StatementId, TrustDomain},
        request::Exception,
        time::Time,
    },
    policy::reason::PolicyReason,
};

/// An exception for one partner. The caller verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerException {
    /// The id of its statement, which a release names.
    pub id: StatementId,
    /// The organisation whose assessment it releases.
    pub giver: TrustDomain,
    /// The partner that it is for.
    pub partner: TrustDomain,
    /// The portions and endorsements that it releases; see [`ItemId::to_digest`].
    pub digests: BTreeSet<Digest>,
    /// The first moment at which it is valid.
    pub from: Time,
    /// The first moment at which it is no longer valid.
    pub until: Time,
}

impl PartnerException {
    /// Takes what a decision needs from the statement.
    pub fn new(id: StatementId, exception: &Exception) -> Self {
        let Exception { giver, partner, digests, from, until, .. } = exception.clone();
        Self { id, giver, partner, digests: digests.into_iter().collect(), from, until }
    }

    /// Whether it releases the item from this giver to this partner at this time.
    pub(in crate::policy) fn releases(
        &self,
        giver: &TrustDomain,
        partner: &TrustDomain,
        item: ItemId,
        now: Time,
    ) -> bool {
        self.giver == *giver
            && self.partner == *partner
            && self.digests.contains(&item.to_digest())
            && self.from <= now
            && now < self.until
    }

    /// Why it permits, in words.
    pub(in crate::policy) fn reason(&self) -> PolicyReason {
        let words = format!("an officer's exception {} gives it to {} until {}", self.id, self.partner, self.until);
        PolicyReason::new("exception", words)
    }
}
