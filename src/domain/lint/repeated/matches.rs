//! Finds what a protected portion says in portions that are freer. Each text is read twice, whatever it contains.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
};

use super::{
    common::{Said, is_common},
    freer::{Grade, MAX_CLASSES, Sharing},
    items::{Item, LONGEST, ROW, SIGNS, Sort, Writing, items, occurrences},
    words::{Text, Word},
};
use crate::domain::{
    body::{Body, Kind},
    draft::Draft,
};

/// The most repetitions that are collected.
const MAX_MATCHES: usize = 1_000;
/// How much of a text is shown before and behind a repetition, in characters.
const AROUND: usize = 40;
/// The longest repetition that is shown in full, in characters.
const SHOWN: usize = 160;

/// A passage of a portion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    pub portion: usize,
    /// Which of the portion's texts.
    text: usize,
    words: Range<usize>,
}

/// Something that is said in a protected portion and in a freer one.
#[derive(Debug)]
pub(super) struct Match {
    pub sort: Sort,
    pub held: At,
    pub free: At,
}

/// The texts of all portions.
pub(super) struct Texts<'d>(Vec<Vec<Text<'d>>>);

impl<'d> Texts<'d> {
    pub fn of(draft: &'d Draft) -> Self {
        Self(draft.portions.iter().map(|portion| written(&portion.body).into_iter().map(Text::new).collect()).collect())
    }

