//! The tables of `data/`.

/// The rows of a table, without its heading.
pub(in crate::domain) fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}
