//! The oracle's rules on exceptions and endorsements.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{body::Kind, ids::StatementId},
    fixture::digest,
    oracle::{Oracle, Rule},
    policy::PartnerException,
};

/// Marks the id of an exception among the names of grants. No grant has this character in its name.
const MARK: &str = "!";

/// The exception as a name among the names of grants.
fn mark(exception: &PartnerException) -> String {
    format!("{MARK}{}", exception.id)
}

fn is_mark(name: &str) -> bool {
    name.starts_with(MARK)
}

impl Oracle<'_> {
    /// The exceptions that release the portion, as names among the names of grants.
    pub fn excepting(&self, index: usize) -> BTreeSet<String> {
        let mut marks = BTreeSet::new();
        // Without a valid grant nothing is released anyway, so no case could show that this rule is left out.
        if !self.agreement.is_valid_at(self.case.now) {
            return marks;
        }
        for exception in &self.case.exceptions {
            let PartnerException { giver, partner, digests, from, until, .. } = exception;
            if *giver != self.case.giver && !self.is_left_out(Rule::ExceptionGiver) {
                continue;
            }
            if *partner != self.case.taker.domain && !self.is_left_out(Rule::ExceptionPartner) {
                continue;
            }
            if !digests.contains(&digest(index)) && !self.is_left_out(Rule::ExceptionPortions) {
                continue;
            }
            if self.case.now < *from && !self.is_left_out(Rule::ExceptionBegins) {
                continue;
            }
            if self.case.now >= *until && !self.is_left_out(Rule::ExceptionEnds) {
                continue;
            }
            marks.insert(mark(exception));
        }
        marks
    }

    /// Whether a grant permits any of it.
    pub fn stands_on_a_grant(&self, shown: &BTreeMap<usize, BTreeSet<String>>) -> bool {
        self.is_left_out(Rule::ExceptionOnlyAdds) || shown.values().flatten().any(|name| !is_mark(name))
    }

    /// The exceptions that a release of these portions names: those of the portions that no grant permits.
    pub fn named(&self, shown: &BTreeMap<usize, BTreeSet<String>>) -> BTreeSet<StatementId> {
        let by_exception = shown.values().filter(|names| names.iter().all(|n| is_mark(n)));
        by_exception.flatten().map(|n| n[MARK.len()..].parse().unwrap()).collect()
    }

    /// Whether it is the giver's own endorsement, which did not come by a release.
    pub fn is_own_word(&self, index: usize) -> bool {
        self.portion(index).kind() == Kind::Endorsement
            && self.case.endorsers[index] == self.case.giver
            && !self.is_left_out(Rule::OwnEndorsement)
    }
}

/// The names of the grants without the exceptions.
pub fn without_marks(shown: BTreeMap<usize, BTreeSet<String>>) -> BTreeMap<usize, BTreeSet<String>> {
    shown.into_iter().map(|(i, names)| (i, names.into_iter().filter(|n| !is_mark(n)).collect())).collect()
}
