//! The house rules: the organisation's own rules, which are never sent to anybody. They are Cedar text that can only forbid, and tables of who
//! controls a place.

mod control_rows;
mod known_names;
mod literals;
mod messages;
mod parse;
mod rules;
mod tokens;
mod vocabulary;

pub use known_names::KnownNames;
pub use rules::HouseRules;
