//! The organisation's own rows on who controls a place: `*.tsv` files next to the house rules, in the format of the built-in table.

use std::collections::BTreeMap;

use crate::domain::{
    place::Control,
    rules::{RuleFault, RuleFile},
};

/// The extension of the files' names.
const EXTENSION: &str = ".tsv";

/// Whether the file contains such rows. The other files contain Cedar rules.
pub(super) fn is_table(name: &str) -> bool {
    name.ends_with(EXTENSION)
}

/// Reads the rows of one file. `seen` contains the rows so far, each with its file and line.
pub(super) fn parse_rows(
    file: &RuleFile,
    seen: &mut BTreeMap<String, String>,
    faults: &mut Vec<RuleFault>,
) -> Vec<Control> {
    let RuleFile { name, text } = file;
    if !text.ends_with('\n') {
        // A row that was cut off in the middle may read as another row.
        let message = "the last line has no line break: the file may be cut off; end it with a line break";
        faults.push(RuleFault::of_file(name, message));
    }
    let mut found = vec![];
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let fault = |column: usize, message: String| {
            let before: usize = line.split('\t').take(column).map(|cell| cell.chars().count() + 1).sum();
            let column = u32::try_from(before + 1).unwrap_or(u32::MAX);
            RuleFault { file: name.clone(), line: number, column, message, help: None }
        };
        match Control::read(line) {
            Ok(row) => {
                if let Some(earlier) = seen.insert(line.to_owned(), format!("{name}:{number}")) {
                    faults.push(fault(0, format!("the same row is at {earlier}; leave one of them out")));
                }
                found.push(row);
            }
            Err(all) => faults.extend(all.into_iter().map(|(column, message)| fault(column, message))),
        }
    }
    found
}
