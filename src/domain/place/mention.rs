//! Finds names of countries in text. The lint uses it to warn about a state that is named in a portion which may reach that state. It finds too
//! much rather than too little, because a person decides. It is no gazetteer and no guarantee.

use std::{collections::HashMap, sync::LazyLock};

use super::{Country, rows};

/// A name as words, and the countries that it may mean. There are none for names that only look like a country's, such as New Mexico.
struct Name {
    words: Vec<&'static str>,
    countries: Vec<Country>,
}

/// Names by their first word, the longest first. Names that are also written in capitals are listed under that key too.
static NAMES: LazyLock<HashMap<String, Vec<Name>>> = LazyLock::new(|| {
    let mut names: HashMap<String, Vec<Name>> = HashMap::new();
    let own = Country::all().map(|c| (c.name(), vec![c]));
    let aliases = rows(include_str!("../data/aliases.tsv")).filter_map(|line| {
        let (name, codes) = line.split_once('\t')?;
        Some((name, codes.split(',').filter_map(Country::by_code).collect()))
    });
    for (name, countries) in own.chain(aliases) {
        let words: Vec<&str> = words(name).map(|(_, word)| word).collect();
        let Some(first) = words.first() else { continue };
        names.entry(first.to_uppercase()).or_default().push(Name { words, countries });
    }
    for list in names.values_mut() {
        list.sort_by_key(|name| std::cmp::Reverse(name.words.len()));
    }
    names
});

/// The countries named in a text, with the words that name them, in the order of the text. Matches whole words that begin with capitals or are
/// all in capitals. An ambiguous name (Congo, Korea) yields each country that it may mean.
pub fn find_country_mentions(text: &str) -> Vec<(Country, &str)> {
    let words: Vec<(usize, &str)> = words(text).collect();
    let mut found = Vec::new();
    let mut rest = words.as_slice();
    while let Some((_, first)) = rest.first() {
        let hit = first.starts_with(char::is_uppercase).then(|| longest(text, rest)).flatten();
        if let Some((name, mention)) = hit {
            found.extend(name.countries.iter().map(|country| (*country, mention)));
        }
        rest = rest.get(hit.map_or(1, |(name, _)| name.words.len())..).unwrap_or_default();
    }
    found
}

/// The countries of exactly that name, in any case.
pub(super) fn named(name: &str) -> Vec<Country> {
    let given: Vec<String> = words(name).map(|(_, word)| word.to_lowercase()).collect();
    let list = given.first().and_then(|first| NAMES.get(&first.to_uppercase()));
    list.into_iter()
        .flatten()
        .find(|name| name.words.iter().map(|word| word.to_lowercase()).eq(given.iter().cloned()))
        .map(|name| name.countries.clone())
        .unwrap_or_default()
}

/// The longest name with which the text begins at these words.
fn longest<'t>(text: &'t str, words: &[(usize, &'t str)]) -> Option<(&'static Name, &'t str)> {
    let (start, first) = words.first()?;
    let names: &'static HashMap<String, Vec<Name>> = &NAMES;
    names.get(&first.to_uppercase())?.iter().find_map(|name| {
        let here = words.get(..name.words.len())?;
        let (last_start, last) = here.last()?;
        let mention = text.get(*start..last_start + last.len())?;
        let same = here.iter().zip(&name.words).all(|((_, word), wanted)| reads(word, wanted));
        let joined = here.iter().zip(here.iter().skip(1)).all(|((at, word), (next, _))| {
            text.get(at + word.len()..*next).is_some_and(|between| between.chars().count() <= 3 && joins(between))
        });
        (same && joined).then_some((name, mention))
    })
}

/// Whether the word is the wanted one, as written or in capitals.
fn reads(word: &str, wanted: &str) -> bool {
    word == wanted || (!word.contains(char::is_lowercase) && word == wanted.to_uppercase())
}

/// Whether these characters may separate two words of one name. A comma may not.
fn joins(between: &str) -> bool {
    between.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '\'' | '’' | '.' | '(' | ')'))
}

/// The words of a text with the byte at which each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let no_word = |c: char| !c.is_alphanumeric();
    text.split_inclusive(no_word)
        .scan(0, move |next, piece| {
            let start = *next;
            *next += piece.len();
            Some((start, piece.trim_end_matches(no_word)))
        })
        .filter(|(_, word)| !word.is_empty())
}
