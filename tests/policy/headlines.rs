//! The oracle's choice of headlines: the fullest, and one that the taker may give to others.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{body::Kind, marking::Onward},
    oracle::{Oracle, Rule},
};

impl Oracle<'_> {
    pub fn with_headlines(&self, permitted: &BTreeMap<usize, BTreeSet<String>>) -> BTreeMap<usize, BTreeSet<String>> {
        let headlines: Vec<usize> =
            permitted.keys().copied().filter(|i| self.portion(*i).kind() == Kind::Headline).collect();
        let mut kept = Vec::new();
        if let Some(first) = self.fullest(&headlines) {
            kept.push(first);
            if !self.may_be_given_on(first, &permitted[&first]) && !self.is_left_out(Rule::HeadlineForOthers) {
                let others: Vec<usize> =
                    headlines.iter().copied().filter(|i| self.may_be_given_on(*i, &permitted[i])).collect();
                kept.extend(self.fullest(&others));
            }
        }
        let mut shown = permitted.clone();
        if !self.is_left_out(Rule::OneHeadline) {
            shown.retain(|i, _| self.portion(*i).kind() != Kind::Headline || kept.contains(i));
        }
        shown
    }

    fn fullest(&self, headlines: &[usize]) -> Option<usize> {
        let mut best: Option<usize> = None;
        for index in headlines.iter().copied() {
            best = match best {
                None => Some(index),
                Some(old) => {
                    let (a, b) = (self.portion(old), self.portion(index));
                    let higher = b.marking.tlp > a.marking.tlp;
                    let earlier = b.marking.tlp == a.marking.tlp && b.order < a.order;
                    Some(if higher || earlier { index } else { old })
                }
            };
        }
        best
    }

    fn may_be_given_on(&self, index: usize, used: &BTreeSet<String>) -> bool {
        let marking = &self.portion(index).marking;
        if !matches!(marking.onward, Onward::Named(_)) {
            return false;
        }
        for grant in self.agreement.grants.iter().filter(|g| used.contains(&g.id.to_string())) {
            if let Some(onward) = &grant.onward
                && onward.depth > 0
                && onward.kinds.contains(&Kind::Headline)
                && marking.tlp <= onward.max_tlp
            {
                return true;
            }
        }
        false
    }
}
