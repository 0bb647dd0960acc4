//! What is protected in one part and said again in a part that more partners get: a name, a number, a date with its hour, a quotation, or five
//! words in a row. It is a slip that no rule of release sees, because each part goes where its marking says.
//!
//! It compares folded words. What the subject says, common words and round numbers do not count.

mod common;
mod freer;
mod items;
mod matches;
mod moments;
mod words;

pub use freer::Readership;

use std::collections::BTreeMap;

use self::{
    freer::{MAX_CLASSES, Sharing},
    matches::{Match, Texts, matches},
};
use super::finding::{Findings, Passage};

/// The most pairs of portions that are told.
const MAX_TOLD: usize = 20;

pub(super) fn check(found: &mut Findings<'_>, readership: Option<&Readership>) {
    let draft = found.draft;
    let Some(sharing) = Sharing::of(draft, readership) else {
        let what = format!(
            "its parts have more than {MAX_CLASSES} different readerships, so nobody can say what is repeated to whom"
        );
        let told = (what, "give fewer different markings; an officer may accept it");
        found.officer("said-lower-too", None, told, vec![]);
        return;
    };
    if !(0..draft.portions.len()).any(|i| sharing.is_held(i)) {
        return;
    }
    let texts = Texts::of(draft);
    let mut pairs: BTreeMap<(usize, usize), Vec<Match>> = BTreeMap::new();
    for found in matches(draft, &texts, &sharing) {
        pairs.entry((found.free.portion, found.held.portion)).or_default().push(found);
    }
    for ((free, held), all) in pairs.into_iter().take(MAX_TOLD) {
        let Some(first) = all.iter().min_by_key(|found| found.sort) else { continue };
        let (who, are_many) = sharing.gainers(free, held);
        let verb = if are_many { "do" } else { "does" };
        let more = if all.len() > 1 { format!(" and {} more", all.len() - 1) } else { String::new() };
        let sort = first.sort.words();
        let what = format!(
            "{who} would read {sort}{more} of a part that {who_not} not get ({readers})",
            who_not = they(are_many, verb),
            readers = sharing.readers(held)
        );
        let passage = |portion: usize, text: String| Passage { portion, readers: sharing.readers(portion), text };
        let passages = vec![passage(held, texts.excerpt(&first.held)), passage(free, texts.excerpt(&first.free))];
        let help = "reword it, or give it the marking of the other part; only an officer may accept it";
        found.officer("said-lower-too", Some(free), (what, help), passages);
    }
}

fn they(are_many: bool, verb: &str) -> String {
    format!("{} {verb}", if are_many { "they" } else { "it" })
}
