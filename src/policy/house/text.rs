//! The text of rules, as far as it takes to tell where something stands: Cedar's own tree keeps no places.

/// What may be looked for in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A name or a keyword.
    Word(&'a str),
    /// What stands between quotation marks, as written.
    Text(&'a str),
    /// A number without its sign.
    Number(&'a str),
    /// The end of a rule.
    End,
}

/// The tokens with where each begins. Comments and all other signs are passed over.
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
                let number = beginning(rest, |c| c.is_ascii_digit());
                (number.len(), Some(Token::Number(number)))
            }
            c if c.is_alphabetic() || c == '_' => {
                let word = beginning(rest, |c| c.is_alphanumeric() || c == '_');
                (word.len(), Some(Token::Word(word)))
            }
            c => (c.len_utf8(), None),
        };
        found.extend(token.map(|token| (at, token)));
        at += length;
    }
    found
}

fn beginning(text: &str, is_part: impl Fn(char) -> bool) -> &str {
    text.split(|c| !is_part(c)).next().unwrap_or_default()
}

/// How long the text between quotation marks is with them. One that does not end takes all the rest.
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

/// Each rule of a text by itself, with where it begins: whatever ends with `;`, and what is left after the last one.
pub(super) fn pieces(text: &str) -> Vec<(usize, &str)> {
    let all = tokens(text);
    let mut begin = 0;
    let mut found = Vec::new();
    for (at, _) in all.iter().filter(|(_, token)| *token == Token::End) {
        found.extend(text.get(begin..at + 1).map(|piece| (begin, piece)));
        begin = at + 1;
    }
    if all.iter().any(|(at, _)| *at >= begin) || text.get(begin..).is_some_and(|rest| rest.contains('"')) {
        found.extend(text.get(begin..).map(|piece| (begin, piece)));
    }
    found
}

/// A place in a text: line and column, both from 1, columns in characters.
pub(super) type Place = (u32, u32);

/// Where an offset stands.
pub(super) fn line_and_column(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_its_rules_whatever_stands_in_strings_and_comments() {
        let text = "// a; b\n@id(\"x;\") forbid (p) when { c.k == \"a\\\";\" };\n  permit (q); // c;\n";
        let all: Vec<_> = pieces(text).into_iter().map(|(at, piece)| (at, piece.trim())).collect();
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(all[0].1.ends_with("};") && all[1].1 == "permit (q);", "{all:?}");
        assert_eq!(pieces("forbid (p); forbid (q").len(), 2, "what has no end is a piece too");
        assert_eq!(pieces("forbid (p); @id(\"open").len(), 2);
        assert!(pieces("// nothing; here").is_empty());
    }

    #[test]
    fn tokens_stand_where_they_begin() {
        let text = "é // \"no\"\nforbid x == \"é\\\"\" && y >= 12;";
        let all: Vec<_> = tokens(text).into_iter().map(|(at, token)| (line_and_column(text, at), token)).collect();
        assert_eq!(all[0], ((1, 1), Token::Word("é")));
        assert_eq!(all[1], ((2, 1), Token::Word("forbid")));
        assert_eq!(all[3], ((2, 13), Token::Text("é\\\"")));
        assert_eq!(all[5], ((2, 27), Token::Number("12")));
        assert_eq!(all[6], ((2, 29), Token::End));
    }
}
