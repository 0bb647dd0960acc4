//! Text for people: assessments, agreements, tables. Text that a partner may have written is escaped for terminals first, see [`text`].

mod agreement;
mod assessment;
mod changes;
mod difference;
pub mod doubts;
mod html;
mod matrix;
mod options;
mod portion;
mod style;
mod table;
pub mod text;
mod translation;
mod words;

pub use agreement::{agreement, group};
pub use assessment::{AssessmentText, EndorsementLine, SignatureLine, assessment, beginning, portion_names};
pub use changes::{Change, changed, changes};
pub use difference::{difference, differences};
pub use html::{assessment_content, assessment_page, tlp_class};
pub use matrix::{Cell, Clauses, Column, Mark, Row, legend, matrix, tidy};
pub use options::Options;
pub use table::{Heading, fitted, table};
pub use words::places;

#[cfg(test)]
mod tests;
