//! Folds texts for comparison: without case, diacritics and compatibility forms, so that `Éthiopie` and `ethiopie` are the same.

use std::{ops::Range, sync::LazyLock};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_segmentation::UnicodeSegmentation;

/// The folded form of a text.
///
/// It is decomposed for compatibility (NFKD), its letters are small, and marks on letters are left out, which includes Arabic and Hebrew
/// vowel signs. Letters with a stroke and ligatures have no decomposition in Unicode, so they are listed here.
pub fn folded(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    // Most texts are nearly all ASCII, whose folded form needs no tables. Each letter folds by itself, so a text can be cut anywhere.
    while !rest.is_empty() {
        let (plain, from) = rest.split_at(rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len()));
        let (other, after) = from.split_at(from.find(|c: char| c.is_ascii()).unwrap_or(from.len()));
        out.extend(plain.chars().map(|c| c.to_ascii_lowercase()));
        fold_into(&mut out, other);
        rest = after;
    }
    out
}

/// Folds any text, and appends it.
fn fold_into(out: &mut String, text: &str) {
    text.chars().for_each(|c| fold_letter(c, |letter| out.push(letter)));
}

/// Gives the folded letters for which one letter stands. A mark and an invisible character give none.
pub fn fold_letter(c: char, mut give: impl FnMut(char)) {
    match c {
        '\0'..='\x7f' => give(c.to_ascii_lowercase()),
        '\u{4e00}'..='\u{9fff}' => give(c),
        _ => match usize::try_from(u32::from(c)).ok().and_then(|code| FREQUENT.get(code)) {
            Some(letters) => letters.iter().filter(|letter| **letter != NO_LETTER).copied().for_each(give),
            None => fold_by_tables(c, give),
        },
    }
}

/// No folded letter is this one.
const NO_LETTER: char = '\0';

/// The folded letters of Latin, Greek, Cyrillic, Hebrew and Arabic, by their code. Folding by Unicode's tables takes some ten times as long.
static FREQUENT: LazyLock<Vec<[char; 4]>> = LazyLock::new(|| {
    let folded = |code: u32| {
        let (mut letters, mut count) = ([NO_LETTER; 4], 0);
        fold_by_tables(char::from_u32(code)?, |letter| {
            if let Some(place) = letters.get_mut(count) {
                *place = letter;
            }
            count += 1;
        });
        // INVARIANT: none of these has more letters; the tests compare each.
        (count <= letters.len()).then_some(letters)
    };
    (0..0x700).map_while(folded).collect()
});

/// Folds a letter by Unicode's tables.
fn fold_by_tables(c: char, mut give: impl FnMut(char)) {
    // Capitals first: `ß` has none of its own and becomes `ss`, and both forms of a small sigma become one.
    let small = std::iter::once(c).nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    for letter in small.nfkd().filter(|c| !is_combining_mark(*c)) {
        match letter {
            'æ' => "ae".chars().for_each(&mut give),
            'œ' => "oe".chars().for_each(&mut give),
            'ø' => give('o'),
            'đ' | 'ð' => give('d'),
            'ħ' => give('h'),
            'ı' => give('i'),
            'ł' => give('l'),
            'ŧ' => give('t'),
            'þ' => "th".chars().for_each(&mut give),
            // The Arabic line that only stretches a word, and characters that nobody sees.
            'ـ'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}' => {}
            letter => give(letter),
        }
    }
}

/// The folded words of a text, in its order.
///
/// Words are those of Unicode (UAX #29), so that Chinese characters are words of their own. An apostrophe, a low line, and a full stop between
/// letters end a word, too: `l'armée` has the words `l` and `armee`, and `report.pdf` has `report` and `pdf`.
pub fn folded_words(text: &str) -> Vec<String> {
    words_of(&folded(text)).map(|(_, word)| word.to_owned()).collect()
}