    fn get(&self, at: &At) -> Option<&Text<'d>> {
        self.0.get(at.portion)?.get(at.text)
    }

    fn all(&self) -> impl Iterator<Item = (usize, usize, &Text<'d>)> {
        self.0.iter().enumerate().flat_map(|(i, texts)| texts.iter().enumerate().map(move |(n, text)| (i, n, text)))
    }

    fn words(&self, at: &At) -> &[Word] {
        self.get(at).map(|text| text.words_at(at.words.clone())).unwrap_or_default()
    }

    /// The passage with some of what stands around it, in one line.
    pub fn excerpt(&self, at: &At) -> String {
        let Some(text) = self.get(at) else { return String::new() };
        let (Some(first), Some(last)) =
            (text.word(at.words.start), at.words.end.checked_sub(1).and_then(|i| text.word(i)))
        else {
            return String::new();
        };
        let (before, rest) = text.raw.split_at_checked(first.at.start).unwrap_or_default();
        let (said, after) = rest.split_at_checked(last.at.end - first.at.start).unwrap_or((rest, ""));
        let begin = before.char_indices().rev().nth(AROUND).map_or(0, |(i, _)| i);
        let end = after.char_indices().nth(AROUND).map_or(after.len(), |(i, _)| i);
        let cut = said.char_indices().nth(SHOWN).map_or(said.len(), |(i, _)| i);
        let (lead, tail) = (if begin > 0 { "…" } else { "" }, if end < after.len() { "…" } else { "" });
        let (lead_text, shown) = (before.get(begin..).unwrap_or_default(), said.get(..cut).unwrap_or_default());
        let tail_text = if cut < said.len() { "…" } else { after.get(..end).unwrap_or_default() };
        let all = format!("{lead}{lead_text}{shown}{tail_text}{tail}");
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// What an author wrote freely in a portion, conditions and outcomes included.
fn written(body: &Body) -> Vec<&str> {
    let mut all = body.texts();
    if let Body::Forecast(forecast) = body {
        all.push(&forecast.condition);
        all.extend(forecast.options.iter().flat_map(|options| options.each.iter().map(|(text, _)| text.as_str())));
    }
    all
}

/// Everything that is repeated, in the order of the freer portions.
pub(super) fn matches(draft: &Draft, texts: &Texts<'_>, sharing: &Sharing<'_>) -> Vec<Match> {
    let mut writing = Writing::default();
    texts.all().for_each(|(_, _, text)| writing.add(text));
    let search = Search { draft, texts, sharing, said: Said::by(draft, sharing) };
    let mut known: HashMap<u64, Vec<(Sort, At)>> = HashMap::new();
    let mut lengths: BTreeSet<usize> = BTreeSet::new();
    for (portion, n, text) in texts.all().filter(|(portion, ..)| sharing.is_held(*portion)) {
        let leads = draft.portions.get(portion).is_some_and(|p| p.body.kind() == Kind::Source);
        for Item { sort, key, at } in items(text, &writing, leads) {
            if (sort.is_name() || sort == Sort::Quotation) && at.len() > 1 {
                lengths.insert(at.len());
            }
            let places = known.entry(key).or_default();
            // One place of each class is enough, so no key has more places than there are classes.
            let at = At { portion, text: n, words: at };
            match places.iter_mut().find(|(_, other)| sharing.class(other.portion) == sharing.class(portion)) {
                // What is a person's name in one place is one in all.
                Some(place) if sort < place.0 => *place = (sort, at),
                Some(_) => {}
                None => places.push((sort, at)),
            }
        }
    }
    let lengths: Vec<usize> = lengths.into_iter().filter(|length| *length <= LONGEST).collect();
    let mut all = vec![];
    for (portion, n, text) in texts.all() {
        let mut seen: HashSet<u64> = HashSet::new();
        let mut ends = [0; MAX_CLASSES];
        occurrences(text, &lengths, |Item { key, at, sort }| {
            // What a text says twice is one repetition.
            if sort != Sort::Row && !seen.insert(key) {
                return;
            }
            for (sort, held) in known.get(&key).into_iter().flatten() {
                let free = At { portion, text: n, words: at.clone() };
                let Some(grade) = sharing.grade(portion, held.portion).filter(|_| all.len() < MAX_MATCHES) else {
                    continue;
                };
                if !search.counts(grade, *sort, held.portion) {
                    continue;
                }
                if *sort == Sort::Row {
                    // A row that goes on is one repetition.
                    let Some(end) = ends.get_mut(sharing.class(held.portion)).filter(|end| free.words.start >= **end)
                    else {
                        continue;
                    };
                    let found = search.extended(held, free);
                    *end = found.free.words.end;
                    all.extend(search.tells_as_row(&found).then_some(found));
                } else if search.tells(*sort, held, &free) {
                    all.push(Match { sort: *sort, held: held.clone(), free });
                }
            }
        });
    }
    all
}

struct Search<'a, 'd> {
    draft: &'a Draft,
    texts: &'a Texts<'d>,
    sharing: &'a Sharing<'d>,
    said: Said,
}

impl Search<'_, '_> {
    /// Whether what a portion says counts where another one is so much freer.
    fn counts(&self, grade: Grade, sort: Sort, held: usize) -> bool {
        let kind = self.draft.portions.get(held).map(|portion| portion.body.kind());
        match grade {
            Grade::Clearly => true,
            Grade::Wider if kind != Some(Kind::Evidence) => true,
            Grade::Wider | Grade::Slightly => sort.is_strong() || kind == Some(Kind::Source) && sort.is_name(),
        }
    }

    /// Whether the word is neither common nor said by a subject that the readers of the portion have.
    fn is_telling(&self, portion: usize, word: &Word) -> bool {
        !is_common(&word.folded)
            && word.folded.chars().any(char::is_alphabetic)
            && !self.said.says(self.sharing, portion, &word.folded)
    }

    fn tells(&self, sort: Sort, held: &At, free: &At) -> bool {
        let words = self.texts.words(free);
        let tells = |word: &Word| self.is_telling(free.portion, word);
        let has_number = |words: &[Word]| words.iter().any(|w| w.folded.chars().all(|c| c.is_ascii_digit()));
        let has_case = |at: &At| self.texts.get(at).is_some_and(|text| text.has_case);
        match sort {
            // A code name with its number is more than the place that it may be called after.
            Sort::Person | Sort::Name if words.len() > 1 => has_number(words) || words.iter().any(tells),
            // Where neither text distinguishes names, one word is not enough, unless a title marks it.
            Sort::Person | Sort::Name => {
                let is_marked = has_case(held) || !self.texts.words(held).iter().any(|w| w.is_capital);
                is_marked && words.iter().any(tells)
            }
            // Four words of somebody's own are theirs, however common each is.
            Sort::Quotation => words.len() >= 4 || words.iter().any(tells),
            Sort::Number => {
                let number = |word: &Word| self.said.says(self.sharing, free.portion, &word.folded);
                !words.iter().all(number)
            }
            Sort::Moment | Sort::Row => true,
        }
    }

    /// The whole row that both have in common, from these words on.
    fn extended(&self, held: &At, mut free: At) -> Match {
        let mut held = held.clone();
        if let (Some(one), Some(other)) = (self.texts.get(&held), self.texts.get(&free)) {
            let same =
                |a: usize, b: usize| matches!((one.word(a), other.word(b)), (Some(a), Some(b)) if a.folded == b.folded);
            while same(held.words.end, free.words.end) {
                held.words.end += 1;
                free.words.end += 1;
            }
        }
        Match { sort: Sort::Row, held, free }
    }

    /// Whether a row of words is more than a phrase that anybody may use.
    fn tells_as_row(&self, found: &Match) -> bool {
        let words = self.texts.words(&found.free);
        let telling: HashSet<&str> =
            words.iter().filter(|w| self.is_telling(found.free.portion, w)).map(|w| w.folded.as_str()).collect();
        match words.iter().all(|word| word.is_sign) {
            true => words.len() >= SIGNS && telling.len() >= ROW,
            false => words.len() >= ROW && telling.len() >= 2,
        }
    }
}
