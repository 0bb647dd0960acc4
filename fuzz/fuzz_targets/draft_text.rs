//! `cargo fuzz run draft_text`: see `src/draft_text.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::draft_text::check(data));
