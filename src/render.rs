//! What people read on a terminal: an assessment, an agreement, a table. Pure text. Whatever a partner may have written is made
//! harmless for terminals first: see [`text`].

mod agreement;
mod assessment;
mod difference;
mod matrix;
mod portion;
mod style;
mod table;
pub mod text;
mod translation;
mod words;

use crate::domain::{
    assessment::{Manifest, Portion},
    ids::Handle,
    language::Language,
    lexicon::Lexicon,
    marking::Marking,
};

pub use agreement::{agreement, group};
pub use assessment::{assessment, beginning, portion_names};
pub use difference::{difference, differences};
pub use matrix::{Cell, Clauses, Column, Mark, Row, legend, matrix, tidy};
pub use table::table;

/// How the reader wants it.
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

/// An assessment as far as it is known here.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// What its originator signed.
    pub manifest: &'a Manifest,
    /// The portions that the reader may read, in the author's order.
    pub portions: &'a [Portion],
    /// Who signed it.
    pub signatures: &'a [SignatureLine],
    /// Who stands behind it.
    pub endorsements: &'a [EndorsementLine],
    /// `current`, `superseded`, `withdrawn`, `purged` or `quarantined`.
    pub state: &'a str,
    /// The organisations by which it came, the first hub first; empty where it came from its originator.
    pub via: &'a [String],
    /// Whether it was published here, so that nothing is withheld.
    pub is_own: bool,
    /// The language that the reader asked for.
    pub language: Option<&'a Language>,
}

/// A signature and what came of its check.
#[derive(Debug, Clone)]
pub struct SignatureLine {
    /// The signer's SPIFFE id.
    pub id: String,
    /// The suite's name.
    pub suite: String,
    /// Whether it verifies.
    pub valid: bool,
    /// What else is to be said, e.g. that the certificate was revoked later.
    pub note: Option<String>,
}

/// An endorsement and what came of its check.
#[derive(Debug, Clone)]
pub struct EndorsementLine {
    /// Its statement id.
    pub id: String,
    /// The organisation that stands behind the assessment.
    pub endorser: String,
    /// The signer's SPIFFE id.
    pub by: String,
    /// What it says.
    pub text: String,
    /// How it may be handled.
    pub marking: Marking,
    /// Whether the signature is that of the organisation that it claims.
    pub valid: bool,
    /// Why not, as a stable reason in capitals.
    pub note: Option<String>,
    /// The organisations from the originator on, to here.
    pub via: Vec<String>,
    /// Which of the portions that are here the endorser did not see.
    pub unseen: Vec<Handle>,
}

#[cfg(test)]
mod tests;
