//! Folds letters, so that a name is found however its accents, apostrophes and Arabic spellings are written.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use crate::domain::fold::fold_letter;

/// Gives the plain letters for which a letter stands: those of [`fold_letter`], and one form of each Arabic letter. Marks give none.
pub(super) fn fold(c: char, mut give: impl FnMut(char)) {
    match c {
        '\u{600}'..='\u{6ff}' => arabic(c).into_iter().for_each(give),
        'ə' | 'Ə' => give('a'),
        _ => fold_letter(c, give),
    }
}

/// One form for the letters that writers of Arabic, and of keyboards for Persian, use for one another. Vowel signs give nothing.
fn arabic(c: char) -> Option<char> {
    match c {
        'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
        'ة' => Some('ه'),
        'ى' | 'ئ' | 'ی' => Some('ي'),
        'ؤ' => Some('و'),
        'ک' => Some('ك'),
        'ء' | 'ـ' | '\u{64b}'..='\u{65f}' | '\u{670}' => None,
        _ => Some(c),
    }
}

/// Letters that Unicode does not decompose, but that people write without their stroke or in two letters.
fn spelled_out(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ı' => "i",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ħ' => "h",
        'ə' => "a",
        _ => return None,
    })
}

/// Whether the text is spelled as the name is. An accent that the text has must be in the name, because it makes another word; one that the
/// text lacks is forgiven, because keyboards lack it too. Both fold to the same letters.
pub(super) fn spelled_as(text: &str, name: &str) -> bool {
    if text.is_ascii() || text == name {
        return true;
    }
    let (text, name) = (parts(text), parts(name));
    let mut rest = text.as_slice();
    for part in name {
        match rest.split_first() {
            Some((first, after)) if *first == part => rest = after,
            _ if is_combining_mark(part) => {}
            _ => {
                let Some(letters) = spelled_out(part) else { return false };
                let letters: Vec<char> = letters.chars().collect();
                let Some(after) = rest.strip_prefix(letters.as_slice()) else { return false };
                rest = after;
            }
        }
    }
    rest.is_empty()
}

/// Whether an Arabic word bears signs at its end that names lack: doubled, or with the ending of indefinite nouns.
pub(super) fn ends_as_noun(word: &str) -> bool {
    let end = word.trim_end_matches(['\u{64e}', '\u{64f}', '\u{650}', '\u{652}']);
    end.ends_with(['\u{651}', '\u{64b}', '\u{64c}', '\u{64d}']) || end.ends_with("\u{64b}ا")
}

/// Small letters and marks, each by itself. Arabic is folded, since its spellings are all forgiven.
fn parts(text: &str) -> Vec<char> {
    let mut parts = Vec::with_capacity(text.len());
    for c in text
        .chars()
        .filter(|c| c.is_alphanumeric() || is_combining_mark(*c))
        .filter(|c| !super::words::is_apostrophe(*c))
    {
        match c {
            '\u{600}'..='\u{6ff}' => parts.extend(arabic(c)),
            _ => decompose_canonical(c, |part| parts.extend(part.to_lowercase())),
        }
    }
    parts
}

/// A hash of folded words, built word by word. Equal for all spellings of a name that count as one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u64);

impl Key {
    /// Of no word yet.
    pub(super) const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    /// With this letter, already folded, after it.
    #[must_use]
    pub(super) fn letter(self, c: char) -> Self {
        Self((self.0 ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3))
    }

    /// With these letters after it.
    #[must_use]
    pub(super) fn letters(self, text: &str) -> Self {
        let mut key = self;
        for c in text.chars() {
            fold(c, |plain| key = key.letter(plain));
        }
        key
    }

    /// With one form of the Arabic article in Latin letters, if the first word is it: agencies write `El Fasher` and `Al-Fasher`.
    #[must_use]
    pub(super) fn article(self) -> Self {
        if self == Self::EMPTY.letter('e').letter('l') { Self::EMPTY.letter('a').letter('l') } else { self }
    }

    /// The number to look for. Mixed, so that its upper bits differ too.
    pub(super) fn number(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 29)
    }
}
