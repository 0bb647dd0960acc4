//! The attributes of one portion.

use crate::domain::{
    assessment::Portion,
    body::Kind,
    group::Group,
    marking::{Audience, Caveat, Tlp, Topic},
};

/// All that a decision can see of a portion. Portions with equal attributes share one evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::policy) struct PortionAttributes<'a> {
    pub kind: Kind,
    pub tlp: Tlp,
    pub topics: &'a [Topic],
    pub releasable_to: &'a [Audience],
    pub groups: &'a [Group],
    pub caveats: &'a [Caveat],
}

impl<'a> PortionAttributes<'a> {
    pub fn new(portion: &'a Portion) -> Self {
        let marking = &portion.marking;
        Self {
            kind: portion.kind(),
            tlp: marking.tlp,
            topics: &marking.topics,
            releasable_to: &marking.releasable_to,
            groups: &marking.groups,
            caveats: &marking.caveats,
        }
    }

    /// How many names it contains, as a measure of its size. Eight states count as one name.
    pub fn name_count(&self) -> usize {
        let of_group = |group: &Group| 1 + group.organisations.len() + group.countries.len() / 8;
        self.topics.len() + self.releasable_to.len() + self.groups.iter().map(of_group).sum::<usize>()
    }
}
