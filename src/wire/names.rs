//! Words of the vocabularies. They travel by name, so that a later edition can add words without a new message.

use std::{fmt::Display, str::FromStr};

use super::field::{ascending, parsed, parsed_all, texts};
use crate::domain::{body::Kind, fault::Fault, marking::GroupName};

/// Decodes words of a set that is closed in each edition. They travel in the order of their names.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field and the index.
pub fn decode<T: FromStr<Err: ToString> + Ord>(field: &str, names: &[String]) -> Result<Vec<T>, Fault> {
    ascending(field, names)?;
    let mut all = parsed_all(field, names)?;
    all.sort_unstable();
    Ok(all)
}

/// Decodes kinds of portions. Returns those of this edition, and the names of others.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field and the index.
pub fn decode_kinds(field: &str, names: &[String]) -> Result<(Vec<Kind>, Vec<GroupName>), Fault> {
    ascending(field, names)?;
    let (mut known, mut later) = (vec![], vec![]);
    for (i, name) in names.iter().enumerate() {
        match name.parse::<Kind>() {
            Ok(kind) => known.push(kind),
            Err(_) => later.push(parsed(&format!("{field}[{i}]"), name)?),
        }
    }
    known.sort_unstable();
    Ok((known, later))
}

/// The names of a set, in their order, without repetition.
pub fn encode<T: ToString>(all: &[T]) -> Vec<String> {
    let mut names = texts(all);
    names.sort_unstable();
    names.dedup();
    names
}

/// The names of kinds, in their order, without repetition.
pub fn encode_kinds(known: &[Kind], later: &[impl Display]) -> Vec<String> {
    let mut names: Vec<String> =
        known.iter().map(ToString::to_string).chain(later.iter().map(ToString::to_string)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::marking::Caveat;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn sets_travel_in_the_order_of_their_names_and_a_word_of_no_edition_is_refused() {
        let caveats = decode::<Caveat>("caveats", &names(&["ask-before-action", "no-attribution"])).unwrap();
        assert_eq!(caveats, [Caveat::NoAttribution, Caveat::AskBeforeAction]);
        assert_eq!(encode(&caveats), names(&["ask-before-action", "no-attribution"]));
        for (wrong, at) in [
            (&["no-attribution", "ask-before-action"][..], "caveats[1]"),
            (&["no-attribution", "no-attribution"], "caveats[1]"),
            (&["no-attribution", "tell-nobody"], "caveats[1]"),
        ] {
            assert_eq!(decode::<Caveat>("caveats", &names(wrong)).unwrap_err().field.as_deref(), Some(at));
        }
    }

    #[test]
    fn a_kind_of_a_later_edition_is_kept_by_its_name() {
        let all = names(&["gap", "headline", "resolution"]);
        let (known, later) = decode_kinds("kinds", &all).unwrap();
        assert_eq!((known.as_slice(), encode(&later)), (&[Kind::Headline, Kind::Gap][..], names(&["resolution"])));
        assert_eq!(encode_kinds(&known, &later), all);
        assert!(decode_kinds("kinds", &names(&["Gap!"])).is_err());
    }
}
