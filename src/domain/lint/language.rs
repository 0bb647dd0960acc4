//! Checks of wording: likelihood in one scale only and apart from confidence, no invisible characters, and no placeholders.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    finding::{Findings, PLACEHOLDER},
    texts::{contains, sentences, words},
};
use crate::domain::{
    body::{Body, Judgement},
    lexicon::{LEXICONS, Lexicon, Measures},
};

pub(super) fn check(found: &mut Findings<'_>) {
    let draft = found.draft;
    for (i, portion) in draft.portions.iter().enumerate() {
        let all = portion.body.texts();
        // What turns or hides is no ASCII.
        let not_ascii = || all.iter().filter(|text| !text.is_ascii());
        if all.iter().any(|text| text.contains(PLACEHOLDER)) {
            let what = format!("a text still says `{PLACEHOLDER}`");
            found.error("placeholder", Some(i), what, "write the text, or remove the portion");
        }
        if not_ascii().any(|text| text.chars().any(turns)) {
            let what = "a text contains characters that change the direction of writing, so it may look different from what it says";
            found.warn("direction-override", Some(i), what, "remove them");
        }
        if not_ascii().any(|text| hides(text)) {
            let what = "a text contains characters without width, so a word in it may differ from what it looks like and can't be searched for";
            found.warn("zero-width", Some(i), what, "remove them");
        }
        if let Body::Judgement(judgement) = &portion.body {
            check_judgement(found, i, judgement);
        }
        if all.iter().any(|text| sentences(text).any(mixes)) {
            let help = "say how sure you are in `confidence`, or in a separate sentence (ICD 203)";
            let what = "one sentence contains both a confidence and a likelihood, and readers confuse the two";
            found.warn("confidence-with-likelihood", Some(i), what, help);
        }
    }
}

/// Embeddings, overrides and isolates of the bidirectional algorithm.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a text contains an invisible character in a place where its script has no use for it.
fn hides(text: &str) -> bool {
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_foreign = |c: Option<char>| c.is_some_and(|c| !c.is_ascii());
        if is_invisible(c) || joins(c) && !(is_foreign(before) && is_foreign(rest.peek().copied())) {
            return true;
        }
        before = Some(c);
    }
    false
}

/// Characters without width that no script needs: soft hyphen, combining grapheme joiner, fillers, zero-width and word-joining spaces, invisible
/// operators, tags.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'
            | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Joiners and direction marks. Arabic, Hebrew, the scripts of India and composed pictures need them. Latin letters never do.
fn joins(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}')
}

/// The word of likelihood in the text must be that of the field.
fn check_judgement(found: &mut Findings<'_>, i: usize, judgement: &Judgement) {
    let text = words(&judgement.text);
    let Some(likelihood) = judgement.likelihood else {
        if let Some(word) = likelihood_words(&text, probabilities()).first() {
            let what = format!("the text says `{word}`, but the judgement has no likelihood");
            found.warn("likelihood-missing", Some(i), what, "write `likelihood`, so that readers see what it means");
        }
        return;
    };
    let Some(told) = likelihood.term() else { return };
    let said = likelihood_words(&text, std::iter::once(told.lexicon()));
    let agrees = said.iter().any(|word| told.term().words.contains(word));
    if let (false, Some(word)) = (agrees, said.first()) {
        let what = format!("the text says `{word}`, but `likelihood` says `{}`", told.term().word());
        found.warn("likelihood-words-differ", Some(i), what, "use the same word in both");
    }
}

fn probabilities() -> impl Iterator<Item = &'static Lexicon> {
    LEXICONS.iter().filter(|lexicon| lexicon.measures == Measures::Probability)
}

const CONFIDENCE: &str = "confidence";

/// Whether a sentence mixes the two, such as "we judge with high confidence that it is likely".
fn mixes(sentence: &str) -> bool {
    // Most sentences contain no word of confidence. This is checked first, because it is fast.
    if !sentence.as_bytes().windows(CONFIDENCE.len()).any(|at| at.eq_ignore_ascii_case(CONFIDENCE.as_bytes())) {
        return false;
    }
    let text = words(sentence);
    let grades = ["low", "moderate", "medium", "high"];
    let confident = text.windows(2).any(|w| matches!(w, [a, b] if grades.contains(&a.as_str()) && b == CONFIDENCE));
    confident && !likelihood_words(&text, probabilities()).is_empty()
}

/// An expression of likelihood, with the words that it is made of.
type Phrase = (&'static str, Vec<String>);

/// The expressions of likelihood of each lexicon, by its id.
static PHRASES: LazyLock<HashMap<&'static str, Vec<Phrase>>> = LazyLock::new(|| {
    let phrases = |lexicon: &'static Lexicon| {
        let all = lexicon.terms.iter().flat_map(|term| term.words.iter().copied());
        all.filter(|word| *word != "remote").map(|word| (word, words(word))).collect()
    };
    LEXICONS.iter().map(|lexicon| (lexicon.id, phrases(lexicon))).collect()
});

/// The words of likelihood in a text, the longest at each place. `remote` alone is left out, because villages are remote too. A word that
/// another word modifies, as in `more likely`, is left out as well.
fn likelihood_words(text: &[String], lexicons: impl Iterator<Item = &'static Lexicon>) -> Vec<&'static str> {
    let mut known: Vec<&Phrase> = lexicons
        .flat_map(|lexicon| PHRASES.get(lexicon.id).into_iter().flatten())
        .filter(|(_, phrase)| contains(text, phrase))
        .collect();
    known.sort_by_key(|(_, phrase)| std::cmp::Reverse(phrase.len()));
    let mut said = Vec::new();
    let mut rest = text;
    let mut before = "";
    while let Some(first) = rest.first() {
        let hit = known.iter().find(|(_, phrase)| rest.starts_with(phrase));
        if let Some((word, _)) = hit
            && !["not", "more", "less", "most", "least", "how", "as"].contains(&before)
        {
            said.push(*word);
        }
        let step = hit.map_or(1, |(_, phrase)| phrase.len());
        before = rest.get(step.saturating_sub(1)).unwrap_or(first);
        rest = rest.get(step..).unwrap_or_default();
    }
    said
}
