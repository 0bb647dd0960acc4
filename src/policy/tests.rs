//! The decision in sentences, and against an oracle that knows nothing of Cedar.

pub(super) mod cases;
mod compared;
pub(super) mod fixture;
mod grants;
mod oracle;
mod releases;
mod rules;
mod simulated;
