//! `cargo fuzz run statement`: see `src/statement.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::statement::check(data));
