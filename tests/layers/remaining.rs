//! Circles between files that still exist.

/// The files of each circle. A circle that is found may have fewer of them. Remove a circle from this list when it no longer exists.
pub const REMAINING: &[&[&str]] = &[];
