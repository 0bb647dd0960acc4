//! `cargo fuzz run feed`: see `src/feed.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::feed::check(data));
