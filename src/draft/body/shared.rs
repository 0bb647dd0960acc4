//! The fields of the header that each subject repeats.

use crate::domain::{body::Mandate, level::WarningLevel};

/// The values of these fields.
#[derive(Default)]
pub(in crate::draft) struct SharedFields {
    pub level: Option<WarningLevel>,
    pub addressed_to: Vec<Mandate>,
}
