//! The lines of a table next to the house rules, and faults with their places.

use crate::domain::rules::{RuleFault, RuleFile};

/// A line with a row.
#[derive(Clone, Copy)]
pub(super) struct TableLine<'f> {
    file: &'f str,
    /// From 1.
    pub number: u32,
    pub text: &'f str,
}

impl TableLine<'_> {
    /// A fault of the cell in this column, from 0.
    pub fn fault(&self, column: usize, message: String) -> RuleFault {
        let before: usize = self.text.split('\t').take(column).map(|cell| cell.chars().count() + 1).sum();
        let column = u32::try_from(before + 1).unwrap_or(u32::MAX);
        RuleFault { file: self.file.to_owned(), line: self.number, column, message, help: None }
    }
}

/// All lines with rows: not the empty ones, and not those that begin with `#`.
pub(super) fn table_lines(file: &RuleFile) -> impl Iterator<Item = TableLine<'_>> {
    let lines = (1..).zip(file.text.lines()).map(|(number, text)| TableLine { file: &file.name, number, text });
    lines.filter(|line| !line.text.starts_with('#') && !line.text.trim().is_empty())
}

/// A fault if the last line has no end. A row that was cut off in the middle may read as another row.
pub(super) fn uncut(file: &RuleFile) -> Option<RuleFault> {
    let message = "the last line has no line break: the file may be cut off; end it with a line break";
    (!file.text.ends_with('\n')).then(|| RuleFault::of_file(&file.name, message))
}
