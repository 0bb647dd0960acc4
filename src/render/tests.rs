//! The shipped example as readers see it.

use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        assessment::{Manifest, Portion},
        body::Body,
        ids::{AssessmentId, Handle, Salt},
        lexicon::Lexicon,
        marking::{Marking, Tlp},
    },
    draft::{Format, Lineage, parse, parse_agreement},
};

fn options(lexicon: &str) -> Options {
    Options { lexicon: Lexicon::by_id(lexicon).unwrap(), width: 90, color: false }
}

fn portions() -> Vec<Portion> {
    let draft =
        parse(include_str!("../../examples/assessment.toml"), Format::Toml, "2026-05-01".parse().unwrap()).unwrap();
    let all = draft.portions.iter().enumerate().map(|(i, p)| {
        let mut body = p.body.clone();
        if let Body::Judgement(judgement) = &mut body {
            judgement.rests_on = draft.rests_on(p).into_iter().map(|i| Handle([i as u8; 8])).collect();
        }
        Portion::new(Salt([0; 32]), Handle([i as u8; 8]), p.marking.clone(), body)
    });
    all.collect()
}

fn manifest(exercise: bool) -> Manifest {
    Manifest {
        sealed_origin: None,
        assessment: AssessmentId([0xa5; 16]),
        version: 1,
        previous: None,
        originator: "gb.example".parse().unwrap(),
        issued: "2026-05-01T09:30:00Z".parse().unwrap(),
        expires: "2026-10-01T00:00:00Z".parse().unwrap(),
        digests: vec![],
        exercise,
    }
}

fn shown(portions: &[Portion], exercise: bool, options: &Options) -> String {
    let signature = SignatureLine {
        id: "spiffe://gb.example/analyst/a1".to_owned(),
        suite: "ed25519".to_owned(),
        valid: true,
        note: None,
    };
    let (manifest, via) = (manifest(exercise), ["gb.example → ecowas.example".to_owned()]);
    assessment(
        &AssessmentText {
            manifest: &manifest,
            portions,
            signatures: &[signature],
            endorsements: &[],
            state: "current",
            via: &via,
            is_own: false,
            language: None,
            acknowledge: None,
        },
        options,
    )
}

#[test]
fn a_reader_sees_what_it_has_in_its_own_lexicon() {
    // Without the second evidence and the source, as a partner may get it.
    let mut portions = portions();
    portions.retain(|p| ![7, 8].contains(&p.handle.0[0]));
    insta::assert_snapshot!(shown(&portions, true, &options("us-icd-203")));
}

#[test]
fn a_reader_sees_whom_groups_mean_and_whose_list_it_is_where_there_are_two() {
    let wide = Options { width: 400, ..options("uk-phia-2025") };
    let mut portions = portions();
    let once = shown(&portions, false, &wide);
    assert_eq!(once.matches("group:ecowas as of 2025-01-29: Benin (BJ), ").count(), 1, "{once}");
    assert!(!once.contains("So in "));
    let mut other = portions[1].clone();
    (other.handle, other.marking.groups[0].countries) = (Handle([99; 8]), vec!["GH".parse().unwrap()]);
    portions.push(other);
    let twice = shown(&portions, false, &wide);
    assert!(twice.contains("group:ecowas as of 2025-01-29: Ghana (GH). So in headline 3."), "{twice}");
    portions[1].marking.groups[0].countries.clear();
    assert!(shown(&portions, false, &wide).contains("group:ecowas as of 2025-01-29: nobody. So in headline 2."));
}

#[test]
fn colours_come_only_when_asked_for_and_an_exercise_is_never_overlooked() {
    let plain = options("uk-phia-2025");
    let bright = Options { color: true, ..plain };
    assert!(!shown(&portions(), true, &plain).contains('\u{1b}'));
    assert!(shown(&portions(), true, &bright).contains("\u{1b}[1;31;40mTLP:RED"));
    assert_eq!(shown(&[], true, &plain).matches("EXERCISE EXERCISE").count(), 2);
    assert!(!shown(&portions(), false, &plain).contains("EXERCISE"));
}

