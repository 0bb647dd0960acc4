//! What may stand on a terminal.

use watchfire::{domain::lexicon::LEXICONS, render::Options};

/// Reads UTF-8, or nothing.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// A plain terminal.
pub(crate) fn plain() -> Options {
    Options { lexicon: &LEXICONS[0], width: 80, color: false }
}

/// No control character but newline, and nothing that turns the direction of writing, whatever a partner has written.
pub(crate) fn harmless(page: &str) {
    let bad = page.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}')
    });
    assert_eq!(bad, None, "a character that does harm reaches the terminal");
}
