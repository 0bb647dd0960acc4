//! Editions of the vocabularies: the places, the lexicons, the caveats, the crimes and the kinds of portions. A portion says which
//! edition it needs, so that a reader of an earlier one keeps it closed instead of guessing.

/// The edition that this program holds. Each later edition has all codes of the one before.
pub const NEWEST: u32 = 1;