#[test]
fn a_signature_that_does_not_verify_is_shouted_and_none_is_named() {
    let manifest = manifest(false);
    let bad = SignatureLine { id: "x\u{202e}".into(), suite: "s".into(), valid: false, note: Some("n".into()) };
    let view = AssessmentText {
        manifest: &manifest,
        portions: &[],
        signatures: &[bad],
        endorsements: &[],
        state: "current",
        via: &[],
        is_own: false,
        language: None,
        acknowledge: None,
    };
    let options = options("uk-phia-2025");
    assert!(assessment(&view, &options).contains("x<U+202E> (s), DOES NOT VERIFY; n"));
    assert!(assessment(&AssessmentText { signatures: &[], ..view }, &options).contains("BY NOBODY"));
}

/// A RED endorsement by somebody who has not seen this portion.
fn endorsement(valid: bool, unseen: Handle) -> EndorsementLine {
    EndorsementLine {
        id: "e1".to_owned(),
        endorser: "fr.example".to_owned(),
        by: "spiffe://fr.example/officer/o1".to_owned(),
        text: "Our mission saw the same.".to_owned(),
        marking: Marking::new(Tlp::Red),
        valid,
        note: (!valid).then(|| "SIGNATURE_INVALID".to_owned()),
        via: vec!["gb.example".to_owned(), "fr.example".to_owned()],
        unseen: vec![unseen],
    }
}

#[test]
fn the_level_counts_the_endorsements_whose_text_is_shown_and_both_pages_say_what_an_endorser_had_not_seen() {
    let (manifest, options, mut portions) = (manifest(false), options("uk-phia-2025"), portions());
    portions.retain(|p| p.marking.tlp < Tlp::Red);
    let pages = |valid: bool| {
        let view = AssessmentText {
            manifest: &manifest,
            portions: &portions,
            signatures: &[],
            endorsements: &[endorsement(valid, portions[0].handle)],
            state: "current",
            via: &[],
            is_own: true,
            language: None,
            acknowledge: None,
        };
        [assessment(&view, &options), assessment_page(&view, &options, "printed").unwrap()]
    };
    let unseen = format!("Signed without having seen: {}", portion_names(portions.iter())[0]);
    for page in pages(true) {
        assert!(page.contains("TLP:RED") && page.contains("Our mission") && page.contains(&unseen), "{page}");
    }
    for page in pages(false) {
        assert!(!page.contains("TLP:RED") && !page.contains("Our mission"), "{page}");
    }
}

#[test]
fn of_what_is_one_s_own_nothing_is_withheld() {
    let manifest = manifest(false);
    let view = AssessmentText {
        manifest: &manifest,
        portions: &[],
        signatures: &[],
        endorsements: &[],
        state: "current",
        via: &[],
        is_own: true,
        language: None,
        acknowledge: None,
    };
    let options = options("uk-phia-2025");
    assert!(!assessment(&view, &options).contains("withheld"));
    assert!(assessment(&AssessmentText { is_own: false, ..view }, &options).contains("withheld"));
}

#[test]
fn an_agreement_reads_as_sentences() {
    let lineage = Lineage { series: AssessmentId([1; 16]), previous: None };
    let text = include_str!("../../examples/agreement.toml");
    let read = parse_agreement(text, Format::Toml, lineage, "2026-01-01".parse().unwrap()).unwrap();
    insta::assert_snapshot!(agreement(&read, &options("uk-phia-2025")));
}

proptest! {
    #[test]
    fn no_character_that_deceives_reaches_the_reader(evil in any::<String>()) {
        let evil = format!("a\u{202e}{evil}\u{200b}\u{1b}");
        let mut portions = portions();
        for portion in &mut portions {
            match &mut portion.body {
                Body::Headline { text } | Body::Source { text } | Body::Limitation { text } => *text = evil.clone(),
                Body::Subject(s) => s.groups.push(evil.clone()),
                Body::Judgement(j) => j.confidence_reason = evil.clone(),
                Body::Forecast(f) => f.resolves.source = evil.clone(),
                Body::Indicator(i) => i.framework = evil.clone(),
                Body::Evidence(e) => e.custody = evil.clone(),
                _ => {}
            }
        }
        let text = shown(&portions, false, &options("uk-phia-2025"));
        let deceives = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}');
        let any = text.chars().any(|c| (c.is_control() && c != '\n') || deceives(c));
        prop_assert!(!any);
        prop_assert!(text.lines().all(|line| text::columns(line) <= 90), "{}", text);
    }
}
