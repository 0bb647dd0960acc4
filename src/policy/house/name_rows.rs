//! The organisation's own names of states: `names.tsv` next to the house rules.

use std::collections::BTreeMap;

use super::table_lines::{table_lines, uncut};
use crate::domain::{
    place::OwnName,
    rules::{RuleFault, RuleFile},
};

/// The name of the file. Other files that end in `.tsv` contain rows on who controls a place.
const FILE: &str = "names.tsv";

/// Whether the file contains names of states. The file may be given with its directory.
pub(super) fn is_names(name: &str) -> bool {
    name.rsplit('/').next() == Some(FILE)
}

/// Reads the rows of one file.
pub(super) fn parse_names(file: &RuleFile, faults: &mut Vec<RuleFault>) -> Vec<OwnName> {
    faults.extend(uncut(file));
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let mut found = vec![];
    for line in table_lines(file) {
        if let Some(earlier) = seen.insert(line.text, line.number) {
            faults.push(line.fault(0, format!("the same row is on line {earlier}; leave one of them out")));
        }
        match OwnName::read(line.text) {
            Ok(row) => found.push(row),
            Err(all) => faults.extend(all.into_iter().map(|(column, message)| line.fault(column, message))),
        }
    }
    found
}
