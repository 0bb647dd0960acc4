//! Takes values out of the file and the environment one by one, and collects every fault.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Serialize, de::DeserializeOwned};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::ConfigFault;
use crate::domain::spelling::distance;

/// The sections and their keys. Any other key in the file is a fault.
const KEYS: &[(&str, &[&str])] = &[
    ("organisation", &["domain", "country", "kind", "bundle"]),
    ("listen", &["peer", "desk", "console", "ops", "advertise"]),
    ("tls", &["certificate", "key", "crl"]),
    ("signing", &["certificate", "key", "usages"]),
    ("store", &["url", "key"]),
    ("ledger", &["key", "interval_seconds", "quantum"]),
    (
        "limits",
        &[
            "connections",
            "connections_per_peer",
            "handshakes",
            "handshake_seconds",
            "streams",
            "header_bytes",
            "message_bytes",
            "keepalive_seconds",
            "keepalive_answer_seconds",
            "stalled_reader_seconds",
            "drain_seconds",
            "partner_bytes_per_second",
            "partner_burst_bytes",
            "calls_per_partner",
            "open_answers_per_partner",
            "feeds_per_partner",
            "held_bytes",
            "held_entries",
            "recalls_at_once",
            "recalls_per_second",
            "receipts_at_once",
            "receipts_per_second",
            "lists_per_hour",
        ],
    ),
    ("agreements", &["approvals"]),
    ("console", &["certificate", "key", "name", "idle_minutes", "longest_hours"]),
    ("receipts", &["readings_every_seconds"]),
    ("search", &["index"]),
    ("rules", &["cedar"]),
    ("log", &["format", "level"]),
];

/// Environment variables that override no key.
const NO_OVERRIDES: &[&str] = &[
    "WATCHFIRE_DIR",
    "WATCHFIRE_AS",
    "WATCHFIRE_LEXICON",
    "WATCHFIRE_LANGUAGE",
    "WATCHFIRE_PAGER",
    "WATCHFIRE_COMPLETE",
    "WATCHFIRE_BIN",
];

/// The address that switches a listener off.
pub(super) const OFF: &str = "off";

/// A value and where it is in the file.
struct Setting {
    value: toml::Value,
    line: Option<usize>,
    /// The key, or the environment variable that overrides it.
    name: String,
}

/// The values that were not taken yet, and the faults so far.
pub(super) struct Table {
    values: BTreeMap<String, Setting>,
    faults: Vec<ConfigFault>,
}

impl Table {
    pub fn read(text: &str, overrides: Vec<(String, String)>) -> Self {
        let mut table = Self { values: BTreeMap::new(), faults: vec![] };
        let line_of = |at: usize| text.get(..at).map(|t| t.matches('\n').count() + 1);
        let (parsed, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().and_then(|s| line_of(s.start));
            let message = error.message().replace('\n', "; ");
            table.faults.push(ConfigFault { line, key: String::new(), message });
        }
        for (section, value) in parsed.get_ref() {
            table.section(section, value, &line_of);
        }
        for (name, value) in overrides {
            table.override_by(name, value);
        }
        table
    }

    fn section(
        &mut self,
        section: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        line_of: &dyn Fn(usize) -> Option<usize>,
    ) {
        let name = section.get_ref().as_ref();
        let line = line_of(section.span().start);
        let Some((_, keys)) = KEYS.iter().find(|(s, _)| *s == name) else {
            return self.unknown(line, name, "section", name, KEYS.iter().map(|(s, _)| *s));
        };
        let Some(entries) = value.get_ref().as_table() else {
            self.faults.push(ConfigFault {
                line,
                key: name.to_owned(),
                message: format!("is a section; write [{name}]"),
            });
            return;
        };
        for (key, value) in entries {
            let full = format!("{name}.{}", key.get_ref());
            let line = line_of(key.span().start);
            if !keys.contains(&key.get_ref().as_ref()) {
                self.unknown(line, &full, "key", key.get_ref(), keys.iter().copied());
                continue;
            }
            let value = plain(value.get_ref());
            self.values.insert(full.clone(), Setting { value, line, name: full });
        }
    }

