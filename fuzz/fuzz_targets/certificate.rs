//! `cargo fuzz run certificate`: see `src/certificate.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::certificate::check(data));
