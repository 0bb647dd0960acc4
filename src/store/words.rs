//! The index of words: of each arrival, the keyed tokens of the words that its portions have. The words themselves are not stored.
//!
//! The tokens of one arrival are hashed with a salt of their own, so that the same word has other tokens elsewhere. Somebody who has the file
//! and not the storage key learns how many words an arrival has, rounded up to a [`BLOCK`].

use std::collections::HashSet;

use super::{
    Result,
    vault::{TOKEN_LEN, Vault},
};
use crate::{
    domain::{
        assessment::Portion,
        body::{Body, Mandate},
        fold::folded_words,
        place::Place,
    },
    seal::random,
    wire,
};

/// The length of the salt, in bytes.
const SALT_LEN: usize = 16;
/// The tokens are filled up to a multiple of so many.
const BLOCK: usize = 32;

/// The words of a portion: of its texts, and of the codes and names of its places.
fn words_of(portion: &Portion) -> impl Iterator<Item = String> {
    let body = &portion.body;
    let places = places_of(body).into_iter().flat_map(|place| [place.to_string(), place.name().to_owned()]);
    let texts = body.texts().into_iter().map(str::to_owned).chain(more_of(body)).chain(places);
    texts.flat_map(|text| folded_words(&text))
}

fn places_of(body: &Body) -> Vec<Place> {
    match body {
        Body::Subject(subject) => {
            let states = subject.actors.iter().filter_map(|actor| actor.state).map(Place::Country);
            subject.places.iter().copied().chain(states).collect()
        }
        Body::Forecast(forecast) => forecast.places.clone(),
        Body::Evidence(evidence) => evidence.r#where.into_iter().collect(),
        _ => vec![],
    }
}

/// Texts that are not among [`Body::texts`].
fn more_of(body: &Body) -> Vec<String> {
    let role = |mandate: &Mandate| mandate.to_string();
    match body {
        Body::Subject(subject) => subject.addressed_to.iter().map(role).collect(),
        Body::Recommendation(recommendation) => recommendation.addressee.iter().map(role).collect(),
        Body::Forecast(forecast) => {
            let outcomes =
                forecast.options.iter().flat_map(|options| options.each.iter().map(|(text, _)| text.clone()));
            outcomes.chain([forecast.condition.clone()]).collect()
        }
        _ => vec![],
    }
}

/// The words of encoded portions, each once. Unreadable portions have none.
fn words_in(encodings: &[Vec<u8>]) -> HashSet<String> {
    let mut words = HashSet::new();
    for portion in encodings.iter().filter_map(|bytes| wire::portion::decode(bytes).ok()) {
        words.extend(words_of(&portion));
    }
    words
}

/// The tokens of the words of an arrival's encoded portions: a salt, then the tokens, ascending.
///
/// # Errors
/// [`StoreError::Failed`](super::StoreError::Failed) if the operating system has no random bytes.
pub(super) fn tokens(vault: &Vault, encodings: &[Vec<u8>]) -> Result<Vec<u8>> {
    let salt = random::bytes::<SALT_LEN>()?;
    let words = words_in(encodings);
    let missing = words.len().max(1).next_multiple_of(BLOCK) - words.len();
    // No word has such a character.
    let filler = (0..missing).map(|n| format!("\0{n}"));
    let mut tokens: Vec<[u8; TOKEN_LEN]> =
        words.into_iter().chain(filler).map(|word| vault.word_token(&salt, &word)).collect();
    tokens.sort_unstable();
    Ok([&salt[..], tokens.as_flattened()].concat())
}

/// Which of the wanted words a version has, over all its arrivals that were looked at.
pub(super) struct WordMatch<'a> {
    wanted: &'a [String],
    found: Vec<bool>,
}

impl<'a> WordMatch<'a> {
    /// Nothing was looked at yet.
    pub(super) fn new(wanted: &'a [String]) -> Self {
        Self { wanted, found: vec![false; wanted.len()] }
    }

    /// Looks at the tokens of an arrival.
    pub(super) fn add_tokens(&mut self, vault: &Vault, tokens: &[u8]) {
        let Some((salt, tokens)) = tokens.split_at_checked(SALT_LEN) else { return };
        let (tokens, _) = tokens.as_chunks::<TOKEN_LEN>();
        for (found, word) in self.found.iter_mut().zip(self.wanted) {
            *found = *found || tokens.binary_search(&vault.word_token(salt, word)).is_ok();
        }
    }

    /// Looks at the encoded portions of an arrival.
    pub(super) fn add_portions(&mut self, encodings: &[Vec<u8>]) {
        let words = words_in(encodings);
        for (found, word) in self.found.iter_mut().zip(self.wanted) {
            *found = *found || words.contains(word);
        }
    }

    /// Whether all wanted words were found.
    pub(super) fn is_whole(&self) -> bool {
        self.found.iter().all(|found| *found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{seal::at_rest::KEY_LEN, store::title::tests::headline};

    fn has(vault: &Vault, tokens: &[&[u8]], wanted: &[&str]) -> bool {
        let wanted: Vec<String> = wanted.iter().map(|word| (*word).to_owned()).collect();
        let mut all = WordMatch::new(&wanted);
        tokens.iter().for_each(|tokens| all.add_tokens(vault, tokens));
        all.is_whole()
    }

    #[test]
    fn the_tokens_of_an_arrival_have_its_words_and_no_other() {
        let (vault, other) = (Vault::new(&[7; KEY_LEN]), Vault::new(&[8; KEY_LEN]));
        let portions = [headline("Massacre à Djibo"), headline("Des villages brûlés"), b"no portion".to_vec()];
        let kept = tokens(&vault, &portions).unwrap();
        for wanted in [&["djibo"][..], &["massacre", "villages"], &["brules"], &["a"]] {
            assert!(has(&vault, &[&kept], wanted), "{wanted:?}");
            assert!(!has(&other, &[&kept], wanted), "{wanted:?}");
            let wanted: Vec<String> = wanted.iter().map(|word| (*word).to_owned()).collect();
            let mut read = WordMatch::new(&wanted);
            read.add_portions(&portions);
            assert!(read.is_whole());
        }
        for wanted in [&["djib"][..], &["djibo", "bamako"], &["\0", "djibo"]] {
            assert!(!has(&vault, &[&kept], wanted), "{wanted:?}");
        }
        let more = tokens(&vault, &[headline("Bamako")]).unwrap();
        assert!(has(&vault, &[&kept, &more], &["djibo", "bamako"]), "the words of all ways count together");
        for torn in [&[][..], &kept[..SALT_LEN - 1], &kept[..SALT_LEN]] {
            assert!(!has(&vault, &[torn], &["djibo"]));
        }
    }

    #[test]
    fn the_same_words_have_other_tokens_elsewhere_and_their_number_is_rounded() {
        let vault = Vault::new(&[7; KEY_LEN]);
        let of = |text: &str| tokens(&vault, &[headline(text)]).unwrap();
        let (one, other) = (of("Djibo"), of("Djibo"));
        let set = |tokens: &[u8]| tokens[SALT_LEN..].chunks(TOKEN_LEN).map(<[u8]>::to_vec).collect::<HashSet<_>>();
        assert!(set(&one).is_disjoint(&set(&other)));
        assert_eq!((one.len(), set(&one).len()), (SALT_LEN + BLOCK * TOKEN_LEN, BLOCK));
        assert_eq!(tokens(&vault, &[]).unwrap().len(), one.len());
        assert_eq!(of("a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6").len(), one.len());
        assert!(of("a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6 7").len() > one.len());
    }
}
