//! Checks of the draft as a whole.

use std::collections::BTreeSet;

use super::finding::Findings;
use crate::domain::{assessment::MAX_DIGESTS, body::Kind, ids::shorten, time::Time};

/// The longest time until a warning expires: ten years with their leap days.
const LONGEST_SECONDS: i64 = 3_653 * 86_400;

pub(super) fn check(found: &mut Findings<'_>, now: Time) {
    let draft = found.draft;
    let has = |kind| draft.of_kind(kind).next().is_some();
    if !has(Kind::Headline) {
        found.error("no-headline", None, "the draft has no headline", "write a portion of kind `headline`");
    }
    if !has(Kind::Subject) {
        let why = "the draft names no subject, so nobody could tell whom it must not reach";
        found.error("no-subject", None, why, "write a portion of kind `subject`");
    }
    let expires = draft.expires.of(now);
    if expires <= now {
        let what = format!("it expires at {expires}, which is in the past");
        found.error("expired", None, what, "set `expires` to a later day");
    }
    if expires > now.plus_seconds(LONGEST_SECONDS) {
        let what = format!("it expires at {expires}, more than ten years from now");
        found.warn("expires-late", None, what, "set `expires` to the day from which nobody should act on it");
    }
    // Room for at least one decoy must be left.
    if draft.portions.len() >= MAX_DIGESTS {
        let what = format!("{} portions are too many", draft.portions.len());
        found.error("too-many-portions", None, what, "split it into several assessments");
    }
    if has(Kind::Judgement) || has(Kind::Forecast) {
        if !has(Kind::Limitation) {
            let help = "write a portion of kind `limitation`: what can the assessment not tell?";
            found.warn("no-limitation", None, "it states no limitation", help);
        }
        if !has(Kind::Alternative) {
            let help = "write a portion of kind `alternative`: how else can the evidence be read?";
            found.warn("no-alternative", None, "it states no alternative", help);
        }
    }
    keys(found);
    bases(found);
    translations(found);
}

/// A translation must say the same as its original, to the same readers.
fn translations(found: &mut Findings<'_>) {
    let draft = found.draft;
    for (i, portion) in draft.portions.iter().enumerate() {
        let Some(key) = &portion.translates_key else { continue };
        if portion.language.is_none() {
            let what = "it is a translation, but its language is missing";
            found.error("translation-without-language", Some(i), what, "write e.g. `language = \"fr\"`");
        }
        let original = draft.by_key(key).filter(|place| *place != i).and_then(|place| draft.portions.get(place));
        let Some(original) = original.filter(|o| o.translates_key.is_none()) else {
            let what = format!("it translates `{}`, but no other original has that key", shorten(key));
            found.error(
                "translation-of-nothing",
                Some(i),
                what,
                "correct `translates`, or give the intended portion that `key`",
            );
            continue;
        };
        if !original.body.says_the_same_in_another_language(&portion.body) {
            let what = format!("it differs in more than text from `{}`, which it translates", shorten(key));
            let help = "repeat its kind and everything that is not text: likelihood, confidence, dates, probability";
            found.error("translation-differs", Some(i), what, help);
        }
        if original.marking != portion.marking {
            let what =
                format!("its marking differs from that of `{}`, so some partners get only one of them", shorten(key));
            found.warn("translation-marked-otherwise", Some(i), what, "give both the same marking");
        }
    }
}

/// Keys must be unique, and every key that is referred to must exist.
fn keys(found: &mut Findings<'_>) {
    let draft = found.draft;
    for (i, portion) in draft.portions.iter().enumerate() {
        if let Some(key) = &portion.key
            && draft.by_key(key) != Some(i)
        {
            let what = format!("another portion also has the key `{}`", shorten(key));
            found.error("duplicate-key", Some(i), what, "give each portion a key of its own");
        }
        for key in portion.rests_on_keys.iter().filter(|key| draft.by_key(key).is_none()) {
            let what = format!("it rests on `{}`, but no portion has that key", shorten(key));
            found.error("unknown-key", Some(i), what, "correct `rests_on`, or give the intended portion that `key`");
        }
    }
}

/// Judgements must rest on something, and in the end on something other than judgements.
fn bases(found: &mut Findings<'_>) {
    let draft = found.draft;
    let grounded = grounded(found);
    for (i, portion) in draft.of_kind(Kind::Judgement) {
        let bases = draft.rests_on(portion);
        if portion.rests_on_keys.is_empty() {
            let help = "name the keys of its evidence in `rests_on`";
            found.error("judgement-without-basis", Some(i), "the judgement rests on nothing", help);
        } else if !bases.is_empty() && !grounded.contains(&i) {
            let help = "name evidence in `rests_on` too";
            found.error(
                "circular-basis",
                Some(i),
                "the judgement rests only on judgements that in the end rest on it",
                help,
            );
        } else if let [only] = bases.as_slice()
            && draft.portions.get(*only).is_some_and(|p| matches!(p.body.kind(), Kind::Evidence | Kind::Source))
        {
            let help = "name further evidence if there is any; two reports from one source count as one";
            found.warn("single-source", Some(i), "the judgement rests on a single piece of evidence", help);
        }
    }
}

/// Portions that are not judgements, and judgements that rest on them directly or through others.
fn grounded(found: &Findings<'_>) -> BTreeSet<usize> {
    let draft = found.draft;
    let all = draft.portions.iter().enumerate();
    let (mut waiting, rest): (Vec<_>, Vec<_>) =
        all.map(|(i, p)| (i, p, draft.rests_on(p))).partition(|(_, p, _)| p.body.kind() == Kind::Judgement);
    let mut grounded: BTreeSet<usize> = rest.into_iter().map(|(i, ..)| i).collect();
    loop {
        let before = waiting.len();
        waiting.retain(|(i, _, bases)| {
            let stands = bases.iter().any(|base| grounded.contains(base));
            if stands {
                grounded.insert(*i);
            }
            !stands
        });
        if waiting.len() == before {
            return grounded;
        }
    }
}
