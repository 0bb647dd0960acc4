//! What each fuzz target asserts of any bytes. `fuzz_targets/` hands libFuzzer's inputs to these functions; `tests/corpus.rs` hands
//! them the committed corpus and mutants of it, in an ordinary `cargo test`.

pub mod agreement_text;
pub mod attachment;
pub mod bundle;
pub mod certificate;
pub mod config;
pub mod draft_text;
pub mod entry;
pub mod evidence;
pub mod export;
pub mod feed;
pub mod house_rules;
pub mod names;
pub mod note;
pub mod portion;
pub mod proof;
pub mod statement;
pub mod verify;
pub mod world;
mod shown;

/// A target: its name, which is that of its folder in `fuzz/corpus`, and what it asserts.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("agreement_text", agreement_text::check),
    ("attachment", attachment::check),
    ("bundle", bundle::check),
    ("certificate", certificate::check),
    ("config", config::check),
    ("draft_text", draft_text::check),
    ("entry", entry::check),
    ("evidence", evidence::check),
    ("export", export::check),
    ("feed", feed::check),
    ("house_rules", house_rules::check),
    ("names", names::check),
    ("note", note::check),
    ("portion", portion::check),
    ("proof", proof::check),
    ("statement", statement::check),
    ("verify", verify::check),
];
