//! Tests of the whole layer: the shipped examples, the templates, and the errors for faulty files.

mod agreement;
mod faults;
mod groups;
mod lint;
mod repeated;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    body::{Body, Kind},
    draft::Expiry,
    ids::TrustDomain,
    level::WarningLevel,
    lint::{self as checks, Severity},
    marking::{Audience, Onward, Tlp},
    time::{Day, Time},
};

const EXAMPLE: &str = include_str!("../../examples/assessment.toml");
const AGREEMENT: &str = include_str!("../../examples/agreement.toml");

fn day() -> Day {
    "2026-05-01".parse().unwrap()
}

fn now() -> Time {
    day().start()
}

fn domain(name: &str) -> TrustDomain {
    name.parse().unwrap()
}

#[test]
fn the_shipped_example_is_read_as_it_is_written() {
    let draft = parse(EXAMPLE, Format::Toml, day()).unwrap();
    assert_eq!((draft.level, draft.exercise, draft.portions.len()), (WarningLevel::Warning, false, 12));
    assert_eq!(draft.expires, Expiry::After(150 * 86_400));
    assert_eq!(draft.addressed_to[0].to_string(), "mediation-and-security-council@ecowas.example");
    let kinds: Vec<Kind> = draft.portions.iter().map(|p| p.body.kind()).collect();
    assert_eq!(kinds[..4], [Kind::Headline, Kind::Headline, Kind::Subject, Kind::Judgement]);
    assert!(draft.portions.iter().all(|p| p.marking.topics.len() == 1));
    assert_eq!(draft.rests_on(&draft.portions[3]), [6, 7]);
    assert_eq!(draft.portions[3].line, Some(31));
    let subject = draft.subjects().next().unwrap();
    assert_eq!((subject.level, &subject.addressed_to), (WarningLevel::Warning, &draft.addressed_to));
    assert_eq!(subject.places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["BF", "BF-SOM"]);
}

#[test]
fn a_portion_takes_from_the_default_marking_what_it_does_not_say() {
    let draft = parse(EXAMPLE, Format::Toml, day()).unwrap();
    let markings: Vec<_> = draft.portions.iter().map(|p| (p.marking.tlp, p.marking.onward.clone())).collect();
    let ecowas = Onward::Named(vec![Audience::Group("ecowas".parse().unwrap())]);
    assert_eq!(markings[0], (Tlp::Amber, Onward::WithinOrganisation));
    assert_eq!(markings[1], (Tlp::Green, ecowas));
    assert_eq!(markings[6], (Tlp::AmberStrict, Onward::None));
    assert_eq!(markings[11], (Tlp::Green, Onward::WithinOrganisation));
    assert_eq!(draft.portions[8].marking.releasable_to, [Audience::Organisation(domain("gb.example"))]);
}

#[test]
fn the_same_draft_in_json_is_the_same_draft() {
    let json = serde_json::to_string(&EXAMPLE.parse::<toml::Table>().unwrap()).unwrap();
    let mut from_toml = parse(EXAMPLE, Format::Toml, day()).unwrap();
    from_toml.portions.iter_mut().for_each(|p| p.line = None);
    assert_eq!(parse(&json, Format::Json, day()).unwrap(), from_toml);
}

#[test]
fn the_template_says_all_that_is_to_be_filled_in_and_lints_once_it_is() {
    let written = template(&domain("gb.example"), day());
    let error = parse(&written, Format::Toml, day()).unwrap_err();
    let to_fill = written.lines().filter(|l| !l.starts_with('#')).map(|l| l.matches(checks::PLACEHOLDER).count());
    assert_eq!(error.findings.len(), to_fill.sum::<usize>(), "{error}");
    assert!(error.findings.iter().all(|f| f.line.is_some() && f.message.contains(checks::PLACEHOLDER)), "{error}");
    let filled = with_values(written);
    // Where text may stand, the lint finds what is left.
    let findings = checks::lint(&parse(&filled, Format::Toml, day()).unwrap(), now());
    assert!(findings.iter().all(|f| f.code == "placeholder"), "{findings:?}");
    let filled = parse(&filled.replace(checks::PLACEHOLDER, "Filled in"), Format::Toml, day()).unwrap();
    assert_eq!(checks::lint(&filled, now()), []);
}

/// The template with a value wherever no text may stand.
fn with_values(template: String) -> String {
    let values = [
        ("level    = \"FILL IN\"", "level = 3"),
        ("places  = [\"FILL IN\"]", "places = [\"BF\"]"),
        ("risk_of = [\"FILL IN\"]", "risk_of = [\"mass-killing\"]"),
        ("term = \"FILL IN\"", "term = \"likely\""),
        ("probability = \"FILL IN\"", "probability = 0.01"),
        ("value = \"FILL IN\"", "value = 0.01"),
        ("factor    = \"FILL IN\"", "factor = 7"),
    ];
    values.iter().fold(template, |text, (mark, value)| {
        assert!(text.contains(mark), "{mark}");
        text.replace(mark, value)
    })
}

