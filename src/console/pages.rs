//! The pages, one file for each.

pub mod assessment;
pub mod assessments;
pub mod sessions;
pub mod sign_in;
pub mod today;
