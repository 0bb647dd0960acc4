//! The organisation's own rows on who controls a place: `*.tsv` files beside the house rules, in the form of the built-in table.

use std::collections::BTreeMap;

use crate::domain::{
    place::Control,
    rules::{RuleFault, RuleFile},
};

/// How the files' names end.
const ENDING: &str = ".tsv";

/// Whether the file holds such rows; the others hold Cedar.
pub(super) fn is_table(name: &str) -> bool {
    name.ends_with(ENDING)
}

/// The rows of one file. `seen` holds those of the files before, and where each stands.
pub(super) fn read(file: &RuleFile, seen: &mut BTreeMap<String, String>, faults: &mut Vec<RuleFault>) -> Vec<Control> {
    let RuleFile { name, text } = file;
    if !text.ends_with('\n') {
        // What was cut off in the middle of a row may read as another row.
        let what = "the last line has no end: the file may be cut off; end it with a line break";
        faults.push(RuleFault::of_file(name, what));
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
                if let Some(there) = seen.insert(line.to_owned(), format!("{name}:{number}")) {
                    faults.push(fault(0, format!("the same row stands at {there}; leave one of them out")));
                }
                found.push(row);
            }
            Err(all) => faults.extend(all.into_iter().map(|(column, message)| fault(column, message))),
        }
    }
    found
}
