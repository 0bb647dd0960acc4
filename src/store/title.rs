//! The title of an assessment: the portions that name it in lists. These are the headline that says most, the subject with the
//! highest level, and others if they are short. Titles are stored separately, so that a list does not read whole assessments.

use std::cmp::Reverse;

use crate::{
    domain::{assessment::Portion, body::Body},
    wire,
};

/// The most bytes of a title, except for the portions that are always in it.
const SHORT: usize = 16 << 10;

/// The encodings of the portions that name an assessment.
pub fn of<'a>(portions: impl Iterator<Item = (&'a Portion, &'a [u8])>) -> Vec<Vec<u8>> {
    let (mut headlines, mut subjects) = (vec![], vec![]);
    for (place, (portion, bytes)) in portions.enumerate() {
        match &portion.body {
            Body::Headline { .. } => headlines.push((Reverse(portion.marking.tlp), Reverse(place), bytes)),
            Body::Subject(subject) => subjects.push((Reverse(subject.level), bytes.len(), bytes)),
            _ => {}
        }
    }
    headlines.sort_unstable();
    subjects.sort_unstable();
    let headlines = headlines.into_iter().map(|(.., bytes)| bytes).enumerate();
    let subjects = subjects.into_iter().map(|(.., bytes)| bytes).enumerate();
    let mut all: Vec<(usize, &[u8])> = headlines.chain(subjects).collect();
    // The first headline and the first subject come before all others.
    all.sort_by_key(|(place, _)| *place);
    let mut room = SHORT;
    all.retain(|(place, bytes)| {
        let fits = bytes.len() <= room;
        if fits || *place == 0 {
            room = room.saturating_sub(bytes.len());
        }
        fits || *place == 0
    });
    all.into_iter().map(|(_, bytes)| bytes.to_vec()).collect()
}

/// The same, from encodings alone. Unreadable portions are left out.
pub fn among(encodings: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let read: Vec<(Portion, &[u8])> =
        encodings.iter().filter_map(|bytes| Some((wire::portion::decode(bytes).ok()?, bytes.as_slice()))).collect();
    of(read.iter().map(|(portion, bytes)| (portion, *bytes)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{
        body::Subject,
        ids::{Handle, Salt},
        level::{Certainty, Crime, Severity, Urgency, WarningLevel},
        marking::{Marking, Tlp},
        time::{Period, Time},
    };

    fn portion(tlp: Tlp, body: Body) -> Portion {
        Portion::new(Salt([1; 32]), Handle([2; 8]), Marking::new(tlp), body)
    }

    fn subject(level: u8, group: &str) -> Portion {
        let day = Time::from_unix_nanos(0).day();
        let body = Body::Subject(Subject {
            places: vec!["BF".parse().unwrap()],
            period: Period { from: day, until: day },
            groups: vec![group.to_owned()],
            actors: vec![],
            risk_of: vec![Crime::ALL[0]],
            level: WarningLevel::try_from(level).unwrap(),
            urgency: Urgency::ALL[0],
            severity: Severity::ALL[0],
            certainty: Certainty::ALL[0],
            addressed_to: vec![],
        });
        portion(Tlp::Green, body)
    }

    /// The encoding of a headline.
    pub(in crate::store) fn headline(text: &str) -> Vec<u8> {
        wire::portion::encode(&portion(Tlp::Green, Body::Headline { text: text.to_owned() }))
    }

    #[test]
    fn the_headline_that_says_most_and_the_highest_level_are_always_there_and_little_else() {
        let headline = |tlp, text: &str| portion(tlp, Body::Headline { text: text.to_owned() });
        let long = "long ".repeat(4_000);
        let mut portions = vec![
            portion(Tlp::Green, Body::Gap { text: "unknown".to_owned() }),
            headline(Tlp::Green, "short"),
            headline(Tlp::Amber, &long),
            subject(2, "farmers"),
            subject(5, &long),
            subject(5, "herders"),
        ];
        portions.extend((6..106).map(|_| subject(1, &"many ".repeat(300))));
        let encodings: Vec<Vec<u8>> = portions.iter().map(wire::portion::encode).collect();
        let kept = among(&encodings);
        let has = |place: usize| kept.contains(&encodings[place]);
        assert!(has(2) && has(5), "the fullest headline, and the shorter of the highest subjects");
        assert!(!has(0) && !has(4));
        let bytes: usize = kept.iter().map(Vec::len).sum();
        assert!(bytes <= encodings[2].len() + SHORT, "{bytes}");
        let short: Vec<Vec<u8>> = [1, 3, 5].map(|place| encodings[place].clone()).into();
        let all = among(&[&short[..], &[b"no portion".to_vec()]].concat());
        assert!(all.len() == 3 && short.iter().all(|s| all.contains(s)), "whatever is short is there");
    }
}
