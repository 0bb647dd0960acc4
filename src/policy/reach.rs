//! To whom a recipient may pass a portion on: what its marking and the release together allow.

use super::audience::AudienceMembers;
use crate::domain::{
    assessment::Portion, ids::TrustDomain, partner::Organisation, place::Country, release::OnwardLimit,
};

/// Those to whom a recipient may pass a portion on. Further conditions may be in agreements that only the recipient has.
pub struct Reach<'a> {
    /// Whoever is in all of these.
    lists: Vec<AudienceMembers<'a>>,
}

impl<'a> Reach<'a> {
    /// `None` if the portion may be passed on to nobody.
    pub fn of(portion: &'a Portion, limit: &'a OnwardLimit) -> Option<Self> {
        let marking = &portion.marking;
        let to = marking.goes_on_to().ok()?;
        if !limit.kinds.contains(&portion.body.kind()) || marking.tlp > limit.max_tlp {
            return None;
        }
        let mut lists = vec![AudienceMembers::new(to, &marking.groups), AudienceMembers::new(&limit.to, &limit.groups)];
        if !marking.releasable_to.is_empty() {
            lists.push(AudienceMembers::new(&marking.releasable_to, &marking.groups));
        }
        Some(Self { lists })
    }

    /// Whether the organisation is among them.
    pub fn contains(&self, organisation: &Organisation) -> bool {
        self.lists.iter().all(|list| list.contains(organisation))
    }

    /// Whether any organ of the state is among them.
    pub fn contains_organs_of(&self, state: Country) -> bool {
        self.lists.iter().all(|list| list.states().any(|listed| listed == state))
    }

    /// Organisations that a list names. Each is among them if it is an organ of one of these states, or by its name alone.
    pub fn named(&self, of: &[Country]) -> Vec<&'a TrustDomain> {
        let lists_state = |list: &AudienceMembers<'_>| list.states().any(|state| of.contains(&state));
        let in_all = |domain: &&TrustDomain| self.lists.iter().all(|l| l.names(domain) || lists_state(l));
        let mut all: Vec<&TrustDomain> = self.lists.iter().flat_map(AudienceMembers::organisations).collect();
        all.sort_unstable();
        all.dedup();
        all.retain(in_all);
        all
    }
}
