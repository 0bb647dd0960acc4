//! The files that people write: drafts of assessments and agreements, in TOML, or from programs in JSON of the same shape. All faults of a file
//! are reported together, each with its line. Only this layer knows the TOML form of these types.

mod agreement;
mod agreement_writer;
mod assessment;
pub mod attachment;
mod body;
mod document;
mod error;
mod fields;
mod groups;
mod marking;
mod template;
mod tree;
mod unfilled;

pub use agreement::{Lineage, parse_agreement};
pub use agreement_writer::agreement_to_toml;
pub use assessment::parse;
pub use document::{Block, draft_of_document, read_docx, read_markdown};
pub use error::{DraftError, DraftFault};
pub use groups::held_group;
pub use marking::{ascending, audience_of, onward_of};
pub use template::{agreement_template, template};

/// The syntax of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As people write it.
    Toml,
    /// As programs write it. Faults are reported by field, and only faults of the JSON syntax by line.
    Json,
}

/// The longest file that is read, bytes: more than all portions of an assessment may take.
pub const MAX_FILE_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests;
