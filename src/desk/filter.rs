//! The filter of lists and of followers.

use super::argument::argument;
use crate::{
    domain::{
        fault::{Fault, Reason},
        fold::folded_words,
        ids::shorten,
        level::{Crime, WarningLevel},
        spelling,
        summary::{Filter, MarkingWord},
        time::Time,
    },
    node::assessments::search::{AssessmentState, VersionFilter},
    wire::{field, proto},
};

/// How many values one field may have.
const MAX_VALUES: usize = 64;
/// How many words may be searched for at once, and how long they may be together.
const MAX_WORDS: usize = 16;
const MAX_WORDS_BYTES: usize = 1024;

/// Reads a filter; `None` if it selects nothing.
///
/// # Errors
/// `INVALID_ARGUMENT`, with the known value that was probably meant.
pub(super) fn version_filter(
    filter: Option<proto::AssessmentFilter>,
    now: Time,
) -> Result<Option<VersionFilter>, Fault> {
    let Some(filter) = filter.filter(|filter| *filter != proto::AssessmentFilter::default()) else { return Ok(None) };
    let proto::AssessmentFilter { places, levels, crimes, topics, markings, states, .. } = &filter;
    let most = [places, crimes, topics, markings, states, &filter.words].map(Vec::len);
    if levels.len() > MAX_VALUES || most.into_iter().any(|values| values > MAX_VALUES) {
        let what = format!("a field of a filter has more than {MAX_VALUES} values");
        return Err(Fault::at(Reason::InvalidArgument, "filter", what));
    }
    let levels = levels.iter().map(|level| of_level(*level)).collect::<Result<_, Fault>>()?;
    let time = |name: &str, value| Option::map(value, |value| argument(field::time(name, Some(value)))).transpose();
    let summary = Filter {
        places: argument(field::parsed_all("filter.places", places))?,
        levels,
        crimes: words("filter.crimes", crimes, Crime::ALL.iter().map(|crime| crime.as_str()))?,
        topics: argument(field::parsed_all("filter.topics", topics))?,
        markings: words("filter.markings", markings, MarkingWord::all())?,
        issued_from: time("filter.issued_from", filter.issued_from)?,
        issued_before: time("filter.issued_before", filter.issued_before)?,
        expires_before: time("filter.expires_before", filter.expires_before)?,
        exercise: filter.exercise,
    };
    let states = words("filter.states", states, AssessmentState::ALL.iter().map(|state| state.as_str()))?;
    let words = searched_words(&filter.words)?;
    Ok(Some(VersionFilter { words, ..VersionFilter::new(summary, states, now) }))
}

/// The words that are searched for, each once.
fn searched_words(texts: &[String]) -> Result<Vec<String>, Fault> {
    let refused = |what: String| Err(Fault::at(Reason::InvalidArgument, "filter.words", what));
    if texts.iter().map(String::len).sum::<usize>() > MAX_WORDS_BYTES {
        return refused(format!("the words are longer than {MAX_WORDS_BYTES} bytes together"));
    }
    let mut all: Vec<String> = texts.iter().flat_map(|text| folded_words(text)).collect();
    all.sort();
    all.dedup();
    match all.len() {
        0 if !texts.is_empty() => {
            refused(format!("`{}` has no word; write words with letters or digits", shorten(&texts.join(" "))))
        }
        too_many if too_many > MAX_WORDS => refused(format!("more than {MAX_WORDS} words are searched for at once")),
        _ => Ok(all),
    }
}

fn of_level(level: u32) -> Result<WarningLevel, Fault> {
    let unknown = |_| format!("`{level}` is not a level; write 1 to 5");
    let known = u8::try_from(level).map_err(unknown).and_then(WarningLevel::try_from);
    known.map_err(|what| Fault::at(Reason::InvalidArgument, "filter.levels", what))
}

/// Reads the words of one field. The error for an unknown one names the known one that was probably meant.
fn words<'a, T: std::str::FromStr<Err = String>>(
    name: &str,
    words: &[String],
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<Vec<T>, Fault> {
    let read = |word: &String| {
        word.parse().map_err(|what: String| {
            let near = spelling::meant(word, known.clone());
            let meant = near.map(|near| format!("`{}` is not known; did you mean `{near}`?", shorten(word)));
            Fault::at(Reason::InvalidArgument, name, meant.unwrap_or(what))
        })
    };
    words.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(filter: proto::AssessmentFilter) -> (String, String) {
        let fault = version_filter(Some(filter), Time::from_unix_nanos(0)).unwrap_err();
        assert_eq!(fault.reason, Reason::InvalidArgument);
        (fault.field.unwrap(), fault.message)
    }

    #[test]
    fn an_unknown_value_is_refused_with_the_field_and_the_value_that_was_meant() {
        let one = |word: &str| vec![word.to_owned()];
        let none = proto::AssessmentFilter::default();
        for (filter, field, hint) in [
            (proto::AssessmentFilter { crimes: one("genocid"), ..none.clone() }, "filter.crimes", "`genocide`"),
            (proto::AssessmentFilter { states: one("Withdrwn"), ..none.clone() }, "filter.states", "`withdrawn`"),
            (proto::AssessmentFilter { markings: one("amber"), ..none.clone() }, "filter.markings", "`AMBER`"),
            (proto::AssessmentFilter { places: one("Mali"), ..none.clone() }, "filter.places", "`ML`"),
            (proto::AssessmentFilter { places: one("M49:999"), ..none.clone() }, "filter.places", "M49:999"),
            (proto::AssessmentFilter { levels: vec![6], ..none.clone() }, "filter.levels", "is not a level"),
            (proto::AssessmentFilter { levels: vec![300], ..none.clone() }, "filter.levels", "is not a level"),
            (proto::AssessmentFilter { topics: one("NOT A TOPIC"), ..none.clone() }, "filter.topics", "NOT A TOPIC"),
            (proto::AssessmentFilter { levels: vec![1; 65], ..none.clone() }, "filter", "more than 64"),
        ] {
            let (at, what) = refused(filter);
            assert!(at.starts_with(field) && what.contains(hint), "{at}: {what}");
        }
        for (texts, hint) in [
            (vec!["—".to_owned()], "`—` has no word"),
            (vec!["x".repeat(1025)], "longer than 1024"),
            (vec!["a b c d e f g h i j k l m n o p q".to_owned()], "more than 16"),
        ] {
            let (at, what) = refused(proto::AssessmentFilter { words: texts, ..none.clone() });
            assert!(at == "filter.words" && what.contains(hint), "{at}: {what}");
        }
        let words = ["Déplacés à Djibo", "djibo"].map(str::to_owned).to_vec();
        let filter = proto::AssessmentFilter { words, ..none.clone() };
        let read = version_filter(Some(filter), Time::from_unix_nanos(0)).unwrap().unwrap();
        assert_eq!(read.words, ["a", "deplaces", "djibo"]);
        assert_eq!(version_filter(Some(none), Time::from_unix_nanos(0)).unwrap(), None);
    }
}
