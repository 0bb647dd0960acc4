//! What of a text is looked for in other texts: names, numbers, hours, quotations and five words in a row.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
    sync::LazyLock,
};

use super::{
    common::is_common,
    moments::{self, Moment},
    words::{Text, Word},
};
use crate::domain::fold::folded_words;

/// How many words in a row are a repetition.
pub(super) const ROW: usize = 5;
/// How many signs in a row, in a script without spaces.
pub(super) const SIGNS: usize = 12;
/// The most words of a name or quotation that are compared.
pub(super) const LONGEST: usize = 12;

/// What sort of thing is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Sort {
    /// A name after a word for a person.
    Person,
    Name,
    Moment,
    Quotation,
    Number,
    Row,
}

impl Sort {
    pub fn words(self) -> &'static str {
        match self {
            Self::Person | Self::Name => "a name",
            Self::Moment => "a date with its hour",
            Self::Quotation => "a quotation",
            Self::Number => "a number",
            Self::Row => "five or more words in a row",
        }
    }

    /// Whether it counts where a part is only slightly freer.
    pub fn is_strong(self) -> bool {
        matches!(self, Self::Person | Self::Moment | Self::Quotation)
    }

    /// Whether it is a name of any sort.
    pub fn is_name(self) -> bool {
        matches!(self, Self::Person | Self::Name)
    }
}

/// Something that a text says: its key for comparison, and the words that say it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub sort: Sort,
    pub key: u64,
    pub at: Range<usize>,
}

/// A key for comparison. Keys are compared within one run only.
fn key(sort: Sort, what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (sort, what).hash(&mut hasher);
    hasher.finish()
}

fn words_key(sort: Sort, words: &[Word]) -> u64 {
    key(sort, words.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>())
}

/// How the words of a draft are written.
#[derive(Default)]
pub(super) struct Writing {
    /// Words with a capital within a sentence.
    capital: HashSet<String>,
    /// Words in small letters.
    small: HashSet<String>,
}

impl Writing {
    pub fn add(&mut self, text: &Text<'_>) {
        if !text.has_case {
            return;
        }
        for word in &text.words {
            if !word.is_capital {
                self.small.insert(word.folded.clone());
            } else if !word.opens && !text.is_german {
                self.capital.insert(word.folded.clone());
            }
        }
    }

    /// Whether a word that is written with a capital is a name.
    fn is_name(&self, word: &Word) -> bool {
        self.capital.contains(&word.folded) && !self.small.contains(&word.folded)
    }
}

/// Words that may stand within a name in small letters.
const PARTICLES: &[&str] = &[
    "de", "du", "des", "da", "do", "dos", "di", "la", "le", "el", "al", "bin", "ibn", "ben", "ould", "van", "von",
    "of", "d", "l",
];

/// Titles in Arabic, after which a name follows. The script has no capitals.
static TITLES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let all = "الممرضة الممرض الدكتور الدكتورة السيد السيدة الشيخ العقيد اللواء النقيب المقدم الرائد العميد الفريق الملازم القاضي الأستاذ المهندس المعلم \
               المعلمة الشاهد الشاهدة العمدة المدعو اسمه اسمها";
    folded_words(all).into_iter().collect()
});

/// Verbs of one person. A name stands before them where a sentence begins.
const VERBS: &[&str] = &[
    "is",
    "was",
    "has",
    "lives",
    "works",
    "says",
    "knows",
    "keeps",
    "moves",
    "est",
    "vit",
    "travaille",
    "dit",
    "es",
    "vive",
    "trabaja",
    "dice",
    "mora",
    "trabalha",
    "diz",
];

