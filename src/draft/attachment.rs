//! What a file tells about itself beside what it shows: place, device, persons, programs, earlier text, what is hidden in it. And copies without it.
//!
//! Every reader is bounded: in the bytes that it reads and unpacks, in the traces that it gives, and in their length.

mod clean;
mod office;
mod office_clean;
mod pdf;
mod picture;
mod trace;
mod xmp;

pub use clean::{Cleaned, cleaned, traces};
pub use trace::{FileKind, MAX_FILE_BYTES, Trace, Traces};

#[cfg(test)]
mod tests;
