//! `cargo fuzz run config`: see `src/config.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::config::check(data));
