//! How the reader wants texts.

use crate::domain::lexicon::Lexicon;

/// The reader's lexicon, and what the terminal can show.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The reader's own scale of likelihood.
    pub lexicon: &'static Lexicon,
    /// Columns of the terminal; fewer than 40 count as 40.
    pub width: usize,
    /// Whether the terminal shows colours.
    pub color: bool,
}

impl Options {
    /// The columns that texts are written for.
    pub fn columns(&self) -> usize {
        self.width.clamp(40, 400)
    }
}
