//! Partners that hold an earlier version and get nothing of a new one.

use serde::Serialize;

use crate::wire::proto;

/// A partner that holds an earlier version and gets nothing of this one.
#[derive(Serialize)]
pub struct LeftBehind {
    partner: String,
    version: u32,
}

impl LeftBehind {
    /// Decodes the desk's answer.
    pub fn new(message: proto::LeftBehind) -> Self {
        Self { partner: message.partner, version: message.version }
    }

    /// A paragraph about it, after an empty line.
    pub fn words(&self, version: u32) -> String {
        let Self { partner, version: held } = self;
        format!(
            "\n\n{partner} holds version {held} and gets nothing of version {version}; `watchfire assess recall` recalls it"
        )
    }
}
