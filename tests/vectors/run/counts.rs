//! Compares how many cases each file of vectors has: by the file, by `README.md`, and by counting.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The counts in the table of `README.md`, for each file or pattern such as `policy/*.json`.
fn told() -> BTreeMap<String, usize> {
    let readme = read("README.md");
    let row = |line: &str| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let (count, _) = rest.split_once(" |")?;
        let count = count.replace(',', "").parse().unwrap_or_else(|_| panic!("{name}: `{count}` is not a number"));
        Some((name.to_owned(), count))
    };
    readme.lines().filter_map(row).collect()
}

/// All files of cases below the folder, by their name in the table. The files of `policy/` share one row, and so do those of `chains/`.
fn there() -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for part in ["", "places/", "policy/", "chains/", "ledger/"] {
        for entry in fs::read_dir(folder().join(part)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{part}{}", path.file_name().unwrap().to_string_lossy());
            match path.extension().and_then(|e| e.to_str()) {
                Some("json") if ["policy/", "chains/"].contains(&part) => {
                    *counts.entry(format!("{part}*.json")).or_default() += 1;
                }
                Some("json") => _ = counts.insert(name.clone(), said(&name)),
                // The first line names the columns.
                Some("tsv") => _ = counts.insert(name.clone(), read(&name).lines().count() - 1),
                _ => {}
            }
        }
    }
    counts
}

/// The value of `cases` in a JSON file.
fn said(name: &str) -> usize {
    let value: serde_json::Value = serde_json::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let cases = value["cases"].as_u64().unwrap_or_else(|| panic!("{name} does not say how many cases it has"));
    usize::try_from(cases).unwrap()
}

#[test]
fn the_table_of_the_vectors_says_how_many_cases_there_are() {
    assert_eq!(told(), there(), "run tests/vectors/counts.py: it writes the numbers into README.md and the files");
}
