//! `cargo fuzz run note`: see `src/note.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| watchfire_fuzz::note::check(data));
