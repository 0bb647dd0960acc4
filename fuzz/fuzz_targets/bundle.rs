//! `cargo fuzz run bundle`: see `src/bundle.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::bundle::check(data));
