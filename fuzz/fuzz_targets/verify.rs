//! `cargo fuzz run verify`: see `src/verify.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::verify::check(data));
