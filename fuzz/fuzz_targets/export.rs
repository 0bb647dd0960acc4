//! `cargo fuzz run export`: see `src/export.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::export::check(data));
