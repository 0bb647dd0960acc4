//! One figure, one line of JSON.

use serde_json::{Map, Value, json};

/// A figure beside its limit, both measured in this run.
pub struct Figure {
    /// Its name, which the command line's filter looks for.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
    /// In what.
    pub unit: &'static str,
    /// The same of the least that could do the work.
    pub limit: f64,
    /// What that least is.
    pub limit_is: &'static str,
    /// How many times it was done.
    pub n: usize,
    /// What else is worth knowing.
    pub more: Value,
}

impl Figure {
    /// Prints it.
    pub fn print(self) {
        let Self { name, value, unit, limit, limit_is, n, more } = self;
        let mut line = Map::new();
        let ratio = if limit == 0.0 { Value::Null } else { json!(round(value / limit)) };
        line.insert("figure".into(), json!(name));
        line.insert("value".into(), json!(round(value)));
        line.insert("unit".into(), json!(unit));
        line.insert("limit".into(), json!(round(limit)));
        line.insert("limit_is".into(), json!(limit_is));
        line.insert("ratio".into(), ratio);
        line.insert("n".into(), json!(n));
        for (key, value) in more.as_object().into_iter().flatten() {
            line.insert(key.clone(), value.as_f64().map_or_else(|| value.clone(), |v| json!(round(v))));
        }
        println!("{}", Value::Object(line));
    }
}

/// Three decimals are more than any of these is good for.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
