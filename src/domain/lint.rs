//! What is checked before an assessment is published. Errors block; warnings need to be accepted by name, and that is recorded.
//! A finding says what to do. It quotes single words of the draft, never its sentences.

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

/// All findings: those about the whole first, then by portion.
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

/// Whether these findings let the draft be published, given the codes of the warnings that its author accepts.
pub fn blocking<'f>(findings: &'f [Finding], accepted: &[String]) -> Vec<&'f Finding> {
    let blocks = |f: &&Finding| f.severity == Severity::Error || !accepted.iter().any(|code| code == f.code);
    findings.iter().filter(blocks).collect()
}
