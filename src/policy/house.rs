//! The house rules: the organisation's own rules, which are never sent to anybody. They are Cedar text that can only forbid, tables of who
//! controls a place, and a table of the organisation's own names of states.

mod control_rows;
mod known_names;
mod literals;
mod messages;
mod name_rows;
mod parse;
mod rules;
mod table_lines;
mod tokens;
mod vocabulary;

pub use known_names::KnownNames;
pub use rules::HouseRules;
