//! An entry of the ledger as people read it.

use serde_json::{Map, Value};

use crate::{
    domain::ids::SpiffeId,
    render::{
        self,
        text::{columns, one_line, wrap},
    },
};

/// Fields that are told elsewhere, or that say nothing to people.
const UNTOLD: &[&str] = &["at", "by", "signed_in", "event"];

/// How many digits of an id or digest are shown. `--json` has all.
const DIGITS: usize = 12;

/// How many names of a list are shown.
const NAMED: usize = 3;

/// An entry in four parts: its index, when, who, and what.
pub fn cells(index: u64, event: &str) -> Vec<String> {
    let read: Map<String, Value> = serde_json::from_str(event).unwrap_or_default();
    let text = |key: &str| read.get(key).and_then(Value::as_str).unwrap_or_default();
    let kind = text("event").replace('-', " ");
    let fields = read.iter().filter(|(key, _)| !UNTOLD.contains(&key.as_str())).filter_map(|(key, value)| {
        let key = key.replace('_', " ");
        Some(format!("{key} {}", told(value)?))
    });
    let details: Vec<String> = fields.collect();
    let what = if details.is_empty() { kind } else { format!("{kind}: {}", details.join(", ")) };
    // An event that can't be read is shown as it is.
    let what = if read.is_empty() { one_line(event) } else { one_line(&what) };
    vec![index.to_string(), one_line(&to_the_second(text("at"))), who(text("by")), what]
}

/// A time without the parts of its second.
fn to_the_second(at: &str) -> String {
    at.split_once('.').map_or_else(|| at.to_owned(), |(second, _)| format!("{second}Z"))
}

/// All entries as a table, or below each other where that is too wide, so that nothing of an entry is cut off.
pub fn list(all: &[Vec<String>], width: usize) -> String {
    let table = render::table(&["ENTRY", "WHEN", "WHO", "WHAT"], all, usize::MAX);
    if table.lines().all(|line| columns(line) <= width) {
        return table;
    }
    let one = |row: &Vec<String>| match row.as_slice() {
        [index, when, who, what] => {
            format!("{index:<6}  {when}  {who}\n{}\n", wrap(what, width, "        ").join("\n"))
        }
        _ => String::new(),
    };
    all.iter().map(one).collect()
}

/// A person as `role name`, or the node itself.
fn who(by: &str) -> String {
    if by.is_empty() {
        return "the node".to_owned();
    }
    by.parse::<SpiffeId>().map_or_else(|_| one_line(by), |id| format!("{} {}", id.role(), id.name()))
}

/// A value in a few words; `None` if there is nothing to say.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(is_so) => Some(if *is_so { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(short(text)),
        Value::Array(all) => several(all),
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .filter_map(|(key, value)| Some(format!("{} {}", key.replace('_', " "), told(value)?)))
                .collect();
            Some(fields.join(" "))
        }
    }
}

/// The first names of a list. Of decisions about portions it is told how many release something.
fn several(all: &[Value]) -> Option<String> {
    if all.is_empty() {
        return None;
    }
    let released = |one: &Value| one.get("release").and_then(Value::as_bool);
    if all.iter().all(|one| released(one).is_some()) {
        let given = all.iter().filter(|one| released(one) == Some(true)).count();
        return Some(format!("{given} of {} released", all.len()));
    }
    let digests = |one: &Value| one.as_str().is_some_and(is_hex);
    if all.len() > NAMED && all.iter().all(digests) {
        return Some(format!("({})", all.len()));
    }
    let names: Vec<String> = all.iter().take(NAMED).filter_map(told).collect();
    let more = if all.len() > NAMED { format!(" and {} more", all.len() - NAMED) } else { String::new() };
    Some(format!("{}{more}", names.join(" ")))
}

/// A long id is cut to what is enough to find it.
fn short(text: &str) -> String {
    match text.get(..DIGITS) {
        Some(beginning) if is_hex(text) && text.len() > DIGITS => beginning.to_owned(),
        _ => text.to_owned(),
    }
}

fn is_hex(text: &str) -> bool {
    text.len() > DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(event: &str) -> String {
        cells(7, event).pop().unwrap()
    }

    #[test]
    fn an_entry_is_a_sentence() {
        let id = "ab".repeat(32);
        let read = format!(
            r#"{{"at":"2026-05-02T09:30:00.123456789Z","by":"spiffe://gb.example/analyst/alice","signed_in":"certificate","event":"read","manifest":"{id}"}}"#
        );
        let row = cells(7, &read);
        assert_eq!(row[..3], ["7", "2026-05-02T09:30:00Z", "analyst alice"].map(str::to_owned));
        assert_eq!(row[3], "read: manifest abababababab");
        let released = format!(
            r#"{{"at":"x","event":"released","manifest":"{id}","partner":"no.example","sequence":4,"digests":["{id}","{id}","{id}","{id}"],"grants":[]}}"#
        );
        assert_eq!(cells(7, &released)[2], "the node");
        assert!(
            what(&released).contains("partner no.example") && what(&released).contains("digests (4)"),
            "{released}"
        );
        let decided = r#"{"event":"decided-alike","partners":["a.example","b.example","c.example","d.example"],"portions":[{"release":true},{"release":false}]}"#;
        assert_eq!(
            what(decided),
            "decided alike: partners a.example b.example c.example and 1 more, portions 1 of 2 released"
        );
        assert_eq!(what(r#"{"event":"signed-in"}"#), "signed in");
        assert_eq!(what("{} broken \u{1b}"), "{} broken <U+001B>");
    }

    #[test]
    fn nothing_of_an_entry_is_cut_off_on_a_narrow_terminal() {
        let row = ["7", "2026-05-02T09:30:00Z", "analyst alice", "read: manifest abababababab"].map(str::to_owned);
        let wide = list(&[row.to_vec()], 80);
        assert!(wide.starts_with("ENTRY  WHEN ") && wide.lines().count() == 2, "{wide}");
        assert_eq!(
            list(&[row.to_vec()], 40),
            "7       2026-05-02T09:30:00Z  analyst alice\n        read: manifest abababababab\n"
        );
    }
}
