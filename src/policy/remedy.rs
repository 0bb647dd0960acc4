//! What would have to change for a partner to get a portion that is withheld from it.
//!
//! The search proposes changes and decides again with them. It proposes nothing that would not be enough.

mod change;
mod question;
mod scenario;
mod search;
#[cfg(test)]
mod tests;
mod words;

pub use change::{MarkingChange, RequiredChange, Widening};
pub use question::{DecisionInputs, Remedy};
pub use search::remedy;
pub use words::{Line, lines};
