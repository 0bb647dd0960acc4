//! Words in the texts of portions.

/// The words of a text in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

/// Whether the phrase occurs in the text, word by word. An empty phrase does not.
pub(super) fn contains(text: &[String], phrase: &[String]) -> bool {
    !phrase.is_empty() && text.windows(phrase.len()).any(|w| w == phrase)
}

/// The sentences of a text, roughly: a full stop, question or exclamation mark before a space, or a line's end.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
        .flat_map(|line| line.split_inclusive(". "))
        .flat_map(|part| part.split_inclusive(['?', '!']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_by_whole_words_only() {
        let text = words("Highly-unlikely; in Soum.");
        assert!(contains(&text, &words("highly unlikely")));
        assert!(contains(&text, &words("SOUM")));
        assert!(!contains(&text, &words("likely")));
        assert!(!contains(&text, &words("")));
    }

    #[test]
    fn sentences_end_at_stops_and_lines() {
        let text = "We doubt it. 4.5 percent\nIs it so? It is.";
        let all: Vec<&str> = sentences(text).map(str::trim).filter(|s| !s.is_empty()).collect();
        assert_eq!(all, ["We doubt it.", "4.5 percent", "Is it so?", "It is."]);
    }
}
