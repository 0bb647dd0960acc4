//! The terminal: how large it is, whether it shows colours, and whether somebody there can be asked.

use std::io::{self, IsTerminal};

use terminal_size::{Height, Width, terminal_size_of};

use super::Global;

/// The columns that texts are written for if nobody says otherwise.
const COLUMNS: usize = 80;

/// The columns for texts: as `COLUMNS` says, or as wide as the terminal is, or 80 if the output goes elsewhere.
pub fn columns() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|columns| *columns > 0);
    told.or_else(|| Some(usize::from(size()?.0.0))).unwrap_or(COLUMNS)
}

/// The lines of the terminal, if the output goes to one.
pub fn lines() -> Option<usize> {
    size().map(|(_, Height(lines))| lines.into())
}

/// The size of the terminal to which the output goes. A terminal that says that it has no columns does not know.
fn size() -> Option<(Width, Height)> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    terminal_size_of(&stdout).filter(|(Width(columns), _)| *columns > 0)
}

/// Whether the output goes to a terminal.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether the output may have colours: it goes to a terminal that has some, and nobody has asked for none (<https://no-color.org>).
pub fn has_colors() -> bool {
    let asked_for_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    is_terminal() && !asked_for_none && !is_dumb()
}

/// Whether the terminal can only print lines.
pub fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|kind| kind == "dumb")
}

/// Whether somebody reads what is written to stderr and can answer. A script can't, and `--yes` says that nobody wants to be asked.
pub fn can_ask(global: &Global) -> bool {
    !global.yes && io::stdin().is_terminal() && io::stderr().is_terminal()
}
