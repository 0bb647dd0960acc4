//! The outcome of a fault, and of all faults together.

use std::{fmt::Write, time::Duration};

/// The outcome of one fault. It is good if nothing is lost, half-applied or otherwise wrong.
#[derive(Default)]
pub struct Outcome {
    /// What was done, in words.
    pub done: String,
    /// How many acts were acknowledged as durable.
    pub acknowledged: usize,
    /// What was acknowledged and is missing.
    pub lost: Vec<String>,
    /// What is there in part.
    pub half: Vec<String>,
    /// Any other broken promise.
    pub wrong: Vec<String>,
    /// Why nothing was tested.
    pub skipped: Option<String>,
}

impl Outcome {
    pub fn interrupted() -> Self {
        Self { wrong: vec!["interrupted; see above".to_owned()], ..Self::default() }
    }

    pub fn skipped(why: &str) -> Self {
        Self { skipped: Some(why.to_owned()), ..Self::default() }
    }

    /// Adds the findings of another check of the same fault.
    pub fn take(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.lost.extend(other.lost);
        self.half.extend(other.half);
        self.wrong.extend(other.wrong);
    }

    /// Records a finding if something is wrong.
    pub fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(otherwise());
        }
    }

    pub fn is_well(&self) -> bool {
        self.lost.is_empty() && self.half.is_empty() && self.wrong.is_empty()
    }

    /// `well`, or the findings.
    pub fn in_short(&self) -> String {
        if self.is_well() { "well".to_owned() } else { self.findings() }
    }

    /// Each finding on its own line.
    fn findings(&self) -> String {
        let mut text = String::new();
        for (kind, found) in [("LOST", &self.lost), ("HALF-APPLIED", &self.half), ("WRONG", &self.wrong)] {
            for finding in found.iter().take(20) {
                let _ = write!(text, "\n    {kind}: {finding}");
            }
            if found.len() > 20 {
                let _ = write!(text, "\n    {kind}: and {} more", found.len() - 20);
            }
        }
        text
    }
}

/// The outcomes of all faults.
pub struct Totals {
    passed: usize,
    failed: usize,
    skipped: usize,
    filtered: usize,
    sums: [usize; 4],
}

impl Totals {
    pub fn new(filtered: usize) -> Self {
        Self { passed: 0, failed: 0, skipped: 0, filtered, sums: [0; 4] }
    }

    /// Adds an outcome, and returns its line. If `CI` is set, no fault may be skipped.
    pub fn add(&mut self, name: &str, outcome: Outcome, took: Duration) -> String {
        if let Some(why) = outcome.skipped {
            let is_fault = std::env::var_os("CI").is_some();
            self.skipped += 1;
            self.failed += usize::from(is_fault);
            return format!("{name}: SKIPPED, nothing was tested: {why}");
        }
        let counts = [outcome.acknowledged, outcome.lost.len(), outcome.half.len(), outcome.wrong.len()];
        for (sum, count) in self.sums.iter_mut().zip(counts) {
            *sum += count;
        }
        let is_well = outcome.is_well();
        self.passed += usize::from(is_well);
        self.failed += usize::from(!is_well);
        let [acknowledged, lost, half, wrong] = counts;
        format!(
            "{name}: {}: {}; {acknowledged} acknowledged, {lost} lost, {half} half-applied, {wrong} wrong ({:.1} s){}",
            if is_well { "ok" } else { "FAILED" },
            outcome.done,
            took.as_secs_f64(),
            outcome.findings()
        )
    }

    pub fn are_well(&self) -> bool {
        self.failed == 0
    }

    /// The summary, and the line with which Rust's own harness would end.
    pub fn words(&self, took: Duration) -> String {
        let Self { passed, failed, skipped, filtered, sums: [acknowledged, lost, half, wrong] } = self;
        let verdict = if self.are_well() { "ok" } else { "FAILED" };
        let seconds = took.as_secs_f64();
        format!(
            "{} faults, {acknowledged} acknowledged, {lost} lost, {half} half-applied, {wrong} wrong, {skipped} skipped\n\n\
             test result: {verdict}. {passed} passed; {failed} failed; {} ignored; 0 measured; {filtered} filtered out; \
             finished in {seconds:.2}s\n",
            passed + failed,
            if self.are_well() { *skipped } else { 0 },
        )
    }
}
