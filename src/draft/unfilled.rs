//! Values that a template leaves to the author. An author is told all of them at once, also those in fields that can't be read yet.

use super::{
    fields::{Faults, UNFILLED, is_unfilled},
    tree::{InputValue, Located},
};

/// Reports each value that is still to be filled in and was not reported yet.
pub(super) fn report(node: &Located, faults: &Faults) {
    walk(node, node.line, "", faults);
}

fn walk(node: &Located, line: Option<usize>, path: &str, faults: &Faults) {
    let line = node.line.or(line);
    match &node.value {
        InputValue::Text(_) if is_unfilled(node) && !faults.is_about(path) => {
            faults.note::<()>(line, path, UNFILLED);
        }
        InputValue::List(all) => {
            all.iter().enumerate().for_each(|(i, one)| walk(one, line, &format!("{path}[{i}]"), faults));
        }
        InputValue::Table(entries) => {
            for entry in entries {
                let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                walk(&entry.node, entry.line.or(line), &path, faults);
            }
        }
        _ => {}
    }
}
