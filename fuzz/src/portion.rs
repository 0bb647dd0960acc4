//! Portions: one encoding, sets in order, text that is normalised, and nothing in them that harms a reader's terminal.

use unicode_normalization::is_nfc;
use watchfire::{
    domain::{
        assessment::{Manifest, Portion},
        body::Body,
        ids::{AssessmentId, Digest},
    },
    render::{self, AssessmentText},
    wire,
};

use super::{shown, statement::refused_by_name};

/// The bytes are a portion's.
pub fn check(data: &[u8]) {
    let read = refused_by_name(wire::portion::decode(data), data, wire::portion::encode);
    let Some(portion) = read else { return };
    assert!(portion.marking.topics.windows(2).all(|p| p[0] < p[1]), "topics are a set");
    assert!(portion.marking.caveats.windows(2).all(|p| p[0] != p[1]), "caveats are a set");
    assert!(portion.edition == 1, "the edition that is held");
    let text = match &portion.body {
        Body::Headline { text } | Body::Source { text } | Body::Narrative { text } | Body::Gap { text } => text,
        Body::Judgement(judgement) => &judgement.text,
        Body::Forecast(forecast) => {
            let each = forecast.options.iter().flat_map(|o| &o.each).map(|(_, p)| *p);
            let all: Vec<f64> = forecast.probability.into_iter().chain(each).map(|p| p.get()).collect();
            assert!(!all.is_empty() && all.iter().all(|p| (0.0..=1.0).contains(p)), "probabilities");
            &forecast.question
        }
        _ => "",
    };
    assert!(is_nfc(text) && text.chars().all(|c| !c.is_control() || c == '\n'));
    read_by_people(&portion);
}

fn read_by_people(portion: &Portion) {
    let manifest = Manifest {
        sealed_origin: None,
        assessment: AssessmentId([7; 16]),
        version: 1,
        previous: None,
        originator: "gb.example".parse().expect("a name"),
        issued: "2026-05-01T09:30:00Z".parse().expect("a time"),
        expires: "2026-09-30T00:00:00Z".parse().expect("a time"),
        digests: vec![Digest([1; 32])],
        exercise: false,
    };
    let portions = std::slice::from_ref(portion);
    let view = AssessmentText {
        manifest: &manifest,
        portions,
        signatures: &[],
        endorsements: &[],
        state: "current",
        via: &[],
        is_own: false,
        language: None,
        acknowledge: None,
    };
    shown::harmless(&render::assessment(&view, &shown::plain()));
    shown::harmless(&render::beginning(portion, shown::plain().lexicon));
    let draft = watchfire::domain::draft::Draft::reopened(&manifest, portions);
    for finding in watchfire::domain::lint::lint(&draft, manifest.issued) {
        shown::harmless(&finding.to_string());
    }
}
