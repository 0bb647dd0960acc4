//! The committed corpus, `fuzz/corpus/<target>/`, and mutants of it.

use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

use crate::{asked::number, chance::Chance, fuzz::TARGETS};

/// The folder of the corpus.
pub fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// The files of the corpus, by name.
fn files(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(corpus(target)).unwrap_or_else(|e| panic!("{target} has no corpus: {e}"));
    let mut files: Vec<_> = entries
        .map(|e| e.unwrap())
        .map(|e| (e.file_name().into_string().unwrap(), fs::read(e.path()).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() > 1, "the corpus of {target} is empty");
    files
}

#[test]
fn every_file_of_the_corpus_passes_its_target() {
    let mut total = 0;
    for (target, check) in TARGETS {
        for (name, bytes) in files(target) {
            assert!(catch_unwind(|| check(&bytes)).is_ok(), "fuzz/corpus/{target}/{name} fails");
            total += 1;
        }
    }
    let folders = fs::read_dir(corpus("")).unwrap().count();
    assert_eq!(folders, TARGETS.len(), "a folder of the corpus belongs to no target");
    println!("{total} files in {folders} targets");
}

/// Runs `CORPUS_MUTANTS` mutants for each target. A failing mutant is named by its seed and file.
#[test]
fn mutants_of_the_corpus_pass_their_targets() {
    let count: u64 = number("CORPUS_MUTANTS", 500);
    for (target, check) in TARGETS {
        let files = files(target);
        for seed in 0..count {
            let mut chance = Chance::new(seed);
            let (name, bytes) = chance.one_of(&files);
            let (_, other) = chance.one_of(&files);
            let mutant = chance.mutant(bytes, other);
            assert!(
                catch_unwind(|| check(&mutant)).is_ok(),
                "{target}: mutant {seed} of {name} fails: {}",
                hex::encode(&mutant)
            );
        }
    }
    println!("{} targets, {count} mutants each", TARGETS.len());
}
