//! `cargo fuzz run entry`: see `src/entry.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::entry::check(data));
