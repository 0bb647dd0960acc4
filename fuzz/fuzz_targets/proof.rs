//! `cargo fuzz run proof`: see `src/proof.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::proof::check(data));
