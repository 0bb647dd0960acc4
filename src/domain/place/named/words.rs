//! Splits text into the words in which names are looked for.

use unicode_normalization::char::is_combining_mark;

/// How a word is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Script {
    Latin,
    Arabic,
    Cyrillic,
    /// A single sign, because nothing separates words in Chinese.
    Han,
    Other,
}

/// A word of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    /// The byte at which it begins.
    pub(super) start: usize,
    pub(super) script: Script,
    /// It begins with a capital.
    pub(super) capital: bool,
    /// It has at least two letters, and all are capitals.
    pub(super) shouted: bool,
}

impl Word<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// The number of its letters.
    pub(super) fn length(&self) -> usize {
        self.text.chars().filter(|c| !is_combining_mark(*c)).count()
    }
}

/// What stands between two words of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gap {
    /// Nothing, or an apostrophe: one word for the index.
    Closed,
    /// A space, a hyphen, a point of an abbreviation.
    Open,
    /// The same with a comma or a bracket, which belongs to a name only if the name itself has it.
    Marked,
    /// The words belong to different names.
    Apart,
}

/// Marks that writers use for an apostrophe, and for the letters ayn and hamza in Latin script.
pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´' | 'ʼ' | 'ʻ' | 'ʿ' | 'ʾ' | 'ʹ' | '′')
}

/// What words are made of.
pub(super) fn is_letter(c: char) -> bool {
    (c.is_alphanumeric() && !is_apostrophe(c)) || is_combining_mark(c)
}

/// The words of a text, without those of addresses and codes, which are no prose: a code names its state to everybody who knows codes, and
/// the lint tells about codes elsewhere.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut found = Vec::with_capacity(text.len() / 5);
    let mut start = 0;
    for chunk in text.split_inclusive(char::is_whitespace) {
        if !is_address(chunk.trim()) {
            words_of(chunk, start, &mut found);
        }
        start += chunk.len();
    }
    found
}

fn words_of<'t>(chunk: &'t str, offset: usize, found: &mut Vec<Word<'t>>) {
    let mut begun: Option<usize> = None;
    for (at, c) in chunk.char_indices() {
        let inside = is_letter(c);
        let alone = is_han(c);
        if (!inside || alone)
            && let Some(from) = begun.take()
        {
            found.extend(chunk.get(from..at).map(|text| word(text, offset + from)));
        }
        if alone {
            found.extend(chunk.get(at..at + c.len_utf8()).map(|text| word(text, offset + at)));
        } else if inside && begun.is_none() {
            begun = Some(at);
        }
    }
    if let Some(from) = begun {
        found.extend(chunk.get(from..).map(|text| word(text, offset + from)));
    }
}

fn word(text: &str, start: usize) -> Word<'_> {
    let first = text.chars().next().unwrap_or_default();
    let script = match first {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        '\u{600}'..='\u{6ff}' => Script::Arabic,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        c if is_han(c) => Script::Han,
        _ => Script::Other,
    };
    let mut letters = text.chars().filter(|c| c.is_alphabetic());
    let shouted = letters.by_ref().take(2).filter(|c| c.is_uppercase()).count() == 2 && letters.all(char::is_uppercase);
    Word { text, start, script, capital: first.is_uppercase(), shouted }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}')
}

/// Addresses of the web and of mail, file names, and codes of places (`SD-KS`, `M49:011`).
fn is_address(chunk: &str) -> bool {
    let chunk = chunk.trim_matches(|c: char| !c.is_alphanumeric());
    chunk.contains("://")
        || chunk.contains('@')
        || chunk.starts_with("www.")
        || chunk.contains('_')
        || is_host(chunk)
        || is_code(chunk)
}

/// `example.org`, `example.org/page`: a point between small letters without a space, which prose lacks.
fn is_host(chunk: &str) -> bool {
    chunk.split_once('.').is_some_and(|(before, after)| {
        before.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && after.starts_with(|c: char| c.is_ascii_lowercase())
            && after.chars().take_while(char::is_ascii_alphabetic).count() >= 2
    })
}

fn is_code(chunk: &str) -> bool {
    let Some((state, part)) = chunk.split_once('-') else { return chunk.starts_with("M49:") };
    let code = |text: &str| text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    state.len() == 2 && (1..=3).contains(&part.len()) && code(state) && code(part)
}

/// What stands between a word and the next one.
pub(super) fn gap(text: &str, word: &Word<'_>, next: &Word<'_>) -> Gap {
    let between = text.get(word.end()..next.start).unwrap_or("?");
    if between.is_empty() || between.chars().all(is_apostrophe) {
        return if between.chars().count() > 1 { Gap::Apart } else { Gap::Closed };
    }
    if between == " " || between == "-" {
        return Gap::Open;
    }
    if between.chars().count() > 3 || between.matches('\n').count() > 1 {
        return Gap::Apart;
    }
    let mut gap = Gap::Open;
    for c in between.chars() {
        match c {
            ',' | '(' | ')' => gap = Gap::Marked,
            // The point of an abbreviation, and not of a sentence
            '.' if word.length() <= 2 || between == "." => {}
            '-' | '‐' | '‑' | '–' | '·' | '•' if !between.starts_with([' ', '\n']) => {}
            c if c.is_whitespace() || is_apostrophe(c) => {}
            _ => return Gap::Apart,
        }
    }
    gap
}
