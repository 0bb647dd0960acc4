//! Escapes text of others, for terminals, for the log, and for errors.

use unicode_normalization::char::canonical_combining_class;

/// The longest text of a partner's program in an error, in characters.
const LONGEST: usize = 1_000;
/// The most combining marks in a row. No language is usually written with more. A longer row takes no more columns, but it covers other lines.
const MOST_MARKS: usize = 4;

/// Makes a partner's text safe for a terminal. Newlines stay. Other control characters, and characters that change the direction of writing,
/// become visible, such as `<U+202E>`. Characters that can't be seen at all are left out, and so are combining marks after the fourth in a row.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.chars().filter(|c| !invisible(*c)) {
        marks = if combines(c) { marks + 1 } else { 0 };
        match c {
            '\n' => out.push('\n'),
            '\t' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' => out.push(' '),
            c if c.is_control() || turns(c) => out.push_str(&format!("<U+{:04X}>", u32::from(c))),
            _ if marks > MOST_MARKS => {}
            c => out.push(c),
        }
    }
    out
}

/// As [`harmless`], in a single line.
pub fn one_line(text: &str) -> String {
    harmless(text).replace('\n', " ")
}

/// Embeddings, overrides and isolates of the bidirectional algorithm.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Marks without a width that are put above, below or around the character before them. Vowel signs of Indic scripts and of Burmese are not
/// among them: a syllable may need many, and they take columns.
fn combines(c: char) -> bool {
    c >= '\u{300}'
        && (canonical_combining_class(c) != 0 || matches!(c, '\u{488}'..='\u{489}' | '\u{20d0}'..='\u{20ff}'))
}

/// Zero-width characters, direction marks, fillers, tags and selectors. They can hide text or make two texts look alike.
fn invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Makes what a partner's program says safe for an error or the log: in a single line, and not longer than a few sentences.
pub fn told(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_deceive_is_shown_or_left_out() {
        assert_eq!(harmless("a\u{202e}b\u{1b}[31mc\td\ne"), "a<U+202E>b<U+001B>[31mc d\ne");
        assert_eq!(harmless("gb\u{200b}.ex\u{feff}ample\u{e0041}"), "gb.example");
        assert_eq!(one_line("a\nb"), "a b");
        assert_eq!(harmless("Côte d’Ivoire, السودان, 苏丹"), "Côte d’Ivoire, السودان, 苏丹");
    }

    #[test]
    fn a_letter_has_only_so_many_marks() {
        let piled = |marks: usize| format!("e{}x", "\u{301}".repeat(marks));
        assert_eq!(harmless(&piled(100_000)), piled(MOST_MARKS));
        assert_eq!(harmless(&piled(100_000).replace("\u{301}", "\u{301}\u{200b}")), piled(MOST_MARKS));
        assert_eq!(harmless(&format!("{0}{0}", piled(9))), format!("{0}{0}", piled(MOST_MARKS)));
        assert_eq!(harmless(&"\u{20dd}".repeat(9)), "\u{20dd}".repeat(MOST_MARKS));
        // Each is written by people: decomposed Vietnamese, Burmese, Hebrew with its points, Arabic.
        let written = ["Vie\u{323}\u{302}t Nam", "လျှော့", "\u{5e9}\u{5c1}\u{5bc}\u{5b8}", "\u{628}\u{651}\u{64e}"];
        assert!(written.iter().all(|text| harmless(text) == *text));
    }

    #[test]
    fn what_a_program_says_is_one_line_and_short() {
        assert_eq!(told("no\n2026-01-01 ERROR forged\u{1b}[2J"), "no 2026-01-01 ERROR forged<U+001B>[2J");
        assert_eq!(told(&"é".repeat(2_000)).chars().count(), LONGEST + 1);
    }

    proptest! {
        #[test]
        fn nothing_that_deceives_survives(text in any::<String>()) {
            prop_assert!(!harmless(&text).chars().any(|c| (c.is_control() && c != '\n') || turns(c) || invisible(c)));
        }
    }
}
