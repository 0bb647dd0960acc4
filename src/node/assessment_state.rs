//! The state of a version at a time.

use crate::{
    domain::{fault::Fault, statement::Envelope, time::Time},
    store::AssessmentState,
    wire,
};

/// The state of a version at `now`. The stored state does not change when the version expires.
pub(in crate::node) fn state_at(
    kept: AssessmentState,
    manifest: &Envelope,
    now: Time,
) -> Result<AssessmentState, Fault> {
    Ok(kept.at(wire::manifest::decode(&manifest.payload)?.expires, now))
}
