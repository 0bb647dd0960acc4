//! What the header says and each subject repeats.

use crate::domain::{body::Mandate, level::WarningLevel};

/// The fields of the header that each subject repeats.
#[derive(Default)]
pub(in crate::draft) struct Shared {
    pub level: Option<WarningLevel>,
    pub addressed_to: Vec<Mandate>,
}
