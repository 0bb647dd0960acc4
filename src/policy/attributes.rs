//! What rules and grants can see of an assessment: its subjects, the marking of a portion, and who signed it.

mod authorship;
mod portion;
mod subjects;

pub(super) use authorship::{Authorship, SignerFacts};
pub(super) use portion::PortionAttributes;
pub(super) use subjects::SubjectSummary;
