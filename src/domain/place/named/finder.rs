//! Matches the words of a text with the names of the index: at each word the longest name that is written as the text is.

use super::{
    context::Text,
    fold::{Key, ends_as_noun, spelled_as},
    forms::{Form, beginnings, stem, undeclined},
    index::{INDEX, MOST_WORDS},
    table::{Certainty, Kind, Row},
    words::{Gap, Script, Word, words},
};

/// A name in the text, and what it may be.
pub(super) struct Hit {
    /// Its words: from this one, to before that one.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: Kind,
    pub(super) certainty: Certainty,
    pub(super) codes: &'static str,
    /// Persons are called so too.
    pub(super) given: bool,
    /// A particle written on to it says that it is a place.
    pub(super) placed: bool,
    /// It is an ambiguous adjective and also a state's own name.
    pub(super) state_too: Option<&'static str>,
    /// All that it may be.
    rows: Vec<&'static Row>,
}

impl Hit {
    /// Whether one of the subjects explains the name. A state's sure name is not explained by a village of that name elsewhere.
    pub(super) fn is_explained(&self, subject: impl Fn(&str) -> bool) -> bool {
        let own = matches!(self.kind, Kind::State | Kind::People) && self.certainty == Certainty::Sure;
        let explains = |row: &Row| match row.kind {
            Kind::Town | Kind::Region if own => false,
            // Where else an actor acts: see `is_abroad`
            Kind::Actor => row.codes.split(',').take(1).any(&subject),
            Kind::Namesake => {
                subject(row.codes) && (row.certainty == Certainty::Sure || self.certainty < Certainty::Sure)
            }
            _ => row.codes.split(',').chain(row.also.split(',')).any(&subject),
        };
        self.rows.iter().any(|row| explains(row))
    }

    /// Whether one of the subjects has a small town of the name.
    pub(super) fn has_namesake(&self, subject: impl Fn(&str) -> bool) -> bool {
        self.rows.iter().any(|row| row.kind == Kind::Namesake && subject(row.codes))
    }

    /// Whether it is an actor that acts in one of the subjects and comes from elsewhere.
    pub(super) fn is_abroad(&self, subject: impl Fn(&str) -> bool) -> bool {
        self.kind == Kind::Actor && self.codes.split(',').skip(1).any(subject)
    }
}

/// The names in a text, in its order; none overlaps another.
pub(super) fn hits(text: &Text<'_>) -> Vec<Hit> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = text.word(at) {
        let hit = longest(text, at, word).filter(|hit| !is_cut(text, hit));
        at = hit.as_ref().map_or(at + 1, |hit| hit.to);
        found.extend(hit);
    }
    found
}

/// Whether words that name nobody are only the beginning of a longer name: `from French` in `from French Guiana`.
fn is_cut(text: &Text<'_>, hit: &Hit) -> bool {
    let goes_on = |at| longest(text, at, text.word(at)?).filter(|other| other.to > hit.to && other.codes != "-");
    hit.codes == "-" && (hit.from + 1..hit.to).any(|at| goes_on(at).is_some())
}

/// What was found for a beginning and a number of words.
struct Fit {
    to: usize,
    placed: bool,
    rows: Vec<&'static Row>,
}

fn longest(text: &Text<'_>, at: usize, word: &Word<'_>) -> Option<Hit> {
    let mut best: Option<Fit> = None;
    for form in beginnings(word) {
        for fit in fits(text, at, &form) {
            if best.as_ref().is_none_or(|best| fit.to > best.to) {
                best = Some(fit);
            } else if let Some(best) = best.as_mut().filter(|best| best.to == fit.to) {
                best.placed |= fit.placed;
                best.rows.extend(fit.rows);
            }
        }
    }
    best.and_then(|fit| decide(text, at, fit))
}

/// All names that begin at this word, read in this form.
fn fits(text: &Text<'_>, at: usize, form: &Form<'_>) -> Vec<Fit> {
    let mut found = Vec::new();
    let mut key = Key::EMPTY;
    let mut marked = false;
    for to in at + 1..=at + MOST_WORDS {
        let Some(word) = text.word(to - 1) else { break };
        if to > at + 1 {
            match text.gap(to - 2) {
                Gap::Apart => break,
                Gap::Closed => {}
                gap => {
                    marked |= gap == Gap::Marked;
                    let first = if to == at + 2 { key.article() } else { key };
                    if !INDEX.goes_on(first) {
                        break;
                    }
                    key = first.letter(' ');
                }
            }
        }
        let before = key;
        key = if to == at + 1 { key.letters(form.lead).letters(form.rest) } else { key.letters(word.text) };
        let mut rows: Vec<&Row> = INDEX
            .names(key)
            .filter(|(name, row)| is_written(text, at, to, name, row, form) && (!marked || name.contains([',', '('])))
            .map(|(_, row)| row)
            .collect();
        if word.script == Script::Cyrillic {
            rows.extend(inflected(text, at, before, word));
        }
        if !rows.is_empty() {
            found.push(Fit { to, placed: form.placed, rows });
        }
    }
    found
}

