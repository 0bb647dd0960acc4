//! `cargo fuzz run house_rules`: see `src/house_rules.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::house_rules::check(data));
