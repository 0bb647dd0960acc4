//! The words of a text as the search for repetitions sees them: folded, with their place, their capitals and what stands between them.

use std::ops::Range;

use crate::domain::fold::folded_words_at;

/// A word of a text.
#[derive(Debug)]
pub(super) struct Word {
    /// Folded, with the digits of all scripts as ASCII ones.
    pub folded: String,
    /// Where it stands in the text, in bytes.
    pub at: Range<usize>,
    /// Whether it begins with a capital.
    pub is_capital: bool,
    /// Whether a sentence, a line or a quotation begins with it.
    pub opens: bool,
    /// Whether nothing but a space, a hyphen or an apostrophe stands between the word before and this one.
    pub is_near: bool,
    /// Whether a hyphen or a slash joins it to the word before.
    pub is_joined: bool,
    /// Whether its script has no spaces between words, so that each sign is a word.
    pub is_sign: bool,
}

/// A text that an author wrote.
#[derive(Debug)]
pub(super) struct Text<'d> {
    pub raw: &'d str,
    pub words: Vec<Word>,
    /// Whether capitals distinguish words in it. They don't in a script without them, in capitals only, and in small letters only.
    pub has_case: bool,
    /// Whether it looks like German, which writes all nouns with capitals.
    pub is_german: bool,
}

impl<'d> Text<'d> {
    pub fn new(raw: &'d str) -> Self {
        let mut before = 0;
        let words: Vec<Word> = folded_words_at(raw)
            .into_iter()
            .map(|(folded, at)| {
                let gap = raw.get(before..at.start).unwrap_or_default();
                let word = word(raw, gap, before == 0, folded, at);
                before = word.at.end.max(before);
                word
            })
            .collect();
        let german = ["der", "die", "das", "und", "ist", "nicht", "von", "im", "wurde", "wurden", "den", "dem"];
        let is_german = words.iter().filter(|word| german.contains(&word.folded.as_str())).count() >= 2;
        let (capitals, small) = (raw.chars().any(char::is_uppercase), raw.chars().any(char::is_lowercase));
        Self { raw, has_case: capitals && small, is_german, words }
    }

    pub fn word(&self, i: usize) -> Option<&Word> {
        self.words.get(i)
    }

    /// The words at these places.
    pub fn words_at(&self, at: Range<usize>) -> &[Word] {
        self.words.get(at).unwrap_or_default()
    }
}

fn word(raw: &str, gap: &str, is_first: bool, folded: String, at: Range<usize>) -> Word {
    let letters = raw.get(at.clone()).unwrap_or_default();
    let ends = |c: char| {
        matches!(c, '.' | '!' | '?' | ':' | ';' | '…' | '\n' | '؟' | '。' | '"' | '“' | '”' | '„' | '«' | '»' | '•')
    };
    let between = |c: char| c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '\'' | '’' | 'ʼ' | '/');
    Word {
        is_capital: letters.starts_with(char::is_uppercase),
        opens: is_first || gap.contains(ends),
        is_near: !is_first && gap.chars().count() <= 3 && gap.chars().all(between),
        is_joined: matches!(gap, "-" | "‐" | "‑" | "/"),
        is_sign: folded.chars().any(is_sign),
        folded: folded.chars().map(|c| digit(c).unwrap_or(c)).collect(),
        at,
    }
}

/// Signs of scripts that put no spaces between words.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// The ASCII digit for one of Arabic, Persian, Devanagari or Bengali.
fn digit(c: char) -> Option<char> {
    let zero =
        ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}'].into_iter().find(|zero| (*zero..).take(10).any(|d| d == c))?;
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_their_place_and_what_is_between_them() {
        let text = Text::new("Said: Halima Djouma, of SOUM-4. ٤١ in Ｔawila");
        let all: Vec<(&str, bool, bool, bool)> =
            text.words.iter().map(|w| (w.folded.as_str(), w.is_capital, w.opens, w.is_near)).collect();
        assert_eq!(
            all,
            [
                ("said", true, true, false),
                ("halima", true, true, false),
                ("djouma", true, false, true),
                ("of", false, false, false),
                ("soum", true, false, true),
                ("4", false, false, true),
                ("41", false, true, false),
                ("in", false, false, true),
                ("tawila", true, false, true),
            ]
        );
        assert!(text.has_case && !Text::new("SOUM IN DANGER").has_case && !Text::new("الممرضة حليمة").has_case);
        assert_eq!(&text.raw[text.words[8].at.clone()], "Ｔawila");
    }
}
