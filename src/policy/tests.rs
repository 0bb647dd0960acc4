//! The decision in sentences, and against an oracle that knows nothing of Cedar.

mod cases;
mod compared;
mod fixture;
mod grants;
mod oracle;
mod releases;
mod rules;
mod simulated;
