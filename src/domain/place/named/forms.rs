//! The forms that a word takes in Arabic and Russian text, where tables hold one form only.

use super::{
    fold::fold,
    table::Kind,
    words::{Script, Word},
};

/// A way to read a word: what the particles leave of it.
pub(super) struct Form<'t> {
    /// Put before the rest: the article, where a particle has swallowed its first letter.
    pub(super) lead: &'static str,
    pub(super) rest: &'t str,
    /// A particle was taken away.
    stripped: bool,
    /// The article was taken away.
    bare: bool,
    /// The particle means `in` or `to`.
    pub(super) placed: bool,
}

impl Form<'_> {
    /// Whether the article was taken away.
    pub(super) fn is_definite(&self) -> bool {
        self.bare
    }

    /// Whether a name of the kind may be read so. Short words are often others whose first letter looks like a particle. Adjectives take the
    /// article and are listed without it; names have it or lack it.
    pub(super) fn allows(&self, kind: Kind, words: &[Word<'_>]) -> bool {
        if self.bare && kind != Kind::People {
            return false;
        }
        let least = match kind {
            Kind::Town | Kind::Region => 5,
            Kind::People | Kind::Actor | Kind::Seat => 4,
            _ => 3,
        };
        let first = letters(self.lead) + letters(self.rest);
        !self.stripped || first + words.iter().skip(1).map(Word::length).sum::<usize>() >= least
    }
}

fn letters(text: &str) -> usize {
    let mut count = 0;
    text.chars().for_each(|c| fold(c, |_| count += 1));
    count
}

/// The ways to read the first word of a name. In Arabic `and`, `so`, `in`, `to`, `like` and the article are written on to the word.
pub(super) fn beginnings<'t>(word: &Word<'t>) -> Vec<Form<'t>> {
    let text = word.text;
    let form = |lead, rest, stripped, bare, placed| Form { lead, rest, stripped, bare, placed };
    let mut found = vec![form("", text, false, false, false)];
    if word.script != Script::Arabic {
        return found;
    }
    let joined = text.strip_prefix(['و', 'ف']);
    found.extend(joined.map(|rest| form("", rest, true, false, false)));
    for (rest, stripped) in [(Some(text), false), (joined, true)].into_iter().filter_map(|(rest, s)| Some((rest?, s))) {
        found.extend(rest.strip_prefix("ال").map(|rest| form("", rest, stripped, true, false)));
        found.extend(rest.strip_prefix(['ب', 'ل']).map(|rest| form("", rest, true, false, true)));
        found.extend(rest.strip_prefix('ك').map(|rest| form("", rest, true, false, false)));
        found.extend(rest.strip_prefix("لل").map(|rest| form("ال", rest, true, false, true)));
        found.extend(rest.strip_prefix("لل").map(|rest| form("", rest, true, true, false)));
        found.extend(
            rest.strip_prefix("بال").or_else(|| rest.strip_prefix("كال")).map(|rest| form("", rest, true, true, false)),
        );
    }
    found
}

/// Endings of Russian nouns, each with those of the nominative for which they stand.
const DECLENSIONS: [(&str, &[&str]); 12] = [
    ("ами", &["ы"]),
    ("ах", &["ы"]),
    ("ой", &["а", "ый", "ая"]),
    ("ом", &["", "о"]),
    ("ем", &["ь", "й", "е", ""]),
    ("ей", &["а", "я"]),
    ("ью", &["ь"]),
    ("ы", &["а"]),
    ("у", &["", "а", "о"]),
    ("е", &["", "а", "я", "ь", "й", "о"]),
    ("а", &["", "о"]),
    ("ю", &["я", "ь", "й"]),
];

/// More of them, for the soft ones.
const SOFT: [(&str, &[&str]); 3] = [("и", &["я", "ь", "а"]), ("я", &["ь", "й"]), ("ии", &["ия"])];

/// What a Russian word may be in the nominative: what stays of it, and the ending. At least four letters stay, because fewer are of many
/// words.
pub(super) fn undeclined(word: &str) -> Vec<(&str, &'static str)> {
    let mut found = Vec::new();
    for (ending, before) in DECLENSIONS.iter().chain(&SOFT) {
        if let Some(kept) = word.strip_suffix(ending).filter(|kept| kept.chars().count() >= 4) {
            found.extend(before.iter().map(|first| (kept, *first)));
        }
    }
    found
}

/// Endings of Russian adjectives and of nouns for people.
const ENDINGS: [&str; 38] = [
    "", "а", "ам", "ами", "ах", "ая", "ев", "ем", "е", "ей", "ец", "ею", "и", "ие", "ий", "им", "ими", "их", "ка",
    "кам", "ками", "ках", "ки", "ке", "ку", "кой", "ок", "о", "ов", "ого", "ое", "ой", "ом", "ому", "ою", "у", "ую",
    "ы",
];

/// What stays of a Russian word without such an ending.
pub(super) fn stem(word: &str) -> impl Iterator<Item = &str> {
    ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending)).filter(|kept| kept.chars().count() >= 3)
}