#[test]
fn an_attachment_names_a_file_whose_bytes_somebody_else_reads() {
    let text = format!(
        "{EXAMPLE}\n[[portion]]\nkind = \"attachment\"\nfile = \"img/photo.jpg\"\nmedia_type = \"image/jpeg\"\n"
    );
    let mut draft = parse(&text, Format::Toml, day()).unwrap();
    let files: Vec<_> = draft.files().map(|(i, p)| (i, p.to_owned())).collect();
    assert_eq!(files, [(12, "img/photo.jpg".into())]);
    let codes = |draft: &_| checks::lint(draft, now()).into_iter().map(|f| f.code).collect::<Vec<_>>();
    assert!(codes(&draft).contains(&"attachment-unread"));
    draft.attach(12, 3, crate::domain::ids::Sha256([7; 32])).unwrap();
    let Body::Attachment(attachment) = &draft.portions[12].body else { panic!("an attachment") };
    assert_eq!((attachment.name.as_str(), attachment.size), ("photo.jpg", 3));
    assert!(!codes(&draft).contains(&"attachment-unread"));
    let digest = attachment.sha256;
    assert!(draft.attach(0, 1, digest).is_err());
    assert!(draft.attach(12, 1 << 40, digest).unwrap_err().contains("`photo.jpg` takes"));
}

proptest! {
    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC{0,200}|[\\[\\]{}=\"a-z0-9.,\n ]{0,200}") {
        for format in [Format::Toml, Format::Json] {
            let _ = parse(&text, format, day()).map_err(|e| e.in_file("f"));
            let _ = parse_agreement(&text, format, agreement::first(), day());
        }
    }

    #[test]
    fn no_damage_to_a_right_file_makes_the_parsers_panic(at in 0..EXAMPLE.len(), cut in 0..40usize, put in "\\PC{0,5}") {
        for whole in [EXAMPLE, AGREEMENT] {
            let chars: Vec<char> = whole.chars().collect();
            let at = at.min(chars.len());
            let damaged: String = chars[..at].iter().copied().chain(put.chars()).chain(chars[(at + cut).min(chars.len())..].iter().copied()).collect();
            if let Ok(draft) = parse(&damaged, Format::Toml, day()) {
                let _ = checks::lint(&draft, now());
            }
            let _ = parse_agreement(&damaged, Format::Toml, agreement::first(), day());
        }
    }
}

#[test]
fn an_assessment_expires_so_long_after_its_issue_or_on_a_day() {
    let issued: Time = "2026-05-01T09:30:00Z".parse().unwrap();
    let of = |written: &str| {
        let text = EXAMPLE.replacen("\"150 days\"", &format!("\"{written}\""), 1);
        parse(&text, Format::Toml, day()).map(|d| d.expires.of(issued).to_string()).map_err(|e| e.to_string())
    };
    for (written, wanted) in [
        ("90 days", "2026-07-31T00:00:00Z"),
        ("1 day", "2026-05-03T00:00:00Z"),
        ("36h", "2026-05-02T21:30:00Z"),
        ("24h", "2026-05-03T00:00:00Z"),
        ("0h", "2026-05-01T09:30:00Z"),
        ("2026-09-30", "2026-10-01T00:00:00Z"),
        ("2026-09-30T12:00:00Z", "2026-09-30T12:00:00Z"),
    ] {
        assert_eq!(of(written).as_deref(), Ok(wanted), "{written}");
    }
    for (wrong, told) in
        [("3 months", "no fixed length"), ("next week", "not a span of time"), ("2026-13-01", "not a day")]
    {
        let refused = of(wrong).unwrap_err();
        assert!(refused.contains(told), "{wrong}: {refused}");
    }
    // No span is so long that it can't be counted.
    assert!(of("18446744073709551615s").unwrap() > of("2026-09-30").unwrap());
}

/// The examples are for whoever tries the program, whenever that is.
#[test]
fn the_examples_and_templates_publish_in_five_years_too() {
    let later: Time = "2031-01-01T12:00:00Z".parse().unwrap();
    let own = domain("gb.example");
    let findings = |text: &str, now| {
        let found = checks::lint(&parse(text, Format::Toml, day()).unwrap(), now);
        found.iter().map(|f| (f.code, f.portion)).collect::<Vec<_>>()
    };
    assert_eq!(findings(EXAMPLE, later), findings(EXAMPLE, now()));
    let filled = |day| with_values(template(&own, day));
    assert_eq!(findings(&filled(later.day()), later), findings(&filled(day()), now()));
    let drafted = agreement_template(&own, &domain("no.example"), later.day()).unwrap();
    for text in [AGREEMENT, &drafted] {
        let read = parse_agreement(text, Format::Toml, agreement::first(), later.day()).unwrap();
        assert!(read.is_valid_at(later) && read.is_valid_at(later.plus_seconds(700 * 86_400)));
    }
}
