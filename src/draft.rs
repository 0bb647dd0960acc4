//! The files that people write: drafts of assessments and agreements, in TOML or (from programs) in JSON of the same shape.
//! All faults of a file are told at once, each with its line. This is the only layer that knows TOML's shape of them.

mod agreement;
mod agreement_writer;
mod assessment;
mod body;
mod duration;
mod error;
mod fields;
mod groups;
mod marking;
mod template;
mod tree;

pub use agreement::{Lineage, parse_agreement};
pub use agreement_writer::agreement_to_toml;
pub use assessment::parse;
pub use error::{DraftError, DraftFault};
pub use groups::held_group;
pub use marking::{ascending, audience_of, onward_of};
pub use template::{agreement_template, template};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As people write it.
    Toml,
    /// As programs write it. Its faults are told by field; only faults of JSON itself by line.
    Json,
}

/// The longest file that is read, bytes: more than all portions of an assessment may take.
pub const MAX_FILE_BYTES: usize = 64 << 20;

#[cfg(test)]
mod tests;
