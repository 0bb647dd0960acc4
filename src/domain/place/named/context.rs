//! What the words around a name say about it.

use super::{
    cues,
    fold::fold,
    words::{Gap, Script, Word, gap},
};

/// A text in words, with what is known about each.
pub(super) struct Text<'t> {
    pub(super) text: &'t str,
    pub(super) words: Vec<Word<'t>>,
    /// The words folded.
    folded: Vec<String>,
    /// The language of the line in which each word stands, if it shows.
    languages: Vec<Option<&'static str>>,
}

impl<'t> Text<'t> {
    pub(super) fn new(text: &'t str, words: Vec<Word<'t>>) -> Self {
        let folded: Vec<String> = words.iter().map(|word| folded(word.text)).collect();
        let mut languages = Vec::with_capacity(words.len());
        let mut from = 0;
        while from < words.len() {
            let lines =
                |i: usize| text.get(words.get(i - 1)?.end()..words.get(i)?.start).map(|between| between.contains('\n'));
            let to = (from + 1..words.len()).find(|i| lines(*i) == Some(true)).unwrap_or(words.len());
            let language = language(folded.get(from..to).unwrap_or_default());
            languages.resize(to, language);
            from = to;
        }
        Self { text, words, folded, languages }
    }

    pub(super) fn word(&self, i: usize) -> Option<&Word<'t>> {
        self.words.get(i)
    }

    pub(super) fn folded(&self, i: usize) -> &str {
        self.folded.get(i).map_or("", String::as_str)
    }

    /// What stands between this word and the next.
    pub(super) fn gap(&self, i: usize) -> Gap {
        match (self.words.get(i), self.words.get(i + 1)) {
            (Some(word), Some(next)) => gap(self.text, word, next),
            _ => Gap::Apart,
        }
    }

    /// The language of the word, by its script, or else by the line.
    pub(super) fn language(&self, i: usize) -> Option<&'static str> {
        match self.words.get(i)?.script {
            Script::Arabic => Some("ar"),
            Script::Cyrillic => Some("ru"),
            Script::Han => Some("zh"),
            Script::Latin | Script::Other => self.languages.get(i).copied().flatten(),
        }
    }

    /// Whether a neighbour is in capitals too, so that capitals say nothing.
    pub(super) fn shouted(&self, from: usize, to: usize) -> bool {
        let shouted = |i: usize| self.words.get(i).is_some_and(|word| word.shouted && word.length() >= 4);
        (from > 0 && shouted(from - 1)) || shouted(to)
    }

    /// Whether the words say that something is in the place whose name begins here.
    pub(super) fn is_inside(&self, from: usize) -> bool {
        self.cue_before(from, cues::IN)
    }

    /// Whether the words say that the name is one of a place.
    pub(super) fn is_place(&self, from: usize) -> bool {
        self.is_inside(from) || self.cue_before(from, cues::FROM) || self.is_called_a_place(from)
    }

    /// Whether a thing of the place follows: `a Cairo hospital`.
    pub(super) fn is_of_place(&self, to: usize) -> bool {
        self.language(to) == Some("en") && self.gap(to - 1) == Gap::Open && cues::is(cues::PLACES, self.folded(to))
    }

    /// Looks for the cue before the name, past articles and directions.
    fn cue_before(&self, from: usize, list: &str) -> bool {
        for i in (from.saturating_sub(4)..from).rev() {
            if matches!(self.gap(i), Gap::Apart | Gap::Marked) {
                return false;
            }
            let word = self.folded(i);
            if cues::is(list, word) {
                return !(word == "a" && self.language(i) == Some("en"));
            }
            if !cues::is(cues::BETWEEN, word) {
                return false;
            }
        }
        false
    }

    /// `the town of`, `près de`, `a hotel in`; in Arabic the name follows directly, or with the particle.
    pub(super) fn is_called_a_place(&self, from: usize) -> bool {
        let Some(last) = from.checked_sub(1) else { return false };
        if self.language(last) == Some("ar") && cues::is(cues::PLACES, self.folded(last)) {
            return true;
        }
        let of = cues::is(cues::OF, self.folded(last)) || cues::is(cues::IN, self.folded(last));
        of && last.checked_sub(1).is_some_and(|i| cues::is(cues::PLACES, self.folded(i)))
    }

    /// Whether the name is that of a street or a quarter, which are called after states and towns.
    pub(super) fn is_address(&self, from: usize, to: usize) -> bool {
        self.is_called(from, cues::STREETS)
            || (self.words.get(to).is_some_and(|word| word.capital) && cues::is(cues::STREETS_AFTER, self.folded(to)))
    }

    /// Whether the name is that of a water.
    pub(super) fn is_water(&self, from: usize, to: usize) -> bool {
        self.is_called(from, cues::WATERS)
            || (self.gap(to - 1) == Gap::Open && cues::is(cues::WATERS_AFTER, self.folded(to)))
    }

    /// Whether an agreement or a process is called after the town.
    pub(super) fn is_instrument(&self, from: usize, to: usize) -> bool {
        self.is_called(from, cues::INSTRUMENTS)
            || (self.gap(to - 1) == Gap::Open && cues::is(cues::INSTRUMENTS_AFTER, self.folded(to)))
    }

    /// Whether a word of the list goes before, directly or with `of`.
    fn is_called(&self, from: usize, list: &str) -> bool {
        let before = |i: usize| from.checked_sub(i).map_or("", |i| self.folded(i));
        let of = cues::is(cues::OF, before(1)) || matches!(before(1), "la" | "el" | "l");
        let more = of && cues::is(cues::OF, before(2)) && cues::is(list, before(3));
        cues::is(list, before(1)) || (cues::is(cues::OF, before(1)) && cues::is(list, before(2))) || more
    }

    /// Whether the adjective names a language (`in French`, `بالفرنسية`) or a manner (`à l'anglaise`).
    pub(super) fn is_language(&self, from: usize, to: usize) -> bool {
        let before = |i: usize| from.checked_sub(i).map_or("", |i| self.folded(i));
        let alone = self.gap(to - 1) != Gap::Open || cues::is(cues::SMALL, self.folded(to));
        let own = self.folded(from);
        let arabic = self.language(from) == Some("ar") && own.starts_with("بال") && own.ends_with('ه');
        let manner =
            matches!(before(1), "l" | "la") && before(2) == "a" && self.word(from).is_some_and(|word| !word.capital);
        arabic || (alone && (manner || cues::is(cues::LANGUAGE, before(1))))
    }

    /// Whether something near is seated in places that it does not speak for: a commission, talks, a court.
    pub(super) fn is_seat(&self, from: usize, to: usize) -> bool {
        let seated = |i: usize| {
            let acronym = self.words.get(i).is_some_and(|word| matches!(word.text, "UN" | "AU" | "EU" | "UA" | "UE"));
            acronym || cues::is(cues::INSTITUTIONS, self.folded(i))
        };
        (from.saturating_sub(12)..to + 12).any(seated)
    }

    /// Whether the Arabic adjective with the article before this word's end is a person's surname: an adjective follows a noun with the article,
    /// a surname a name, which has none. A plural is no surname.
    pub(super) fn is_surname(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).filter(|i| self.gap(*i) == Gap::Open) else { return false };
        let definite =
            |word: &str| word.trim_start_matches(['و', 'ف', 'ب', 'ك']).starts_with("ال") || word.starts_with("لل");
        self.folded(at).ends_with('ي') && !definite(self.folded(before))
    }

    /// Whether the second name explains the first: `Argelia, Cauca`, `Puerto Rico, en el Caquetá`, `Armenia, capital del Quindío`.
    pub(super) fn is_apposed(&self, to: usize, from: usize) -> bool {
        let between = |i: usize| {
            let word = self.folded(i);
            [cues::IN, cues::OF, cues::BETWEEN, cues::PLACES, " capital cabecera chef lieu seat "]
                .iter()
                .any(|list| cues::is(list, word))
        };
        (to..=to + 4).contains(&from) && self.gap(to - 1) == Gap::Marked && (to..from).all(between)
    }

    /// The word in capitals that follows after a comma and `in the`, as a province does: `Tonga, dans le Ndé`.
    pub(super) fn province(&self, to: usize) -> Option<usize> {
        let inside = |i: usize| cues::is(cues::IN, self.folded(i)) || cues::is(cues::BETWEEN, self.folded(i));
        let at = (to + 1..to + 4).find(|i| !inside(*i))?;
        (self.gap(to - 1) == Gap::Marked && cues::is(cues::IN, self.folded(to)) && self.words.get(at)?.capital)
            .then_some(at)
    }

    /// Whether only a word such as `and` stands between.
    pub(super) fn are_joined(&self, to: usize, from: usize) -> bool {
        let joins = |i: usize| cues::is(cues::AND, self.folded(i));
        match from.checked_sub(to) {
            // In Arabic `and` is written on to the word
            Some(0) => {
                self.gap(to - 1) == Gap::Open && self.words.get(to).is_some_and(|word| word.text.starts_with('و'))
            }
            Some(1) => joins(to),
            Some(2) => joins(to) && cues::is(cues::BETWEEN, self.folded(to + 1)),
            _ => false,
        }
    }

    /// Whether the words make the capital stand for its government.
    pub(super) fn is_government(&self, from: usize, to: usize) -> bool {
        let next = self.folded(to);
        let near = matches!(self.gap(to - 1), Gap::Open | Gap::Closed);
        if near
            && next == "s"
            && self.text.get(..self.words.get(to).map_or(0, Word::end)).is_some_and(|t| t.ends_with(['s', 'S']))
        {
            let owned = self.folded(to + 1);
            return cues::is(cues::FORCES, owned) || cues::is(cues::PERSONS, owned);
        }
        let acts = near && (cues::is(cues::ACTS, next) || (self.language(to) == Some("ar") && feminine_verb(next)));
        let Some(before) = from.checked_sub(1).filter(|i| self.gap(*i) != Gap::Apart) else { return acts };
        let last = self.folded(before);
        let arabic = self.language(before) == Some("ar") && cues::is(cues::ACTS, last.trim_start_matches('و'));
        let of = (cues::is(cues::OF, last) || cues::is(cues::IN, last))
            && before.checked_sub(1).is_some_and(|i| cues::is(cues::GOVERNMENTS, self.folded(i)));
        acts || arabic || of || cues::is(cues::GOVERNMENTS, last)
    }

    /// Whether somebody went there or came from there.
    pub(super) fn is_goal(&self, from: usize) -> bool {
        self.cue_before(from, cues::FROM) && self.near(from, from, 4, cues::MOTION)
    }

    /// Whether a word of the list stands within so many words before or after.
    pub(super) fn near(&self, from: usize, to: usize, reach: usize, list: &str) -> bool {
        let before = (from.saturating_sub(reach)..from).rev().take_while(|i| self.gap(*i) != Gap::Apart);
        let after = (to..to + reach).take_while(|i| self.gap(*i - 1) != Gap::Apart);
        before.chain(after).any(|i| cues::is(list, self.folded(i)))
    }

    /// Whether the name is a person's: a title goes before, or another name that is none of a place stands beside. `known` says which words
    /// belong to known names.
    pub(super) fn is_person(&self, from: usize, to: usize, known: impl Fn(usize) -> bool) -> bool {
        if self.shouted(from, to) {
            return false;
        }
        let title = from > 0 && self.gap(from - 1) != Gap::Apart && cues::is(cues::TITLES, self.folded(from - 1));
        let name = |i: usize| {
            let word = self.words.get(i);
            word.is_some_and(|word| word.capital && !word.shouted)
                && !known(i)
                && !cues::is(cues::OFFICES, self.folded(i))
        };
        let surname = self.gap(to - 1) == Gap::Open && name(to);
        let placed = self.is_inside(from) && !title;
        title
            || (surname && !placed)
            || (from > 0 && self.gap(from - 1) == Gap::Open && name(from - 1) && !self.begins(from - 1))
    }

    /// Whether a capitalised word that is in no known name stands directly beside: perhaps the name is a part of a longer one.
    pub(super) fn is_in_company(&self, from: usize, to: usize, known: impl Fn(usize) -> bool) -> bool {
        self.is_followed(to, &known)
            || (from > 0
                && self.gap(from - 1) == Gap::Open
                && !known(from - 1)
                && !self.begins(from - 1)
                && self.words.get(from - 1).is_some_and(|word| word.capital && !word.shouted)
                && !cues::is(cues::OFFICES, self.folded(from - 1)))
    }

    /// Whether a capitalised word that is in no known name follows directly.
    pub(super) fn is_followed(&self, to: usize, known: impl Fn(usize) -> bool) -> bool {
        self.gap(to - 1) == Gap::Open
            && !known(to)
            && self.words.get(to).is_some_and(|word| word.capital && !word.shouted)
            && !cues::is(cues::OFFICES, self.folded(to))
    }

    /// Whether a sentence begins with the word, so that its capital says nothing.
    fn begins(&self, i: usize) -> bool {
        i == 0 || self.gap(i - 1) == Gap::Apart
    }
}

/// A verb of the Arabic imperfect whose subject is feminine, as capitals are.
fn feminine_verb(word: &str) -> bool {
    word.starts_with('ت') && word.chars().count() >= 4
}

pub(super) fn folded(word: &str) -> String {
    let mut plain = String::with_capacity(word.len());
    for c in word.chars() {
        fold(c, |c| plain.push(c));
    }
    plain
}

/// The language whose frequent words the line has most of. None where two have as many.
fn language(line: &[String]) -> Option<&'static str> {
    let counts = cues::FREQUENT.map(|(code, list)| (line.iter().filter(|word| cues::is(list, word)).count(), code));
    let most = counts.iter().map(|(count, _)| *count).max().filter(|count| *count > 0)?;
    let mut best = counts.iter().filter(|(count, _)| *count == most);
    let (_, code) = best.next()?;
    best.next().is_none().then_some(*code)
}
