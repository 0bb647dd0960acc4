//! A tokenizer for the text of rules. It finds the position of a rule or a literal, since Cedar's own tree has no positions.

/// A token of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or a keyword.
    Word(&'a str),
    /// The text between quotation marks, as written.
    Text(&'a str),
    /// A number without its sign.
    Number(&'a str),
    /// The end of a rule.
    End,
}

/// The tokens, each with the offset at which it begins. Comments and all other characters are skipped.
pub(super) fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let (length, token) = match first {
            '/' if rest.starts_with("//") => (rest.find(['\n', '\r']).unwrap_or(rest.len()), None),
            '"' => quoted(rest),
            ';' => (1, Some(Token::End)),
            c if c.is_ascii_digit() => {
                let number = prefix(rest, |c| c.is_ascii_digit());
                (number.len(), Some(Token::Number(number)))
            }
            c if c.is_alphabetic() || c == '_' => {
                let word = prefix(rest, |c| c.is_alphanumeric() || c == '_');
                (word.len(), Some(Token::Word(word)))
            }
            c => (c.len_utf8(), None),
        };
        found.extend(token.map(|token| (at, token)));
        at += length;
    }
    found
}

/// The characters at the beginning of the text that fulfil the condition.
fn prefix(text: &str, is_part: impl Fn(char) -> bool) -> &str {
    text.split(|c| !is_part(c)).next().unwrap_or_default()
}

/// The length of a quoted text with its quotation marks, and its token. A text without an end takes all the rest and is no token.
fn quoted(rest: &str) -> (usize, Option<Token<'_>>) {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return (at + 1, rest.get(1..at).map(Token::Text)),
            _ => {}
        }
    }
    (rest.len(), None)
}

/// Splits a text into rules, each with the offset at which it begins. A rule ends with `;`, and what is left after the last `;` is one too.
pub(super) fn split_rules(text: &str) -> Vec<(usize, &str)> {
    let all = tokens(text);
    let mut begin = 0;
    let mut found = Vec::new();
    for (at, _) in all.iter().filter(|(_, token)| *token == Token::End) {
        found.extend(text.get(begin..at + 1).map(|rule| (begin, rule)));
        begin = at + 1;
    }
    if all.iter().any(|(at, _)| *at >= begin) || text.get(begin..).is_some_and(|rest| rest.contains('"')) {
        found.extend(text.get(begin..).map(|rule| (begin, rule)));
    }
    found
}

/// A position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextPosition {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// The position of an offset in bytes.
pub(super) fn position(text: &str, offset: usize) -> TextPosition {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |n| u32::try_from(n).unwrap_or(u32::MAX);
    TextPosition { line: number(line), column: number(column) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_into_its_rules_whatever_its_strings_and_comments_contain() {
        let text = "// a; b\n@id(\"x;\") forbid (p) when { c.k == \"a\\\";\" };\n  permit (q); // c;\n";
        let all: Vec<_> = split_rules(text).into_iter().map(|(at, rule)| (at, rule.trim())).collect();
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all[0].1.ends_with("};") && all[1].1 == "permit (q);", "{all:?}");
        assert_eq!(split_rules("forbid (p); forbid (q").len(), 2, "text without an end counts as a rule");
        assert_eq!(split_rules("forbid (p); @id(\"open").len(), 2);
        assert!(split_rules("// nothing; here").is_empty());
    }

    #[test]
    fn tokens_stand_where_they_begin() {
        let text = "é // \"no\"\nforbid x == \"é\\\"\" && y >= 12;";
        let all: Vec<_> = tokens(text).into_iter().map(|(at, token)| (position(text, at), token)).collect();
        let at = |line, column| TextPosition { line, column };
        assert_eq!(all[0], (at(1, 1), Token::Word("é")));
        assert_eq!(all[1], (at(2, 1), Token::Word("forbid")));
        assert_eq!(all[3], (at(2, 13), Token::Text("é\\\"")));
        assert_eq!(all[5], (at(2, 27), Token::Number("12")));
        assert_eq!(all[6], (at(2, 29), Token::End));
    }
}