/// The folded words of a text, each with the bytes of the text that it stands for.
pub fn folded_words_at(text: &str) -> Vec<(String, Range<usize>)> {
    let (mut folded, mut origins) = (String::with_capacity(text.len()), Vec::with_capacity(text.len()));
    for (at, letter) in text.char_indices() {
        let begin = folded.len();
        match letter.is_ascii() {
            true => folded.push(letter.to_ascii_lowercase()),
            false => fold_into(&mut folded, letter.encode_utf8(&mut [0; 4])),
        }
        if folded.len() > begin {
            origins.push((begin, at, at + letter.len_utf8()));
        }
    }
    let origin = |place: usize| origins.get(origins.partition_point(|(begin, ..)| *begin <= place).saturating_sub(1));
    let whole = |(at, word): (usize, &str)| {
        let begin = origin(at).map_or(0, |(_, from, _)| *from);
        let end = origin(at + word.len().saturating_sub(1)).map_or(begin, |(_, _, until)| *until);
        (word.to_owned(), begin..end)
    };
    words_of(&folded).map(whole).collect()
}

/// The words of a folded text, each with its place.
fn words_of(folded: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = folded.unicode_word_indices().flat_map(|(at, word)| {
        let has_letters = word.contains(char::is_alphabetic);
        let ends = move |c: char| matches!(c, '\'' | '’' | 'ʼ' | '_') || (c == '.' && has_letters);
        word.split_inclusive(ends).scan(at, move |next, piece| {
            let begin = *next;
            *next += piece.len();
            Some((begin, piece.strip_suffix(ends).unwrap_or(piece)))
        })
    });
    words.filter(|(_, word)| word.contains(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_folds_as_the_tables_say() {
        for c in (0..0x1_1000).filter_map(char::from_u32).filter(|c| *c != NO_LETTER) {
            let (mut fast, mut by_tables) = (String::new(), String::new());
            fold_letter(c, |letter| fast.push(letter));
            fold_by_tables(c, |letter| by_tables.push(letter));
            assert_eq!(fast, by_tables, "{c:?}");
        }
    }

    #[test]
    fn case_marks_and_forms_of_a_letter_do_not_count() {
        for (one, other) in [
            ("Éthiopie", "ethiopie"),
            ("CÔTE D’IVOIRE", "côte d’ivoire"),
            ("Straße", "STRASSE"),
            ("ΣΟΦΟΣ", "σοφος"),
            ("Łódź", "lodz"),
            ("Ｍａｌｉ", "mali"),
            ("أفريقيا", "افريقيا"),
            ("مُحَمَّد", "محمـد"),
            ("Ðạo", "dao"),
            ("İzmir", "izmir"),
        ] {
            assert_eq!(folded(one), folded(other));
        }
        assert_ne!(folded("Niger"), folded("Nigeria"));
    }

    #[test]
    fn words_are_those_of_the_language_and_apostrophes_end_them() {
        assert_eq!(folded_words("L’armée n'a PAS tiré; 3.5 km."), ["l", "armee", "n", "a", "pas", "tire", "3.5", "km"]);
        assert_eq!(folded_words("South-Kordofan, report_2.pdf"), ["south", "kordofan", "report", "2", "pdf"]);
        assert_eq!(folded_words("mass\u{ad}acre kil\u{200b}ling"), ["massacre", "killing"]);
        assert_eq!(folded_words("西非"), ["西", "非"]);
        assert_eq!(folded_words(" … — "), Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn ascii_within_a_text_folds_as_the_tables_say(text in "[a-zA-Z .é\u{301}ÅßßΣσ한글ﬁ½أ-]*") {
            let mut by_tables = String::new();
            text.chars().for_each(|c| fold_by_tables(c, |letter| by_tables.push(letter)));
            proptest::prop_assert_eq!(folded(&text), by_tables);
        }

        #[test]
        fn any_text_folds_as_the_tables_say(text: String) {
            let mut by_tables = String::new();
            text.chars().for_each(|c| fold_by_tables(c, |letter| by_tables.push(letter)));
            proptest::prop_assert_eq!(folded(&text), by_tables);
        }

        #[test]
        fn folding_is_done_once(text: String) {
            let once = folded(&text);
            proptest::prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn each_word_stands_where_it_is_said_to(text: String) {
            let placed = folded_words_at(&text);
            let words: Vec<&str> = placed.iter().map(|(word, _)| word.as_str()).collect();
            proptest::prop_assert_eq!(words, folded_words(&text));
            for (word, at) in &placed {
                proptest::prop_assert!(folded(&text[at.clone()]).contains(word.as_str()));
            }
        }

        #[test]
        fn the_words_of_a_word_are_itself(text in "[a-zA-ZéÅßأ'’_.,: 0-9西-]*") {
            for word in folded_words(&text) {
                proptest::prop_assert_eq!(folded_words(&word), vec![word]);
            }
        }
    }
}
