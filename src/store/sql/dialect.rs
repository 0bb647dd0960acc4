//! Everything in which the statements of SQLite and PostgreSQL differ. The statements in the other files use only what both share:
//! `coalesce`, `ON CONFLICT`, `RETURNING`, `FILTER`, `TRUE` and `FALSE`. Where they can't, they use a fragment from here, so that this
//! file lists what another driver has to provide:
//!
//! - Parameters are numbered, `?1`. A driver for PostgreSQL prepares `$1` instead, and leaves out what [`in_order_of`] adds.
//! - A function of this file is built into SQLite. A driver for PostgreSQL creates a function of the same name and with the same
//!   arguments in its first migration.
//! - Column types are those of [`SqlValue`](super::value::SqlValue). Their SQL names stand in the driver's migrations only.
//! - How a transaction begins, how locks are taken and how the database is opened is the driver's own matter. The locks of each
//!   transaction are in [`transaction`](super::transaction).

/// A field of a JSON text, as text.
macro_rules! json_field {
    ($text:literal, $field:literal) => {
        concat!("json_extract(", $text, ", '$.", $field, "')")
    };
}

/// Whether a text is JSON.
macro_rules! is_json {
    ($text:literal) => {
        concat!("json_valid(", $text, ")")
    };
}

/// Whether a text contains another one.
macro_rules! contains {
    ($text:literal, $part:literal) => {
        concat!("instr(", $text, ", ", $part, ") > 0")
    };
}

/// The larger of two numbers.
macro_rules! larger {
    ($one:literal, $other:literal) => {
        concat!("max(", $one, ", ", $other, ")")
    };
}

/// The smaller of two numbers or texts.
macro_rules! smaller {
    ($one:literal, $other:literal) => {
        concat!("min(", $one, ", ", $other, ")")
    };
}

/// Has a table read in the order of an index. PostgreSQL chooses by itself.
macro_rules! in_order_of {
    ($index:literal) => {
        concat!(" INDEXED BY ", $index)
    };
}

pub(super) use {contains, in_order_of, is_json, json_field, larger, smaller};
