//! Runs the assertions of the fuzz targets in an ordinary test: on every file of the committed corpus, on mutants of them, and on mutants of
//! signed statements. `docs/testing.md` says how to fuzz for longer.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "shared/asked.rs"]
mod asked;
#[path = "corpus/chance.rs"]
mod chance;
#[path = "corpus/files.rs"]
mod files;
#[path = "corpus/forgeries.rs"]
mod forgeries;
#[path = "../fuzz/src/lib.rs"]
mod fuzz;
#[path = "vectors/run/organisations.rs"]
#[allow(dead_code, reason = "some of it is for the vectors only")]
mod organisations;
#[path = "corpus/seeds.rs"]
mod seeds;
#[path = "shared/splitmix.rs"]
mod splitmix;
