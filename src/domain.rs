//! What is true with no computer around: names, times, places, markings, portions, agreements.
//! No I/O, no protobuf, no SQL, no clock and no randomness of its own.

pub mod admiralty;
pub mod agreement;
pub mod approval;
pub mod assessment;
pub mod body;
pub mod draft;
pub mod ending;
pub mod endorsement;
pub mod entry;
pub mod event;
pub mod fault;
pub mod framework;
pub mod group;
pub mod ids;
pub mod ledger;
pub mod level;
pub mod lexicon;
pub mod likelihood;
pub mod lint;
pub mod logged;
pub mod marking;
pub mod partner;
pub mod person;
pub mod place;
pub mod recall;
pub mod receipt;
pub mod refusal;
pub mod release;
pub mod request;
pub mod rules;
pub mod statement;
pub mod time;
pub mod timer;
pub(crate) mod words;
