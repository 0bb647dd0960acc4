//! Headlines. Each reader gets the most informative one that it may have. So a headline with a low marking must not contain what a portion
//! with a higher marking protects.

use super::{
    finding::Findings,
    texts::{contains, words},
};
use crate::domain::{
    assessment::states_of,
    body::{Body, Kind},
    draft::DraftPortion,
    ids::shorten,
    marking::Tlp,
    place::{NamedBy, Place, states_named},
};

/// The longest headline, characters. It must fit into one line of a list.
const LONGEST: usize = 300;

pub(super) fn check(found: &mut Findings<'_>) {
    long(found);
    under_marked(found);
    telling(found);
}

/// Finds headlines that are too long.
fn long(found: &mut Findings<'_>) {
    let draft = found.draft;
    for (i, headline) in draft.of_kind(Kind::Headline) {
        let Body::Headline { text } = &headline.body else { continue };
        let length = text.chars().count();
        if length > LONGEST {
            let what = format!("the headline has {length} characters, more than {LONGEST}");
            found.warn("headline-long", Some(i), what, "shorten it, and write the rest as a narrative");
        }
    }
}

/// Finds a headline whose marking is lower than that of everything it summarises, unless there is a second headline with a higher one.
fn under_marked(found: &mut Findings<'_>) {
    let draft = found.draft;
    let levels = |wanted: fn(Kind) -> bool| {
        let all = draft.portions.iter().filter(move |p| wanted(p.body.kind()));
        all.map(|p| p.marking.tlp)
    };
    let summarised =
        |kind| matches!(kind, Kind::Judgement | Kind::Forecast | Kind::Indicator | Kind::Evidence | Kind::Narrative);
    let lowest = levels(summarised).min().or_else(|| levels(|kind| kind != Kind::Headline).min());
    let (Some(lowest), Some(highest)) = (lowest, levels(|kind| kind == Kind::Headline).max()) else { return };
    if highest >= lowest {
        return;
    }
    if let Some((i, headline)) = draft.of_kind(Kind::Headline).find(|(_, p)| p.marking.tlp == highest) {
        let what =
            format!("the headline is {}, but everything that it summarises is {lowest} or above", headline.marking.tlp);
        let help = "raise it, or write a second headline at that level and keep this one as the alternative";
        found.error("headline-under-marked", Some(i), what, help);
    }
}

/// Finds headlines that contain a name from a subject with a higher marking.
fn telling(found: &mut Findings<'_>) {
    let draft = found.draft;
    for (i, headline) in draft.of_kind(Kind::Headline) {
        let Body::Headline { text } = &headline.body else { continue };
        if let Some(name) =
            draft.portions.iter().find_map(|p| name_of_higher_subject(text, headline.marking.tlp, p, found))
        {
            let what = format!("it names `{}`, which only a subject with a higher marking names", shorten(&name));
            found.warn("headline-tells-more", Some(i), what, "reword the headline, or raise its level");
        }
    }
}

/// A name from that subject that the text contains, if the subject is marked higher than the text.
fn name_of_higher_subject(text: &str, level: Tlp, portion: &DraftPortion, found: &Findings<'_>) -> Option<String> {
    let Body::Subject(subject) = &portion.body else { return None };
    if portion.marking.tlp <= level {
        return None;
    }
    let states = states_of(subject, found.now, found.draft.expires.of(found.now));
    let is_own = |how| matches!(how, NamedBy::Country | NamedBy::People);
    let named = states_named(text, &[]).into_iter();
    let mut named = named.filter(|n| is_own(n.how) && n.states.iter().any(|state| states.contains(state)));
    if let Some(naming) = named.next() {
        return text.get(naming.text).map(str::to_owned);
    }
    let text = words(text);
    let parts = subject.places.iter().filter(|p| matches!(p, Place::Subdivision(_))).map(|p| p.name());
    let others = subject.groups.iter().map(String::as_str).chain(subject.actors.iter().map(|a| a.name.as_str()));
    parts.chain(others).find(|name| contains(&text, &words(name))).map(str::to_owned)
}
