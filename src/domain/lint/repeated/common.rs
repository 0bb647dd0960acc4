//! Words that give nothing away: common ones, the names of states and regions, and what the subject itself says.

use std::{collections::HashSet, sync::LazyLock};

use super::freer::Sharing;
use crate::domain::{
    assessment::places_concerned,
    body::{Body, Subject},
    draft::Draft,
    fold::folded_words,
    place::{Country, Place, Region, names_of, rows},
};

/// Words that stand in warnings of any kind.
static COMMON: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let listed = include_str!("../../data/common_words.txt").lines().filter(|line| !line.starts_with('#'));
    let mut all: HashSet<String> = listed.flat_map(folded_words).collect();
    // Which states there are is no secret. A state that is no subject is a finding of its own.
    all.extend(Country::all().flat_map(|country| folded_words(country.name())));
    all.extend(Region::all().flat_map(|region| folded_words(region.name())));
    let translated = rows(include_str!("../../data/place_names.tsv")).filter_map(|line| {
        let (code, rest) = line.split_once('\t')?;
        Some(rest.split_once('\t')?.1).filter(|_| !code.contains('-'))
    });
    all.extend(translated.flat_map(folded_words));
    for (name, _) in rows(include_str!("../../data/aliases.tsv")).filter_map(|line| line.split_once('\t')) {
        all.extend(folded_words(name));
    }
    all
});

/// Whether a folded word is too common to tell anything.
pub(super) fn is_common(word: &str) -> bool {
    COMMON.contains(word)
}

/// What the subjects say: their places to everybody, and the rest to those who get the subject.
pub(super) struct Said {
    places: HashSet<String>,
    /// For each way in which subjects are shared one subject's portion, and the words of the groups, actors and periods.
    rest: Vec<(usize, HashSet<String>)>,
}

impl Said {
    pub fn by(draft: &Draft, sharing: &Sharing<'_>) -> Self {
        let subjects = || {
            draft.portions.iter().enumerate().filter_map(|(i, portion)| match &portion.body {
                Body::Subject(subject) => Some((i, subject)),
                _ => None,
            })
        };
        let mut places = HashSet::new();
        let named: HashSet<Place> = subjects().flat_map(|(_, subject)| places_concerned(subject)).collect();
        for place in named.into_iter().filter(|place| matches!(place, Place::Subdivision(_))) {
            places.extend(names_of(place).into_iter().flat_map(|(_, name)| folded_words(name)));
            places.extend(folded_words(place.name()));
        }
        let mut rest: Vec<(usize, HashSet<String>)> = vec![];
        for (i, subject) in subjects() {
            match rest.iter_mut().find(|(other, _)| sharing.class(*other) == sharing.class(i)) {
                Some((_, words)) => words.extend(words_of(subject)),
                None => rest.push((i, words_of(subject))),
            }
        }
        Self { places, rest }
    }

    /// Whether everybody who reads the portion reads this word in the subject, too.
    pub fn says(&self, sharing: &Sharing<'_>, portion: usize, word: &str) -> bool {
        let read_too = |subject: usize| !sharing.is_freer(portion, subject);
        self.places.contains(word) || self.rest.iter().any(|(i, words)| words.contains(word) && read_too(*i))
    }
}

fn words_of(subject: &Subject) -> HashSet<String> {
    let Subject { groups, actors, period, .. } = subject;
    let names = groups.iter().map(String::as_str).chain(actors.iter().map(|actor| actor.name.as_str()));
    let days = [period.from.to_string(), period.until.to_string()];
    names.flat_map(folded_words).chain(days.iter().flat_map(|day| folded_words(day))).collect()
}
