//! Everything with one spelling: what reads, writes back as the same text. In signed statements two spellings would be two
//! encodings of one meaning.

use std::{fmt::Display, str::FromStr};

use watchfire::domain::{
    admiralty::Grade,
    agreement::Area,
    body::{Kind, Mandate},
    framework::FactorId,
    ids::{Digest, Handle, Role, SpiffeId, TrustDomain},
    marking::{Audience, GroupName, Tlp, Topic},
    partner::Endpoint,
    place::{Country, Place},
    statement::StatementKind,
    time::{Day, Time},
};

/// The bytes are a text, read as each of them.
pub fn check(data: &[u8]) {
    let Some(text) = super::shown::text(data) else { return };
    one_spelling::<TrustDomain>(text);
    one_spelling::<Role>(text);
    // In signed bytes ids are bytes; where people type them, capitals do no harm.
    reads_back::<Digest>(text);
    reads_back::<Handle>(text);
    one_spelling::<Audience>(text);
    one_spelling::<GroupName>(text);
    one_spelling::<Topic>(text);
    one_spelling::<Tlp>(text);
    one_spelling::<Kind>(text);
    one_spelling::<StatementKind>(text);
    one_spelling::<Area>(text);
    one_spelling::<Place>(text);
    one_spelling::<Country>(text);
    one_spelling::<Mandate>(text);
    one_spelling::<Grade>(text);
    one_spelling::<FactorId>(text);
    one_spelling::<Endpoint>(text);
    one_spelling::<Day>(text);
    reads_back::<Time>(text);
    if let Some(id) = one_spelling::<SpiffeId>(text) {
        let again = SpiffeId::new(id.domain().clone(), id.role(), id.name());
        assert_eq!(again, Ok(id), "an id is its parts");
    }
}

fn one_spelling<T: FromStr<Err: Display> + Display>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(value) => {
            assert_eq!(value.to_string(), text, "a second spelling is read as {}", std::any::type_name::<T>());
            Some(value)
        }
        Err(error) => {
            assert!(!error.to_string().contains(char::is_control), "an error repeats control characters");
            None
        }
    }
}

/// Times are written by people too, in any zone; what they mean has one spelling.
fn reads_back<T: FromStr<Err: Display> + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        let again = written.parse::<T>().map(|v| v.to_string());
        assert_eq!(again.ok(), Some(written), "what was written does not read back");
    }
}
