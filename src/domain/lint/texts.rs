//! The texts of a portion, and words in them.

use crate::domain::body::Body;

/// All texts that the author wrote freely.
pub(super) fn texts(body: &Body) -> Vec<&str> {
    match body {
        Body::Headline { text }
        | Body::Source { text }
        | Body::Limitation { text }
        | Body::Alternative { text, .. }
        | Body::Gap { text }
        | Body::Narrative { text }
        | Body::Endorsement { text } => vec![text],
        Body::Subject(s) => {
            s.groups.iter().map(String::as_str).chain(s.actors.iter().map(|a| a.name.as_str())).collect()
        }
        Body::Judgement(j) => vec![&j.text, &j.confidence_reason],
        Body::Forecast(f) => {
            let rate = f.base_rate.as_ref().map(|b| b.source.as_str());
            [&f.question, &f.event, &f.resolves.source, &f.method].into_iter().map(String::as_str).chain(rate).collect()
        }
        Body::Indicator(i) => vec![&i.note],
        Body::Evidence(e) => vec![&e.what, &e.custody],
        Body::Recommendation(r) => vec![&r.text],
        Body::Attachment(a) => vec![&a.name],
    }
}

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
