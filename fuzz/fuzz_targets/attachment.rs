//! `cargo fuzz run attachment`: see `src/attachment.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::attachment::check(data));
