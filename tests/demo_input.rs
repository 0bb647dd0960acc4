//! The demo's input is as promised: real warnings in drafts that can be published, and agreements that can be signed.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use watchfire::{
    domain::{
        agreement::Agreement,
        assessment::states_of,
        body::{Body, Kind},
        draft::Draft,
        ids::AssessmentId,
        level::WarningLevel,
        lint::{self, Severity},
        marking::{Audience, Onward, Tlp},
        place::{Country, Place, states_named},
        time::Day,
    },
    draft::{Format, Lineage, parse, parse_agreement},
};

/// The warnings that are correct for the drafts, so that their authors accept them.
const ACCEPTED: &[&str] = &["late-forecast", "single-source"];

/// The TOML files of a folder of the demo, by name without extension.
fn files(folder: &str) -> BTreeMap<String, String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/demo").join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let toml = paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    toml.map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    })
    .collect()
}

fn drafts() -> BTreeMap<String, Draft> {
    let read = |(name, text): (String, String)| {
        let draft = parse(&text, Format::Toml, "2026-05-01".parse().unwrap())
            .unwrap_or_else(|e| panic!("{}", e.in_file(&name)));
        (name, draft)
    };
    files("").into_iter().map(read).collect()
}

/// Now, and in five years: the demo is for whoever tries the program, whenever that is.
fn days() -> [Day; 2] {
    ["2026-11-23", "2031-01-01"].map(|day| day.parse().unwrap())
}

fn agreements() -> BTreeMap<String, Agreement> {
    agreements_on(days()[0])
}

fn agreements_on(today: Day) -> BTreeMap<String, Agreement> {
    let lineage = Lineage { series: AssessmentId([1; 16]), previous: None };
    let read = |(name, text): (String, String)| {
        let agreement =
            parse_agreement(&text, Format::Toml, lineage, today).unwrap_or_else(|e| panic!("{}", e.in_file(&name)));
        (name, agreement)
    };
    files("agreements").into_iter().map(read).collect()
}

fn states(draft: &Draft) -> BTreeSet<Country> {
    let mut states = BTreeSet::new();
    for subject in draft.subjects() {
        let issued = subject.period.from.start();
        states.extend(states_of(subject, issued, draft.expires.of(issued)));
    }
    states
}

fn sudan() -> Country {
    Country::by_code("SD").unwrap()
}

#[test]
fn there_is_a_draft_for_each_of_the_29_warnings() {
    let expected: BTreeSet<String> = (1..=29).map(|n| format!("r{n:02}")).collect();
    assert_eq!(drafts().into_keys().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn no_draft_has_an_error_or_a_warning_beyond_the_known_ones() {
    for today in days() {
        let mut unexpected = Vec::new();
        let mut met = BTreeSet::new();
        for (name, draft) in drafts() {
            for finding in lint::lint(&draft, today.start()) {
                met.insert(finding.code);
                if finding.severity == Severity::Error || !ACCEPTED.contains(&finding.code) {
                    unexpected.push(format!("{name}:{}: {finding}", finding.line.unwrap_or_default()));
                }
            }
        }
        assert!(unexpected.is_empty(), "{today}: {}", unexpected.join("\n"));
        let all: BTreeSet<&str> = ACCEPTED.iter().copied().collect();
        assert_eq!(met, all, "{today}: the list of accepted codes contains one that does not occur");
    }
}

#[test]
fn every_draft_about_sudan_names_it_as_a_subject() {
    let names_sudan = |text: &str| states_named(text, &[]).iter().any(|naming| naming.states.contains(&sudan()));
    let about: Vec<String> =
        files("").into_iter().filter(|(_, text)| names_sudan(text)).map(|(name, _)| name).collect();
    assert_eq!(about, ["r01", "r03", "r23", "r24", "r27", "r28", "r29"]);
    let drafts = drafts();
    for name in about {
        assert!(states(&drafts[&name]).contains(&sudan()), "{name}");
    }
}

#[test]
fn the_warnings_of_the_united_nations_on_sudan_are_the_most_serious() {
    for name in ["r23", "r24", "r27", "r28", "r29"] {
        assert!(drafts()[name].level >= WarningLevel::Imminent, "{name}");
    }
}

#[test]
fn forecasts_bear_their_source_and_are_open_about_being_late() {
    let drafts = drafts();
    let mut with = BTreeSet::new();
    for (name, draft) in &drafts {
        for (_, portion) in draft.of_kind(Kind::Forecast) {
            let Body::Forecast(forecast) = &portion.body else { panic!("a forecast") };
            with.insert(name);
            assert!(forecast.information_cutoff.unwrap() > forecast.window.from, "{name}");
            assert!(forecast.base_rate.as_ref().unwrap().source.contains("computed from EWP editions"), "{name}");
            assert!(forecast.method.contains(" edition ") && forecast.method.contains(": rank "), "{name}");
        }
    }
    assert!(with.len() >= 12, "{with:?}");
    let (_, first) = drafts["r23"].of_kind(Kind::Forecast).next().unwrap();
    let Body::Forecast(first) = &first.body else { panic!("a forecast") };
    assert!(first.method.contains("rank 1 of 166, 9 times the base rate"));
}

#[test]
fn evidence_and_sources_are_marked_high_and_only_west_african_portions_go_onward() {
    let ecowas = Onward::Named(vec![Audience::Group("ecowas".parse().unwrap())]);
    let west: Place = "M49:011".parse().unwrap();
    for (name, draft) in drafts() {
        for portion in &draft.portions {
            let tlp = portion.marking.tlp;
            match portion.body.kind() {
                Kind::Evidence => assert_eq!(tlp, Tlp::AmberStrict, "{name}"),
                Kind::Source => assert_eq!(tlp, Tlp::Red, "{name}"),
                _ => {}
            }
            if matches!(portion.marking.onward, Onward::Named(_)) {
                assert_eq!(portion.marking.onward, ecowas, "{name}");
                assert!(draft.subjects().flat_map(|s| &s.places).all(|p| p.within(west)), "{name}");
            }
        }
    }
}

#[test]
fn the_agreements_give_in_both_directions() {
    let agreements = agreements();
    let names: Vec<&str> = agreements.keys().map(String::as_str).collect();
    assert_eq!(names, ["ecowas-gh", "gb-ecowas", "gb-no", "gb-sd", "gb-witness"]);
    for today in days() {
        let in_force = |a: &Agreement| a.is_valid_at(today.start()) && a.until.days_since(a.from) == 730;
        assert!(agreements_on(today).values().all(in_force), "{today}");
    }
    for (name, agreement) in &agreements {
        for party in &agreement.parties {
            assert!(agreement.grants.iter().any(|g| g.from == *party), "{name}: {party}");
        }
    }
}

#[test]
fn the_agreement_with_sudan_would_cover_sudan() {
    let agreements = agreements();
    let grant = agreements["gb-sd"].grants.iter().find(|g| g.from.as_str() == "gb.example").unwrap();
    assert_eq!(grant.places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["SD"]);
    let covered = |draft: &Draft| states(draft).iter().all(|state| *state == sudan());
    let about: Vec<String> = drafts().iter().filter(|(_, d)| covered(d)).map(|(name, _)| name.clone()).collect();
    assert_eq!(about, ["r03", "r23", "r24", "r27", "r28", "r29"]);
    assert_eq!((grant.max_tlp, grant.min_level, grant.delay_seconds), (Tlp::Amber, None, 0));
}
