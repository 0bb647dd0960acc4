//! `cargo fuzz run agreement_text`: see `src/agreement_text.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::agreement_text::check(data));
