//! Which edition of the vocabularies a portion needs. It is read before anything else. The rest of a portion of a later edition may contain
//! fields and words that this program does not know, which is not a fault.

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

/// Checks that this program can read a portion.
///
/// # Errors
/// `NOT_YET`, if it needs a later edition. `UNKNOWN_OR_NON_CANONICAL`, if it names none. Both at the field `edition`. Bytes that are not a
/// message at all pass, because their decoder refuses them.
pub(super) fn check(portion: &[u8]) -> Result<(), Fault> {
    match Needed::decode(portion) {
        Ok(Needed { edition: 0 }) => Err(refuse("edition", "editions are counted from 1")),
        Ok(Needed { edition }) if edition > NEWEST => {
            let what = format!("it needs edition {edition} of the vocabularies, and this program has edition {NEWEST}");
            Err(Fault::at(Reason::NotYet, "edition", format!("{what}; install a newer version")))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