/// Words for persons who are not public, in several languages: a name follows.
const PERSONS: &[&str] = &[
    "nurse",
    "doctor",
    "dr",
    "teacher",
    "driver",
    "trader",
    "farmer",
    "witness",
    "source",
    "colonel",
    "captain",
    "major",
    "lieutenant",
    "sergeant",
    "sheikh",
    "imam",
    "pastor",
    "mr",
    "mrs",
    "ms",
    "named",
    "called",
    "chief",
    "commander",
    "midwife",
    "journalist",
    "lawyer",
    "infirmiere",
    "infirmier",
    "docteur",
    "enseignant",
    "enseignante",
    "temoin",
    "nomme",
    "nommee",
    "capitaine",
    "commandant",
    "monsieur",
    "madame",
    "enfermera",
    "enfermero",
    "enfermeira",
    "enfermeiro",
    "medico",
    "medica",
    "maestro",
    "maestra",
    "testigo",
    "testemunha",
    "coronel",
    "capitan",
    "capitao",
    "comandante",
    "senor",
    "senora",
    "senhor",
    "senhora",
    "llamado",
    "llamada",
    "chamado",
    "chamada",
    "herr",
    "frau",
    "oberst",
    "hauptmann",
    "zeuge",
    "zeugin",
];

/// Words before a number that cites something.
const CITES: &[&str] = &[
    "article",
    "resolution",
    "chapter",
    "page",
    "rank",
    "factor",
    "figure",
    "version",
    "paragraph",
    "art",
    "no",
    "rang",
    "articulo",
    "artigo",
];

/// What the text says that others must not repeat. `leads` says that sentences of the portion may begin with a name.
pub(super) fn items(text: &Text<'_>, writing: &Writing, leads: bool) -> Vec<Item> {
    let mut all = vec![];
    names(text, writing, leads, &mut all);
    titled(text, &mut all);
    numbers(text, |number, at| all.push(Item { sort: Sort::Number, key: key(Sort::Number, number), at }));
    all.extend(moments::moments(text).into_iter().map(|(moment, from, until)| moment_item(moment, from..until)));
    quotations(text, &mut all);
    all.extend(rows(text));
    all
}

fn moment_item(moment: Moment, at: Range<usize>) -> Item {
    Item { sort: Sort::Moment, key: key(Sort::Moment, moment), at }
}

/// The rows of five words of a text.
fn rows<'t>(text: &'t Text<'_>) -> impl Iterator<Item = Item> + 't {
    let row = |(i, words): (usize, &[Word])| Item { sort: Sort::Row, key: words_key(Sort::Row, words), at: i..i + ROW };
    text.words.windows(ROW).enumerate().map(row)
}

/// Everything in a text that could repeat an item, each with its key. Names and quotations of several words have one of these lengths.
pub(super) fn occurrences(text: &Text<'_>, lengths: &[usize], mut take: impl FnMut(Item)) {
    for (i, word) in text.words.iter().enumerate() {
        // In a text without capitals, any word may be a name.
        if word.is_capital || !text.has_case {
            take(Item { sort: Sort::Name, key: words_key(Sort::Name, std::slice::from_ref(word)), at: i..i + 1 });
        }
        for length in lengths {
            let at = i..i + length;
            let Some(words) = text.words.get(at.clone()) else { continue };
            for sort in [Sort::Name, Sort::Quotation] {
                take(Item { sort, key: words_key(sort, words), at: at.clone() });
            }
        }
    }
    numbers(text, |number, at| take(Item { sort: Sort::Number, key: key(Sort::Number, number), at }));
    moments::moments(text).into_iter().for_each(|(moment, from, until)| take(moment_item(moment, from..until)));
    rows(text).for_each(take);
}

