//! The oracle's rules on the way back: what goes to the originator from an organisation that endorses its assessment.

use std::collections::BTreeSet;

use crate::{
    domain::{body::Kind, time::Time},
    fixture::digest,
    oracle::{Came, Oracle, Rule},
    policy::Provenance,
};

impl Oracle<'_> {
    /// The release by which it came, if the taker is the originator.
    pub fn back(&self) -> Option<&Provenance> {
        // In the middle of a chain the agreement is not known, and nothing goes back there.
        if self.agreement.grants.is_empty() {
            return None;
        }
        match self.came {
            Came::By(number) if self.case.originator == self.case.taker.domain => {
                (!self.is_left_out(Rule::BackToOriginator)).then(|| &self.case.provenances[number])
            }
            _ => None,
        }
    }

    /// Whether nothing in the way by which it came keeps the portion from its originator.
    pub fn may_go_back(&self, index: usize, came: &Provenance) -> bool {
        if self.is_own_word(index) {
            return self.is_known_there(self.case.endorsed_at[index]);
        }
        if !self.goes_along(index) && !self.is_left_out(Rule::BackLeast) {
            return false;
        }
        if !came.digests.contains(&digest(index)) && !self.is_left_out(Rule::CameByIt) {
            return false;
        }
        if !self.is_direct(came) && !self.is_left_out(Rule::BackDirect) {
            return false;
        }
        self.is_free(came)
    }

    /// The grants for what goes along: those of the endorsements.
    pub fn along(&self, visible: &BTreeSet<usize>) -> BTreeSet<String> {
        let mut grants = BTreeSet::new();
        for index in visible {
            if self.is_own_word(*index) {
                grants.extend(self.permitting(*index, visible).into_iter().filter(|name| !name.starts_with('!')));
            }
        }
        grants
    }

    pub fn goes_along(&self, index: usize) -> bool {
        matches!(self.portion(index).kind(), Kind::Headline | Kind::Subject)
    }

    fn is_direct(&self, came: &Provenance) -> bool {
        came.carriers.iter().all(|carrier| *carrier == self.case.originator)
    }

    /// Whether the originator knows that the giver had all portions at this time: because it gave them itself before, or because nobody else
    /// ever gave them.
    fn is_known_there(&self, at: Time) -> bool {
        for index in 0..self.case.portions.len() {
            if self.portion(index).kind() == Kind::Endorsement {
                continue;
            }
            let (mut given, mut given_before, mut came_otherwise) = (false, false, false);
            for came in self.case.provenances.iter().filter(|came| came.digests.contains(&digest(index))) {
                if self.is_direct(came) {
                    given = true;
                    given_before |= came.received_at <= at;
                } else {
                    came_otherwise = true;
                }
            }
            if !given && !self.is_left_out(Rule::BackSeen) {
                return false;
            }
            if given && came_otherwise && !given_before && !self.is_left_out(Rule::BackBefore) {
                return false;
            }
        }
        true
    }
}
