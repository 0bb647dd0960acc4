//! Text broken into lines.

pub use crate::domain::harmless::{harmless, one_line};

/// The approximate number of columns of a text: wide East Asian characters and pictures count two, combining marks none.
pub fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

fn char_columns(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{610}'..='\u{61a}' => 0,
        '\u{64b}'..='\u{65f}' | '\u{20d0}'..='\u{20ff}' => 0,
        '\u{1100}'..='\u{115e}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' => 2,
        '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Breaks a text between words into lines of at most `width` columns, including the indent. Longer words are cut.
pub fn wrap(text: &str, width: usize, indent: &str) -> Vec<String> {
    let room = width.saturating_sub(columns(indent)).max(8);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for piece in paragraph.split_whitespace().flat_map(|word| cut(word, room)) {
            if !line.is_empty() && columns(&line) + 1 + columns(&piece) > room {
                lines.push(format!("{indent}{line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&piece);
        }
        lines.push(if line.is_empty() { String::new() } else { format!("{indent}{line}") });
    }
    lines
}

/// Cuts a word into pieces of at most `room` columns.
fn cut(word: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut taken = 0;
    for c in word.chars() {
        let wide = char_columns(c);
        if taken + wide > room {
            pieces.push(std::mem::take(&mut piece));
            taken = 0;
        }
        taken += wide;
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}

/// The most characters for each column of a text that is shortened. Characters may take no column.
const CHARS_PER_COLUMN: usize = 8;

/// The text in at most `room` columns and 8 characters for each of them. It ends with `…` if it was cut.
pub fn shortened(text: &str, room: usize) -> String {
    let most = room.max(1).saturating_mul(CHARS_PER_COLUMN);
    if columns(text) <= room && text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut taken = 1;
    for c in text.chars().take(most - 1) {
        taken += char_columns(c);
        if taken > room {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three four", 12, "  "), ["  one two", "  three four"]);
        assert_eq!(wrap("a\n\nb", 40, ""), ["a", "", "b"]);
        assert_eq!(wrap("abcdefghijklmnop", 10, "  "), ["  abcdefgh", "  ijklmnop"]);
        assert_eq!(shortened("abcdef", 4), "abc…");
        let piled = format!("a{}", "\u{301}".repeat(100));
        assert_eq!(shortened(&piled, 4), format!("a{}…", "\u{301}".repeat(30)));
        assert_eq!(shortened(&piled, 200), piled);
        // A word of combining marks alone takes no column, and the space after it takes one.
        assert!(wrap("\u{301} abcdefgh", 8, "").iter().all(|line| columns(line) <= 8));
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_word_is_lost(text in "[a-z苏\u{301} \n]{0,300}", width in 12usize..90) {
            let lines = wrap(&text, width, "  ");
            prop_assert!(lines.iter().all(|line| columns(line) <= width));
            let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