/// Names by their capitals: runs of words, and single words.
fn names(text: &Text<'_>, writing: &Writing, leads: bool, all: &mut Vec<Item>) {
    let named = |sort: Sort, at: Range<usize>| Item { sort, key: words_key(Sort::Name, text.words_at(at.clone())), at };
    let mut i = 0;
    while let Some(word) = text.word(i) {
        // A code name, such as SOUM-4.
        if text.word(i + 1).is_some_and(|next| next.is_joined && next.folded.chars().all(|c| c.is_ascii_digit()))
            && word.is_capital
            && word.folded.len() > 1
            && !is_common(&word.folded)
        {
            all.push(named(Sort::Person, i..i + 2));
        }
        if !word.is_capital || !text.has_case {
            i += 1;
            continue;
        }
        let end = run(text, i);
        // A sentence that begins with a common word before a name.
        let first = if word.opens && is_common(&word.folded) { i + 1 } else { i };
        let before =
            first.checked_sub(1).and_then(|i| text.word(i)).filter(|_| text.word(first).is_some_and(|w| w.is_near));
        let sort = if before.is_some_and(|w| PERSONS.contains(&w.folded.as_str())) { Sort::Person } else { Sort::Name };
        let capitals = || text.words_at(first..end).iter().filter(|w| w.is_capital);
        if capitals().count() >= 2 && capitals().any(|w| !is_common(&w.folded)) {
            all.push(named(sort, first..end));
        }
        for (place, part) in (first..end).zip(text.words_at(first..end)).filter(|(_, part)| part.is_capital) {
            let in_run = end > first + 1 && !text.is_german && !writing.small.contains(&part.folded);
            let goes_on = text.word(place + 1).is_some_and(|next| VERBS.contains(&next.folded.as_str()));
            let begins = leads && part.opens && goes_on && !writing.small.contains(&part.folded);
            let is_long = part.folded.chars().count() >= 3;
            if is_long && !is_common(&part.folded) && (in_run || begins || writing.is_name(part)) {
                all.push(named(sort, place..place + 1));
            }
        }
        i = end;
    }
}

/// The end of the run of capitals that begins here. Up to two small particles may stand within it.
fn run(text: &Text<'_>, begin: usize) -> usize {
    let mut end = begin + 1;
    while end - begin < LONGEST {
        let is_particle = |i: usize| text.word(i).is_some_and(|w| w.is_near && PARTICLES.contains(&w.folded.as_str()));
        let continues = |i: usize| text.word(i).is_some_and(|w| w.is_near && w.is_capital);
        let Some(next) = (end..end + 3).find(|i| !is_particle(*i) || continues(*i)).filter(|i| continues(*i)) else {
            break;
        };
        end = next + 1;
    }
    end.min(begin + LONGEST)
}

/// Names after a title, in Arabic.
fn titled(text: &Text<'_>, all: &mut Vec<Item>) {
    for (i, pair) in text.words.windows(2).enumerate() {
        let [title, name] = pair else { continue };
        if TITLES.contains(&title.folded)
            && name.is_near
            && !is_common(&name.folded)
            && name.folded.chars().count() >= 3
        {
            let key = words_key(Sort::Name, std::slice::from_ref(name));
            all.push(Item { sort: Sort::Person, key, at: i + 1..i + 2 });
        }
    }
}

/// The numbers that tell something: not round, no year, no part of a date, and no citation.
fn numbers(text: &Text<'_>, mut take: impl FnMut(String, Range<usize>)) {
    let mut i = 0;
    while let Some(word) = text.word(i) {
        let before = i.checked_sub(1).and_then(|i| text.word(i));
        let mut length = 1;
        let mut digits = word.folded.clone();
        if digits.len() <= 3 && digits.chars().all(|c| c.is_ascii_digit()) {
            while let Some(next) = text.word(i + length)
                && next.folded.len() == 3
                && next.folded.chars().all(|c| c.is_ascii_digit())
                && next.is_near
                && !next.is_joined
            {
                digits.push_str(&next.folded);
                length += 1;
            }
        }
        let at = i..i + length;
        i += length;
        let after = text.word(at.end);
        let is_dated = [before, after].into_iter().flatten().any(|w| moments::month(&w.folded).is_some());
        let is_joined = word.is_joined || after.is_some_and(|w| w.is_joined);
        let is_cited = before.is_some_and(|w| CITES.contains(&w.folded.as_str()));
        let colon = |one: &Word, other: &Word| text.raw.get(one.at.end..other.at.start) == Some(":");
        let is_hour = after.is_some_and(|w| colon(word, w)) || before.is_some_and(|w| colon(w, word));
        if !is_dated
            && !is_joined
            && !is_cited
            && !is_hour
            && let Some(number) = telling_number(&digits)
        {
            take(number, at);
        }
    }
}

