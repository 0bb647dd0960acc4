//! Exceptions: what an officer's signature gives one partner for a time, where no grant does.
//!
//! Plain Rust rather than Cedar: an exception is no clause of an agreement that could be compiled with it, and it must never stand beside
//! the rules that forbid. It counts only where Cedar has found no forbid, and is named only where no grant gives what it gives.

use std::collections::BTreeSet;

use super::{
    agreement::{Compiled, PartnerPolicy},
    facts::Facts,
    outcome::Reason,
};
use crate::domain::{
    ids::{Digest, StatementId, TrustDomain},
    request::Exception,
    time::Time,
};

/// An exception, as a decision needs it. The caller has verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excepted {
    /// Its statement id, which the release names.
    pub id: StatementId,
    /// Whose it is.
    pub giver: TrustDomain,
    /// For whom.
    pub partner: TrustDomain,
    /// For which portions, and endorsements by their ids.
    pub digests: BTreeSet<Digest>,
    /// The first moment.
    pub from: Time,
    /// The first moment at which it is over.
    pub until: Time,
}

impl Excepted {
    /// What an exception says.
    pub fn of(id: StatementId, exception: &Exception) -> Self {
        let Exception { giver, partner, digests, from, until, .. } = exception.clone();
        Self { id, giver, partner, digests: digests.into_iter().collect(), from, until }
    }

    fn gives(&self, policy: &PartnerPolicy, digest: &Digest, now: Time) -> bool {
        self.giver == policy.giver
            && self.partner == policy.taker.domain
            && self.digests.contains(digest)
            && self.from <= now
            && now < self.until
    }

    /// Why it goes, in words.
    pub(super) fn reason(&self) -> Reason {
        let words = format!("an officer's exception {} gives it to {} until {}", self.id, self.partner, self.until);
        Reason::new("exception", words)
    }
}

/// Where the exceptions of an assessment stand among an agreement's grants: after them, so that whatever looks a grant up finds none, no
/// terms come from them, and nothing that is given by one goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exceptions<'a> {
    compiled: &'a Compiled,
    all: &'a [Excepted],
}

impl<'a> Exceptions<'a> {
    pub fn of(compiled: &'a Compiled, facts: &'a Facts<'_>) -> Self {
        Self { compiled, all: &facts.exceptions }
    }

    /// The exceptions that give the portion under this agreement, as places after its grants. An agreement that is not in force at the
    /// time carries none.
    pub fn giving(self, policy: &PartnerPolicy, digest: &Digest, now: Time) -> Vec<usize> {
        let Compiled { from, until, grants, .. } = self.compiled;
        if now < *from || now >= *until {
            return vec![];
        }
        let giving = self.all.iter().enumerate().filter(|(_, e)| e.gives(policy, digest, now));
        giving.map(|(place, _)| grants.len() + place).collect()
    }

    /// The exception at such a place; `None` for a grant's.
    pub fn at(self, place: usize) -> Option<&'a Excepted> {
        self.all.get(place.checked_sub(self.compiled.grants.len())?)
    }

    /// The exceptions among these places, where no grant is.
    pub fn needed(self, used: &[usize]) -> impl Iterator<Item = &'a Excepted> {
        let is_granted = used.iter().any(|place| self.is_grant(*place));
        used.iter().filter(move |_| !is_granted).filter_map(move |place| self.at(*place))
    }

    /// Whether the place is a grant's.
    pub fn is_grant(self, place: usize) -> bool {
        place < self.compiled.grants.len()
    }
}