/// Russian names whose last word is declined, and adjectives.
fn inflected(text: &Text<'_>, at: usize, before: Key, word: &Word<'_>) -> Vec<&'static Row> {
    let mut rows = Vec::new();
    if text.word(at).is_some_and(|first| first.capital) {
        for (kept, ending) in undeclined(word.text) {
            let names = INDEX.names(before.letters(kept).letters(ending));
            rows.extend(
                names.map(|(_, row)| row).filter(|row| matches!(row.kind, Kind::Capital | Kind::Town | Kind::Region)),
            );
        }
    }
    for kept in stem(word.text) {
        rows.extend(INDEX.names(before.letters(kept)).map(|(_, row)| row).filter(|row| row.kind == Kind::PeopleStem));
    }
    rows
}

/// Whether the words are a way to write the name.
fn is_written(text: &Text<'_>, at: usize, to: usize, name: &str, row: &Row, form: &Form<'_>) -> bool {
    let Some(here) = text.words.get(at..to) else { return false };
    let Some(((first, last), whole)) =
        here.first().zip(here.last()).and_then(|ends| Some((ends, text.text.get(ends.0.start..ends.1.end())?)))
    else {
        return false;
    };
    match first.script {
        Script::Han => return true,
        Script::Arabic => {
            let noun = here.len() == 1 && ends_as_noun(first.text) && !matches!(row.kind, Kind::People | Kind::Actor);
            let surname = row.kind == Kind::People && form.is_definite() && text.is_surname(at);
            return !noun && !surname && form.allows(row.kind, here);
        }
        _ if row.kind == Kind::PeopleStem => return false,
        _ => {}
    }
    if !spelled_as(whole, name) {
        return false;
    }
    let named = words(name);
    if is_acronym(name) {
        return named.iter().map(|word| word.text).eq(here.iter().map(|word| word.text));
    }
    if !name.starts_with(char::is_uppercase) {
        let language = text.language(at);
        return row.language == "*" || language.is_none_or(|language| language == row.language) || last.shouted;
    }
    let capitals = named.len() != here.len()
        || here.iter().zip(&named).skip(1).all(|(word, name)| word.capital || !name.capital || is_particle(word.text));
    let common = row.kind == Kind::Actor && here.iter().skip(1).any(|word| word.capital);
    let first_fits =
        first.capital || common || (is_particle(first.text) && here.get(1).is_some_and(|word| word.capital));
    // Short words in capitals are rather acronyms, unless everything is in capitals.
    let shouted = here.len() == 1 && first.shouted && first.length() < if row.kind == Kind::State { 4 } else { 6 };
    capitals && first_fits && (!shouted || text.shouted(at, to))
}

/// Articles, that may be small before a capital.
fn is_particle(word: &str) -> bool {
    matches!(
        word,
        "el" | "al"
            | "as"
            | "an"
            | "ar"
            | "at"
            | "az"
            | "ad"
            | "ed"
            | "es"
            | "la"
            | "le"
            | "les"
            | "los"
            | "las"
            | "the"
            | "de"
            | "of"
    )
}

/// Names only of capitals and digits are acronyms.
fn is_acronym(name: &str) -> bool {
    let capitals = name.chars().filter(|c| c.is_uppercase()).count();
    name.len() <= 12
        && capitals + name.chars().filter(char::is_ascii_digit).count() >= 2
        && capitals > 0
        && !name.contains(char::is_lowercase)
}

/// What the name is: of the kinds that it may be the first one, in the language of the line if that is known, and the least certain.
fn decide(text: &Text<'_>, from: usize, fit: Fit) -> Option<Hit> {
    let Fit { to, placed, rows } = fit;
    let language = text.language(from);
    let given = rows.iter().any(|row| row.kind == Kind::GivenName);
    let rank = |kind: Kind| if matches!(kind, Kind::People | Kind::PeopleStem) { Kind::State } else { kind };
    let first =
        rows.iter().map(|row| rank(row.kind)).min().filter(|kind| !matches!(kind, Kind::GivenName | Kind::Namesake))?;
    let mut best: Vec<&&Row> = rows.iter().filter(|row| rank(row.kind) == first).collect();
    if best.iter().any(|row| Some(row.language) == language) {
        best.retain(|row| Some(row.language) == language);
    }
    // Only English writes its adjectives with capitals. Elsewhere a capital makes `Malí` the state, though `malí` is an adjective.
    let proper = text.word(from).is_some_and(|word| word.capital) && best.iter().any(|row| row.kind == Kind::State);
    if proper && best.iter().all(|row| row.kind == Kind::State || row.language != "en") {
        best.retain(|row| row.kind == Kind::State);
    }
    let row = best.iter().min_by_key(|row| (row.certainty, row.kind == Kind::State, row.codes == "-"))?;
    let state_too = best.iter().find(|row| row.kind == Kind::State && !row.codes.contains(',')).map(|row| row.codes);
    let word = text.word(from)?;
    let alone = to == from + 1;
    // Among words in capitals an acronym may be a word (`GIVE US`), and a short name of another language is often a word of this one.
    let shouted =
        alone && word.shouted && word.length() < if row.kind == Kind::State { 3 } else { 6 } && text.shouted(from, to);
    let foreign =
        alone && word.script == Script::Latin && word.length() <= 4 && matches!(row.kind, Kind::State | Kind::Capital);
    let foreign = foreign
        && language.is_some_and(|language| best.iter().all(|row| !["en", "*", language].contains(&row.language)));
    let certainty = if shouted || foreign { row.certainty.min(Certainty::WithContext) } else { row.certainty };
    let kind = if row.kind == Kind::PeopleStem { Kind::People } else { row.kind };
    let codes = row.codes;
    Some(Hit { from, to, kind, certainty, codes, given, placed, state_too, rows })
}