/// A number in one form, if it is not round. Thousands may be set off by a comma or a full stop.
fn telling_number(text: &str) -> Option<String> {
    if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.'))
        || !text.contains(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let mut groups = text.split([',', '.']);
    let first = groups.next().unwrap_or_default();
    let is_grouped = (1..=3).contains(&first.len()) && groups.clone().all(|group| group.len() == 3);
    if !is_grouped && text.contains([',', '.']) {
        let decimal = text.replace(',', ".");
        let figures = decimal.trim_start_matches(['0', '.']).replace('.', "").trim_end_matches('0').len();
        return (figures >= 2 && !decimal.ends_with(".5")).then_some(decimal);
    }
    let whole: u64 = text.replace([',', '.'], "").parse().ok()?;
    let shown = whole.to_string();
    let figures = shown.trim_end_matches('0');
    let is_round = figures.len() == 1
        || shown.len() > figures.len() && figures.len() == 2
        || shown.len() == 2 && whole.is_multiple_of(5);
    let is_year = (1900..=2100).contains(&whole) && !text.contains([',', '.']);
    (whole > 20 && !is_round && !is_year).then_some(shown)
}

/// What stands between quotation marks.
fn quotations(text: &Text<'_>, all: &mut Vec<Item>) {
    let pairs: HashMap<char, char> = [('"', '"'), ('“', '”'), ('«', '»'), ('„', '“'), ('「', '」')].into();
    let (mut open, mut first): (Option<char>, usize) = (None, 0);
    for (at, c) in text.raw.char_indices() {
        if open == Some(c) {
            let from = text.words.partition_point(|word| word.at.start < first);
            let until = text.words.partition_point(|word| word.at.end <= at).min(from + LONGEST);
            if until >= from + 2 {
                let at = from..until;
                let key = words_key(Sort::Quotation, text.words_at(at.clone()));
                all.push(Item { sort: Sort::Quotation, key, at });
            }
            open = None;
        } else if open.is_none()
            && let Some(close) = pairs.get(&c)
        {
            (open, first) = (Some(*close), at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(Sort, String)> {
        let text = Text::new(text);
        let mut writing = Writing::default();
        writing.add(&text);
        let shown = |item: Item| {
            let words: Vec<&str> = text.words_at(item.at).iter().map(|w| w.folded.as_str()).collect();
            (item.sort, words.join(" "))
        };
        items(&text, &writing, false).into_iter().filter(|item| item.sort != Sort::Row).map(shown).collect()
    }

    fn only(text: &str, sort: Sort) -> Vec<String> {
        said(text)
            .into_iter()
            .filter(|(s, _)| *s == sort || (sort.is_name() && s.is_name()))
            .map(|(_, words)| words)
            .collect()
    }

    #[test]
    fn names_are_found_by_capitals_runs_and_titles() {
        assert_eq!(only("the nurse Halima told us", Sort::Name), ["halima"]);
        assert_eq!(only("Halima Djouma fled", Sort::Name), ["halima djouma", "halima", "djouma"]);
        assert_eq!(only("said Mariam bint Ould Ely of Kaedi", Sort::Name).first().unwrap(), "mariam");
        assert_eq!(only("our source SOUM-4 moves", Sort::Name), ["soum 4", "soum"]);
        assert_eq!(only("قالت الممرضة حليمة ان", Sort::Name), ["حليمة"]);
        for none in
            ["Gunmen attacked in April", "the United Nations and the Red Cross", "Risk of mass killing in Sudan rises"]
        {
            assert_eq!(only(none, Sort::Name), Vec::<String>::new(), "{none}");
        }
        assert_eq!(only("Der Händler wurde im Dorf von der Miliz erschossen", Sort::Name), Vec::<String>::new());
    }

    #[test]
    fn round_numbers_years_and_dates_do_not_count() {
        for (text, numbers) in [
            ("41 structures", &["41"][..]),
            ("1,237 dead, ٤١ burnt, 1 237 and 3.47", &["1,237", "41", "1 237", "3.47"]),
            ("3 villages, 50 dead, 1,000 fled in 2026, 1200 too, 250", &[]),
            ("23 October and May 23, 2026-04-23, 17:37", &[]),
            ("resolution 1973 and article 27", &[]),
        ] {
            assert_eq!(only(text, Sort::Number), numbers, "{text}");
        }
    }

    #[test]
    fn quotations_of_several_words_are_found() {
        assert_eq!(
            only("he said \"clear the ground\" and “go now” «allez» „raus hier“", Sort::Quotation),
            ["clear the ground", "go now", "raus hier"]
        );
    }
}
