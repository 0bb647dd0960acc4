//! `cargo fuzz run evidence`: see `src/evidence.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::evidence::check(data));
