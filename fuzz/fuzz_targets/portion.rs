//! `cargo fuzz run portion`: see `src/portion.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::portion::check(data));
