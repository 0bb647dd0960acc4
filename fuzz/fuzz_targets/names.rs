//! `cargo fuzz run names`: see `src/names.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::names::check(data));
