//! Finds things by the beginning of their id, so that people need not write 32 digits.

use std::collections::BTreeSet;

use super::{CliError, Exit};
use crate::{desk::client::DeskClient, domain::ids::AssessmentId, wire::proto};

/// The shortest beginning of an id.
const FEWEST: usize = 4;

/// How many digits of an id tables show at least. By chance, two of a hundred thousand ids begin alike in so many digits.
const SHOWN: usize = 8;

/// How many digits of these ids must be shown to tell them apart.
pub fn shown_digits<'a>(ids: impl Iterator<Item = &'a str>) -> usize {
    let ids: BTreeSet<&str> = ids.collect();
    let longest = ids.iter().map(|id| id.len()).max().unwrap_or_default();
    let is_enough = |digits: &usize| {
        let beginnings: BTreeSet<&str> = ids.iter().map(|id| id.get(..*digits).unwrap_or(id)).collect();
        beginnings.len() == ids.len()
    };
    (SHOWN..longest).find(is_enough).unwrap_or(longest.max(SHOWN))
}

/// The only one of `found`, whose ids all begin with `beginning`. `what` and `list` name the thing, and the command that lists all of them.
pub fn only<T>(mut found: Vec<T>, beginning: &str, what: &str, list: &str) -> Result<T, CliError> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) if beginning.len() >= FEWEST => Ok(one),
        (Some(_), true) => Err(CliError::usage(format!("`{beginning}` is too short; write at least {FEWEST} digits"))),
        (Some(_), false) => {
            Err(CliError::usage(format!("more than one {what} begins with `{beginning}`; write more of its id")))
        }
        (None, _) => {
            let told = format!("there is no {what} `{beginning}`; see `watchfire {list}`");
            Err(CliError::new(Exit::Failed, "NOT_FOUND", told))
        }
    }
}

/// Finds an assessment by its id, or by enough of its beginning.
pub async fn assessment(desk: &mut DeskClient, id: &str) -> Result<AssessmentId, CliError> {
    if let Ok(id) = id.parse() {
        return Ok(id);
    }
    let is_hex = id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if !is_hex || id.len() >= 2 * AssessmentId::LEN {
        let id = crate::domain::ids::shorten(id);
        return Err(CliError::usage(format!("`{id}` is not an id of an assessment; see `watchfire assess list`")));
    }
    let request = proto::FindAssessmentsRequest { beginning: id.to_owned() };
    let found = desk.assessments.find_assessments(request).await?.into_inner().assessment_ids;
    let one = only(found, id, "assessment", "assess list")?;
    AssessmentId::try_from(&*one).map_err(CliError::usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_digits_are_shown_that_ids_can_be_told_apart() {
        let shown = |ids: &[&str]| shown_digits(ids.iter().copied());
        assert_eq!(shown(&[]), 8);
        assert_eq!(shown(&["00112233445566", "00112233445566"]), 8, "one id in two versions");
        assert_eq!(shown(&["00112233445566", "ff112233445566"]), 8);
        assert_eq!(shown(&["00112233445566", "00112233445577"]), 13);
    }

    #[test]
    fn a_beginning_names_one_or_none() {
        let ask = |found: &[u8], id| only(found.to_vec(), id, "thing", "thing list");
        assert_eq!(ask(&[7], "abcd").ok(), Some(7));
        assert!(ask(&[7], "abc").unwrap_err().message.contains("at least 4 digits"));
        assert!(ask(&[7, 8], "abcd").unwrap_err().message.contains("more than one thing"));
        assert_eq!(ask(&[], "abcd").unwrap_err().reason, "NOT_FOUND");
    }
}
