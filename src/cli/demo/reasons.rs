//! The reasons for which portions were withheld, counted in words. Each portion is counted once, so the counts add up.

use std::collections::BTreeMap;

/// How many portions were withheld for which reasons.
#[derive(Default)]
pub struct Reasons {
    counts: BTreeMap<String, usize>,
}

impl Reasons {
    /// Counts a portion by the first reason of its decision: `no-grant: grant a: the place YE is not within M49:202`.
    pub fn count(&mut self, because: &str) {
        *self.counts.entry(in_words(because)).or_default() += 1;
    }

    /// How many portions were counted.
    pub fn total(&self) -> usize {
        self.counts.values().sum()
    }

    /// The reasons with their counts, the most frequent first.
    pub fn by_count(&self) -> Vec<(&str, usize)> {
        let mut all: Vec<_> = self.counts.iter().map(|(reason, count)| (&**reason, *count)).collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }
}

/// A reason without what differs from one portion to the next, so that alike ones are counted together.
fn in_words(because: &str) -> String {
    let (code, details) = because.split_once(": ").unwrap_or((because, ""));
    let words = match code {
        "no-grant" => return format!("the agreement does not include {}", what_is_missing(details)),
        "subject-rule" => "they are about the recipient's own state",
        "a-fuller-headline-is-given" => "the recipient reads a fuller headline instead",
        "releasable-to" => "the author marked them for others only",
        "tlp-red-named-only" => "they are TLP:RED, and the author did not name the recipient",
        "no-headline" | "no-subject" => "no headline or no subject of the assessment may be released, so nothing is",
        _ => return if details.is_empty() { code.to_owned() } else { details.to_owned() },
    };
    words.to_owned()
}

/// What the nearest grant of the agreement lacks, of the place, the kind of portion and the TLP.
fn what_is_missing(details: &str) -> String {
    let missing: Vec<&str> = [
        (" is not within ", "this place"),
        (" is not among its kinds", "this kind of portion"),
        (" is above ", "so high a marking"),
    ]
    .into_iter()
    .filter_map(|(sign, words)| details.contains(sign).then_some(words))
    .collect();
    if missing.is_empty() { "them".to_owned() } else { missing.join(", nor ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_reasons_are_counted_together_and_the_counts_add_up() {
        let mut reasons = Reasons::default();
        let all = [
            "no-grant: grant a: the place YE is not within M49:202",
            "no-grant: grant b: the place BF is not within SD",
            "no-grant: grant a: evidence is not among its kinds; AMBER+STRICT is above AMBER",
            "subject-rule: the assessment is about the recipient's own state",
            "house-rule-7: only in working hours",
        ];
        all.iter().for_each(|because| reasons.count(because));
        assert_eq!(reasons.total(), all.len());
        assert_eq!(
            reasons.by_count(),
            [
                ("the agreement does not include this place", 2),
                ("only in working hours", 1),
                ("the agreement does not include this kind of portion, nor so high a marking", 1),
                ("they are about the recipient's own state", 1),
            ]
        );
    }
}
