//! The published table of lexicons equals the program's.

use std::{fs, path::Path};

use watchfire::domain::lexicon::{LEXICONS, Measures};

#[test]
fn the_published_lexicons_are_those_that_the_program_has() {
    let word = |is_included: bool| if is_included { "yes" } else { "no" };
    let mut ours = vec!["# lexicon\tterm\tlow\thigh\tlow_included\thigh_included".to_owned()];
    for lexicon in LEXICONS.iter().filter(|lexicon| lexicon.measures == Measures::Probability) {
        ours.extend(lexicon.terms.iter().map(|t| {
            let ends = [word(t.lo_included), word(t.hi_included)];
            format!("{}\t{}\t{}\t{}\t{}", lexicon.id, t.id, t.lo, t.hi, ends.join("\t"))
        }));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/lexicons.tsv");
    let theirs = fs::read_to_string(file).unwrap();
    assert_eq!(theirs.lines().collect::<Vec<_>>(), ours, "tests/vectors/lexicons.tsv and src/domain/lexicon/tables.rs");
}
