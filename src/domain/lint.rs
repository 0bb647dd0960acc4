//! Checks a draft before it is published. Errors block publication. Warnings must be accepted by name, and the acceptance is recorded. Each
//! finding says what to do. It may quote single words of the draft, but no sentences.

mod finding;
mod headlines;
mod language;
mod markings;
mod names;
mod portions;
mod repeated;
mod structure;
mod subjects;
mod texts;

pub use finding::{Finding, NamedStates, PLACEHOLDER, Passage, Severity};
pub use repeated::Readership;
pub use subjects::why_withheld;

use self::finding::Findings;
use super::{draft::Draft, place::OwnNames, time::Time};

/// The name of every finding, and how severe it is.
pub const NAMES: &[(&str, Severity)] = &[
    ("attachment", Severity::Warning),
    ("attachment-unread", Severity::Error),
    ("circular-basis", Severity::Error),
    ("confidence-with-likelihood", Severity::Warning),
    ("direction-override", Severity::Warning),
    ("duplicate-key", Severity::Error),
    ("endorsement-within", Severity::Error),
    ("evidence-from-future", Severity::Warning),
    ("evidence-without-grade", Severity::Error),
    ("expired", Severity::Error),
    ("expires-late", Severity::Warning),
    ("forecast-certain", Severity::Error),
    ("forecast-without-resolution", Severity::Error),
    ("group-of-a-later-day", Severity::Error),
    ("headline-long", Severity::Warning),
    ("headline-tells-more", Severity::Warning),
    ("headline-under-marked", Severity::Error),
    ("judgement-without-basis", Severity::Error),
    ("late-forecast", Severity::Warning),
    ("likelihood-missing", Severity::Warning),
    ("likelihood-words-differ", Severity::Warning),
    ("names-a-recipient", Severity::Warning),
    ("no-alternative", Severity::Warning),
    ("no-base-rate", Severity::Warning),
    ("no-headline", Severity::Error),
    ("no-limitation", Severity::Warning),
    ("no-subject", Severity::Error),
    ("onward-beyond-tlp", Severity::Warning),
    ("onward-unattributed", Severity::Warning),
    ("place-withdrawn", Severity::Error),
    ("placeholder", Severity::Error),
    ("red-without-recipients", Severity::Error),
    ("region-only", Severity::Warning),
    ("resolved-before-end", Severity::Warning),
    ("said-lower-too", Severity::Officer),
    ("single-source", Severity::Warning),
    ("source-exposed", Severity::Warning),
    ("too-many-portions", Severity::Error),
    ("translation-differs", Severity::Error),
    ("translation-marked-otherwise", Severity::Warning),
    ("translation-of-nothing", Severity::Error),
    ("translation-without-language", Severity::Error),
    ("unknown-key", Severity::Error),
    ("zero-width", Severity::Warning),
];

/// The finding that something protected is said again in a freer part. A node decides it by who reads what; a draft alone, by its markings.
pub const REPEATED: &str = "said-lower-too";

/// All findings. Those about the whole draft come first, then those of each portion.
pub fn lint(draft: &Draft, now: Time) -> Vec<Finding> {
    found(draft, now, &OwnNames::none(), None)
}

/// As [`lint`], with the organisation's own names of states.
pub fn lint_with(draft: &Draft, now: Time, own: &OwnNames) -> Vec<Finding> {
    found(draft, now, own, None)
}

/// As [`lint_with`], where it is known which partners would read what.
pub fn lint_for(draft: &Draft, now: Time, own: &OwnNames, readership: &Readership) -> Vec<Finding> {
    found(draft, now, own, Some(readership))
}

fn found(draft: &Draft, now: Time, own: &OwnNames, readership: Option<&Readership>) -> Vec<Finding> {
    let mut found = Findings::new(draft, now);
    structure::check(&mut found, now);
    portions::check(&mut found, now);
    markings::check(&mut found, now);
    headlines::check(&mut found);
    subjects::check(&mut found);
    names::check(&mut found, own);
    language::check(&mut found);
    repeated::check(&mut found, readership);
    found.all.sort_by_key(|f| (f.portion.map_or(0, |p| p + 1), std::cmp::Reverse(f.severity)));
    found.all
}

/// The findings that block publication, given the codes of those that are accepted, and whether an officer accepts them.
pub fn blocking<'f>(findings: &'f [Finding], accepted: &[String], is_officer: bool) -> Vec<&'f Finding> {
    let blocks = |f: &&Finding| match f.severity {
        Severity::Error => true,
        Severity::Officer if !is_officer => true,
        Severity::Officer | Severity::Warning => !accepted.iter().any(|code| code == f.code),
    };
    findings.iter().filter(blocks).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names in the source of the checks, each with its severity.
    fn written() -> BTreeSet<(String, Severity)> {
        let sources = [
            include_str!("lint/headlines.rs"),
            include_str!("lint/language.rs"),
            include_str!("lint/markings.rs"),
            include_str!("lint/names.rs"),
            include_str!("lint/portions.rs"),
            include_str!("lint/repeated.rs"),
            include_str!("lint/structure.rs"),
            include_str!("lint/subjects.rs"),
            include_str!("lint/texts.rs"),
        ];
        let mut all = BTreeSet::new();
        for (call, severity) in [
            ("found.error(", Severity::Error),
            ("found.officer(", Severity::Officer),
            ("found.warn(", Severity::Warning),
        ] {
            let after = sources.iter().flat_map(|source| source.split(call).skip(1));
            let names = after.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
            all.extend(names.map(|name| (name.to_owned(), severity)));
        }
        all
    }

    #[test]
    fn every_finding_has_its_name_in_the_list() {
        let listed: BTreeSet<(String, Severity)> = NAMES.iter().map(|(name, s)| ((*name).to_owned(), *s)).collect();
        assert_eq!(listed.len(), NAMES.len(), "a name is there twice");
        assert_eq!(listed, written());
    }
}
