//! Editions of the vocabularies: the places, lexicons, caveats, crimes and kinds of portions. A portion says which edition it needs. A reader
//! with an earlier edition keeps it closed and does not guess.

/// The edition of this program. Each edition has all codes of the edition before.
pub const NEWEST: u32 = 1;
