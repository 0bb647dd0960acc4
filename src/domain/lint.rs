//! Checks a draft before it is published. Errors block publication. Warnings must be accepted by name, and the acceptance is recorded. Each
//! finding says what to do. It may quote single words of the draft, but no sentences.

mod finding;
mod headlines;
mod language;
mod markings;
mod portions;
mod structure;
mod subjects;
mod texts;

pub use finding::{Finding, PLACEHOLDER, Severity};
pub use subjects::why_withheld;

use self::finding::Findings;
use super::{draft::Draft, time::Time};

/// All findings. Those about the whole draft come first, then those of each portion.
pub fn lint(draft: &Draft, now: Time) -> Vec<Finding> {
    let mut found = Findings::new(draft, now);
    structure::check(&mut found, now);
    portions::check(&mut found, now);
    markings::check(&mut found, now);
    headlines::check(&mut found);
    subjects::check(&mut found);
    language::check(&mut found);
    found.all.sort_by_key(|f| (f.portion.map_or(0, |p| p + 1), std::cmp::Reverse(f.severity)));
    found.all
}

/// The findings that block publication, given the codes of the warnings that the author accepts.
pub fn blocking<'f>(findings: &'f [Finding], accepted: &[String]) -> Vec<&'f Finding> {
    let blocks = |f: &&Finding| f.severity == Severity::Error || !accepted.iter().any(|code| code == f.code);
    findings.iter().filter(blocks).collect()
}
