//! Which edition of the vocabularies a portion needs. It is read before anything else: the rest of a portion of a later edition may
//! hold fields and words that this program does not know, and that is no fault of its author.

use prost::Message;

use super::field::refuse;
use crate::domain::{
    edition::NEWEST,
    fault::{Fault, Reason},
};

/// The one field of a portion that every edition reads.
#[derive(Clone, PartialEq, Message)]
struct Needed {
    #[prost(uint32, tag = "3")]
    edition: u32,
}

/// Whether a portion can be read here.
///
/// # Errors
/// `NOT_YET` where it needs a later edition, `UNKNOWN_OR_NON_CANONICAL` where it names none; at `edition`. What is no message at
/// all passes: its decoder refuses it.
pub(super) fn check(portion: &[u8]) -> Result<(), Fault> {
    match Needed::decode(portion) {
        Ok(Needed { edition: 0 }) => Err(refuse("edition", "editions count from 1")),
        Ok(Needed { edition }) if edition > NEWEST => {
            let what = format!("it needs edition {edition} of the vocabularies, and this program has edition {NEWEST}");
            Err(Fault::at(Reason::NotYet, "edition", format!("{what}; install a newer version")))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