    fn unknown<'a>(
        &mut self,
        line: Option<usize>,
        full: &str,
        what: &str,
        word: &str,
        known: impl Iterator<Item = &'a str>,
    ) {
        let known: Vec<&str> = known.collect();
        let near = known.iter().find(|k| distance(k, word) <= 2);
        let message = match near {
            Some(near) => format!("unknown {what}; did you mean `{near}`?"),
            None => format!("unknown {what}; known here: {}", known.join(", ")),
        };
        self.faults.push(ConfigFault { line, key: full.to_owned(), message });
    }

    fn override_by(&mut self, name: String, value: String) {
        if NO_OVERRIDES.contains(&name.as_str()) {
            return;
        }
        let key = KEYS
            .iter()
            .flat_map(|(s, keys)| keys.iter().map(move |k| (s, k)))
            .find(|(section, key)| name == format!("WATCHFIRE_{}_{}", section.to_uppercase(), key.to_uppercase()));
        match key {
            Some((section, key)) => {
                let value = value.parse::<i64>().map_or(toml::Value::String(value), toml::Value::Integer);
                self.values.insert(format!("{section}.{key}"), Setting { value, line: None, name });
            }
            None => {
                let message = "overrides nothing; write WATCHFIRE_SECTION_KEY, e.g. WATCHFIRE_LISTEN_PEER".to_owned();
                self.faults.push(ConfigFault { line: None, key: name, message });
            }
        }
    }

    /// Records a fault of a key that is present or missing.
    pub fn fault(&mut self, key: &str, message: &str) {
        self.faults.push(ConfigFault { line: None, key: key.to_owned(), message: message.to_owned() });
    }

    fn fault_at(&mut self, found: &Setting, message: String) {
        self.faults.push(ConfigFault { line: found.line, key: found.name.clone(), message });
    }

    fn string(&mut self, key: &str) -> Option<(String, Setting)> {
        let found = self.values.remove(key)?;
        match &found.value {
            toml::Value::String(text) => Some((text.clone(), found)),
            other => {
                let message = format!("write a string in quotes, not the {}", other.type_str());
                self.fault_at(&found, message);
                None
            }
        }
    }

    /// A required value of a type that is parsed from a string.
    pub fn required<T: FromStr<Err: ToString>>(&mut self, key: &str) -> Option<T> {
        if !self.values.contains_key(key) {
            self.fault(key, "is missing");
            return None;
        }
        self.optional(key)
    }

    /// An optional value of a type that is parsed from a string.
    pub fn optional<T: FromStr<Err: ToString>>(&mut self, key: &str) -> Option<T> {
        let (text, found) = self.string(key)?;
        text.parse().map_err(|e: T::Err| self.fault_at(&found, e.to_string())).ok()
    }

    /// A string, or its default.
    pub fn text(&mut self, key: &str, default: &str) -> String {
        self.string(key).map_or_else(|| default.to_owned(), |(text, _)| text)
    }

    /// An address to listen on, or its default; or [`OFF`].
    pub fn address(&mut self, key: &str, default: &str) -> String {
        let Some((text, found)) = self.string(key) else { return default.to_owned() };
        let is_address =
            text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if !is_address && text != OFF {
            self.fault_at(
                &found,
                format!("`{}` is not an address; write host:port", crate::domain::ids::shorten(&text)),
            );
        }
        text
    }

    /// One of a few words. The default is the first one.
    pub fn choice(&mut self, key: &str, words: &[&str]) -> String {
        let default = words.first().copied().unwrap_or_default();
        let Some((text, found)) = self.string(key) else { return default.to_owned() };
        if !words.contains(&text.as_str()) {
            self.fault_at(&found, format!("write one of {}", words.join(", ")));
        }
        text
    }

    /// An optional whole number from `least` to `most`.
    pub fn number(&mut self, key: &str, least: u32, most: u32) -> Option<u32> {
        let found = self.values.remove(key)?;
        let number = found.value.as_integer().and_then(|n| u32::try_from(n).ok());
        let number = number.filter(|n| (least..=most).contains(n));
        if number.is_none() {
            self.fault_at(&found, format!("write a number from {least} to {most}"));
        }
        number
    }

    /// A list of strings. A missing list is empty.
    pub fn list(&mut self, key: &str) -> Vec<String> {
        let Some(found) = self.values.remove(key) else { return vec![] };
        let items = found.value.as_array().map(|all| all.iter().map(|v| v.as_str().map(str::to_owned)).collect());
        match items {
            Some(Some(items)) => items,
            _ => {
                self.fault_at(&found, "write a list of strings, such as [\"…\", \"…\"]".to_owned());
                vec![]
            }
        }
    }

    /// An optional address for browsers, and whether it has `http://` before it, so that it is served without TLS.
    pub fn web_address(&mut self, key: &str) -> Option<(String, bool)> {
        let found = self.values.get_mut(key)?;
        let plain = found.value.as_str().and_then(|text| text.strip_prefix("http://")).map(str::to_owned);
        let is_plain = plain.is_some();
        if let Some(address) = plain {
            found.value = toml::Value::String(address);
        }
        Some((self.address(key, OFF), is_plain)).filter(|(address, _)| address != OFF)
    }

    /// The numbers of one group in the section `limits`. None may be greater than its default.
    pub fn limits<T: Default + Serialize + DeserializeOwned>(&mut self) -> T {
        let mut limits = serde_json::to_value(T::default()).unwrap_or_default();
        let names = KEYS.iter().find(|(s, _)| *s == "limits").map(|(_, keys)| *keys).unwrap_or_default();
        for name in names {
            if limits.get(*name).is_none() {
                continue;
            }
            let Some(found) = self.values.remove(&format!("limits.{name}")) else { continue };
            let most = limits.get(name).and_then(serde_json::Value::as_i64).unwrap_or_default();
            match found.value.as_integer() {
                Some(value) if (1..=most).contains(&value) => {
                    if let Some(slot) = limits.get_mut(*name) {
                        *slot = value.into();
                    }
                }
                Some(value) => self.fault_at(&found, format!("{value} is not allowed; write 1 to {most}")),
                None => self.fault_at(&found, format!("write a number from 1 to {most}")),
            }
        }
        serde_json::from_value(limits).unwrap_or_default()
    }

    /// All faults, by line.
    pub fn finish(mut self) -> Vec<ConfigFault> {
        self.faults.sort_by_key(|f| f.line);
        self.faults
    }
}

/// Whether nobody on another machine reaches this `host:port`.
pub(super) fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The types of values in a configuration: strings, numbers and lists of strings.
fn plain(value: &DeValue<'_>) -> toml::Value {
    match value {
        DeValue::String(text) => toml::Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(toml::Value::Boolean(false), toml::Value::Integer),
        DeValue::Array(items) => toml::Value::Array(items.iter().map(|i| plain(i.get_ref())).collect()),
        _ => toml::Value::Boolean(false),
    }
}
