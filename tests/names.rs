//! How well the lint finds the states that a text names: on 500 labelled sentences (`names/sentences.tsv`), by language and kind. Prints what it
//! missed and what it found wrongly, and fails below the rates that `tests/names/README.md` promises.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use watchfire::domain::place::{Country, Naming, Strength, names_loaded, states_named};

struct Row {
    language: &'static str,
    /// The kind, and for sentences without names whether they are traps.
    block: &'static str,
    subjects: Vec<Country>,
    named: BTreeSet<Country>,
    sentence: &'static str,
    /// In the last third of its block, at which nobody looked while the rules were written.
    kept: bool,
}

/// The first sentences of a language that name nothing are traps, the rest plain ones.
const TRAPS: usize = 31;

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut none: BTreeMap<&str, usize> = BTreeMap::new();
    for line in include_str!("names/sentences.tsv").lines().skip(1) {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let &[language, subjects, named, sentence, kind] = cells.as_slice() else { panic!("five columns: {line}") };
        let states = |codes: &str| codes.split(',').filter_map(Country::by_code).collect::<Vec<_>>();
        let seen = none.entry(language).or_default();
        let block = match kind {
            "none" if *seen < TRAPS => "trap",
            "none" => "plain",
            kind => kind,
        };
        *seen += usize::from(kind == "none");
        let (subjects, named) = (states(subjects), states(named).into_iter().collect());
        rows.push(Row { language, block, subjects, named, sentence, kept: false });
    }
    let mut blocks: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        blocks.entry((row.language, row.block)).or_default().push(i);
    }
    for block in blocks.values() {
        for i in &block[block.len() - block.len() / 3..] {
            rows[*i].kept = true;
        }
    }
    rows
}

#[derive(Default, Clone, Copy)]
struct Count {
    rows: usize,
    found: usize,
    missed: usize,
    /// Of those, shown weakly.
    weak: usize,
    wrong: usize,
    /// Sentences with a wrong finding.
    disturbed: usize,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.found += other.found;
        self.missed += other.missed;
        self.weak += other.weak;
        self.wrong += other.wrong;
        self.disturbed += other.disturbed;
    }

    fn print(&self, what: &str) {
        let rate = |part: usize, whole: usize| if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 };
        println!(
            "{what:34} {:4} sentences, found {:4}, missed {:3} ({} shown weakly), wrong {:3} (in {:3}): recall {:5.1} %, precision {:5.1} %",
            self.rows,
            self.found,
            self.missed,
            self.weak,
            self.wrong,
            self.disturbed,
            rate(self.found, self.found + self.missed),
            rate(self.found, self.found + self.wrong)
        );
    }
}

/// Compares the findings with the labels. A finding that names several states for an ambiguous word is right if one of them is meant.
fn count(row: &Row, found: &[Naming]) -> (Count, BTreeSet<Country>, Vec<Naming>) {
    let strong: Vec<&Naming> = found.iter().filter(|naming| naming.strength == Strength::Strong).collect();
    let seen: BTreeSet<Country> = strong.iter().flat_map(|naming| naming.states.iter().copied()).collect();
    let missed: BTreeSet<Country> = row.named.difference(&seen).copied().collect();
    let wrong: Vec<Naming> = strong
        .into_iter()
        .filter(|naming| !naming.states.iter().any(|state| row.named.contains(state)))
        .cloned()
        .collect();
    let states: BTreeSet<Vec<Country>> = wrong.iter().map(|naming| naming.states.clone()).collect();
    let count = Count {
        rows: 1,
        found: row.named.len() - missed.len(),
        missed: missed.len(),
        weak: found
            .iter()
            .filter(|n| n.strength == Strength::Weak)
            .flat_map(|n| &n.states)
            .filter(|s| missed.contains(s))
            .count(),
        wrong: states.len(),
        disturbed: usize::from(!wrong.is_empty()),
    };
    (count, missed, wrong)
}

fn told(row: &Row, namings: &[Naming]) -> String {
    let one = |naming: &Naming| {
        let states: Vec<String> = naming.states.iter().map(ToString::to_string).collect();
        format!("`{}` {} by {:?}", &row.sentence[naming.text.clone()], states.join("/"), naming.how)
    };
    namings.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Prints the failures of the sentences that may be looked at, and gives the sums of all: those and the kept ones.
fn measure(show_kept: bool) -> (Count, Count) {
    let mut by: BTreeMap<(bool, String), Count> = BTreeMap::new();
    for row in rows() {
        let found = states_named(row.sentence, &row.subjects);
        let (count_of, missed, wrong) = count(&row, &found);
        for what in ["all".to_owned(), format!("{} all", row.language), format!("{} {}", row.language, row.block)] {
            by.entry((row.kept, what)).or_default().add(count_of);
        }
        if (!row.kept || show_kept) && (!missed.is_empty() || !wrong.is_empty()) {
            let missed: Vec<String> = missed.iter().map(ToString::to_string).collect();
            println!(
                "{} {}: missed [{}], wrong [{}]: {}",
                row.language,
                row.block,
                missed.join(","),
                told(&row, &wrong),
                row.sentence
            );
        }
        for naming in found.iter().filter(|naming| !row.kept && naming.strength == Strength::Weak) {
            println!("{} {}: weak {}", row.language, row.block, told(&row, std::slice::from_ref(naming)));
        }
    }
    for ((kept, what), count) in &by {
        count.print(&format!("{}{what}", if *kept { "kept aside: " } else { "" }));
    }
    let sum = |kept: bool| by.get(&(kept, "all".to_owned())).copied().unwrap_or_default();
    (sum(false), sum(true))
}

#[test]
fn labelled_sentences_name_what_they_name() {
    let begun = Instant::now();
    let (names, bytes) = names_loaded();
    println!("{names} names loaded in {:?}, {bytes} bytes", begun.elapsed());
    let sentences: Vec<&str> = rows().iter().map(|row| row.sentence).collect();
    let parts: Vec<String> = sentences.chunks(6).take(20).map(|chunk| chunk.join(" ")).collect();
    let begun = Instant::now();
    let found: usize = parts.iter().map(|part| states_named(part, &[]).len()).sum();
    println!("{found} namings in {} parts of six sentences in {:?}", parts.len(), begun.elapsed());
    let (seen, kept) = measure(std::env::var_os("NAMES_SHOW_ALL").is_some());
    for (what, count, (least_recall, least_precision)) in [("seen", seen, SEEN), ("kept", kept, KEPT)] {
        let (named, told) = (count.found + count.missed, count.found + count.wrong);
        assert!(count.found * 100 >= named * least_recall, "{what}: {} of {named} found", count.found);
        assert!(count.found * 100 >= told * least_precision, "{what}: {} of {told} right", count.found);
    }
}

/// Hundredths of the names that must be found, and of the findings that must be right: of the sentences for which the rules were written, and of
/// the others, whose rates are those to believe.
const SEEN: (usize, usize) = (95, 98);
const KEPT: (usize, usize) = (90, 92);
