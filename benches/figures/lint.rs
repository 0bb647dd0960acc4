//! The lint of an assessment with twenty portions of real length, in four languages, and the first lint of a process, which makes the index of names.

use std::{hint::black_box, time::Instant};

use serde_json::json;
use watchfire::{
    domain::{fold::folded_words, lint::lint, place::names_loaded, time::Clock},
    draft::{Format, parse},
    telemetry::SystemClock,
};

use super::{Run, report::Figure};

const PORTIONS: usize = 20;

/// Labelled sentences, six for each portion.
fn texts() -> Vec<String> {
    let rows = include_str!("../../tests/names/sentences.tsv").lines().skip(1);
    let sentences: Vec<&str> = rows.filter_map(|row| row.split('\t').nth(3)).collect();
    let step = sentences.len() / (PORTIONS - 1);
    let text = |i: usize| sentences.iter().skip(i * step).take(6).copied().collect::<Vec<_>>().join(" ");
    (0..PORTIONS - 1).map(text).collect()
}

/// Milliseconds for one assessment on one core.
pub fn run(run: &Run) {
    let begun = Instant::now();
    let (names, bytes) = names_loaded();
    let index_ms = begun.elapsed().as_secs_f64() * 1e3;
    let texts = texts();
    let mut draft = "[assessment]\nlevel = 3\nexpires = \"90 days\"\n[default.marking]\ntlp = \"AMBER\"\nonward = \"none\"\n\
         [[portion]]\nkind = \"subject\"\nplaces = [\"TD\"]\nperiod = { from = \"2026-01-01\", until = \"2026-12-31\" }\n\
         risk_of = [\"mass-killing\"]\ncap = { urgency = \"Future\", severity = \"Extreme\", certainty = \"Possible\" }\n"
        .to_owned();
    for text in &texts {
        draft += &format!("[[portion]]\nkind = \"narrative\"\ntext = {}\n", json!(text));
    }
    let draft = parse(&draft, Format::Toml, SystemClock.now().day()).unwrap();
    let now = SystemClock.now();
    let n = run.count(500, 50);
    let found = lint(&draft, now).len();
    let begun = Instant::now();
    (0..n).for_each(|_| _ = black_box(lint(&draft, now)));
    let value = begun.elapsed().as_secs_f64() * 1e3 / n as f64;
    let begun = Instant::now();
    (0..n).for_each(|_| texts.iter().for_each(|text| _ = black_box(folded_words(text))));
    Figure {
        name: "lint_20",
        value,
        unit: "ms for one assessment of 20 portions, one core",
        limit: begun.elapsed().as_secs_f64() * 1e3 / n as f64,
        limit_is: "the folded words of the same texts",
        n,
        more: json!({ "findings": found, "names": names, "index_bytes": bytes, "index_ms": index_ms,
                      "bytes": texts.iter().map(String::len).sum::<usize>() }),
    }
    .print();
}
