//! The organisation's own rows on who controls a place: `*.tsv` files next to the house rules, in the format of the built-in table.

use std::collections::BTreeMap;

use super::table_lines::{table_lines, uncut};
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
    faults.extend(uncut(file));
    let name = &file.name;
    let mut found = vec![];
    for line in table_lines(file) {
        match Control::read(line.text) {
            Ok(row) => {
                if let Some(earlier) = seen.insert(line.text.to_owned(), format!("{name}:{}", line.number)) {
                    faults.push(line.fault(0, format!("the same row is at {earlier}; leave one of them out")));
                }
                found.push(row);
            }
            Err(all) => faults.extend(all.into_iter().map(|(column, message)| line.fault(column, message))),
        }
    }
    found
}
