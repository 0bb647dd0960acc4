//! The lint, over the shipped example and changes to it.

use super::*;
use crate::domain::{
    lint::{Finding, blocking, lint, why_withheld},
    place::{Control, ControlTable},
};

fn findings(text: &str) -> Vec<Finding> {
    lint(&parse(text, Format::Toml, day()).unwrap_or_else(|e| panic!("{e}")), now())
}

/// The findings that the change adds to those of the example, with lines.
fn brings(right: &str, wrong: &str) -> Vec<(&'static str, Severity)> {
    let text = EXAMPLE.replace(right, wrong);
    assert_ne!(text, EXAMPLE, "{right}");
    let before: Vec<&str> = findings(EXAMPLE).iter().map(|f| f.code).collect();
    findings(&text).iter().filter(|f| !before.contains(&f.code)).map(|f| (f.code, f.severity)).collect()
}

#[test]
fn the_shipped_example_has_one_warning() {
    let all = findings(EXAMPLE);
    assert_eq!(
        all.iter().map(|f| (f.code, f.severity, f.line)).collect::<Vec<_>>(),
        [("late-forecast", Severity::Warning, Some(39))]
    );
    assert_eq!(blocking(&all, &[], false).len(), 1);
    assert_eq!(blocking(&all, &["late-forecast".to_owned()], false), Vec::<&Finding>::new());
}

#[test]
fn an_error_blocks_though_it_is_accepted() {
    let all = findings(&EXAMPLE.replace("grade = \"A1\"\n", ""));
    let accepted = ["late-forecast", "evidence-without-grade"].map(str::to_owned);
    assert_eq!(blocking(&all, &accepted, true).iter().map(|f| f.code).collect::<Vec<_>>(), ["evidence-without-grade"]);
}

#[test]
fn each_error_is_found_and_nothing_else_with_it() {
    for (right, wrong, code) in [
        ("rests_on   = [\"e1\", \"e2\"]", "", "judgement-without-basis"),
        ("rests_on   = [\"e1\", \"e2\"]", "rests_on = [\"j1\"]", "circular-basis"),
        ("rests_on   = [\"e1\", \"e2\"]", "rests_on = [\"e1\", \"e2\", \"e3\"]", "unknown-key"),
        ("key   = \"e2\"", "key   = \"e1\"", "duplicate-key"),
        ("source = \"USHMM Early Warning Project, events list\", ", "", "forecast-without-resolution"),
        ("probability = 0.06", "probability = 1", "forecast-certain"),
        ("probability = 0.06", "probability = 0", "forecast-certain"),
        ("grade = \"A1\"", "", "evidence-without-grade"),
        (", releasable_to = [\"gb.example\"]", "", "red-without-recipients"),
        ("expires  = \"150 days\"", "expires  = \"2026-04-30\"", "expired"),
        ("Fulani civilians in Soum", "FILL IN", "placeholder"),
    ] {
        let brought: Vec<&str> =
            brings(right, wrong).into_iter().filter(|(_, s)| *s == Severity::Error).map(|(c, _)| c).collect();
        // If two portions have the same key, the second can't be referred to.
        let wanted = if code == "duplicate-key" { vec!["unknown-key", code] } else { vec![code] };
        assert_eq!(brought, wanted, "{wrong}");
    }
}

#[test]
fn each_warning_is_found() {
    for (right, wrong, code) in [
        ("base_rate  = { value = 0.012, source = \"EWP, onsets a country-year, 2017 to 2024\" }", "", "no-base-rate"),
        ("by = \"in 609 days\", resolver", "by = \"2026-12-30\", resolver", "resolved-before-end"),
        ("kind = \"limitation\"", "kind = \"gap\"", "no-limitation"),
        ("kind = \"alternative\"", "kind = \"gap\"", "no-alternative"),
        ("rests_on   = [\"e1\", \"e2\"]", "rests_on = [\"e1\"]", "single-source"),
        ("It is likely that", "It is highly likely that", "likelihood-words-differ"),
        ("likelihood = { lexicon", "# likelihood = { lexicon", "likelihood-missing"),
        ("It is likely that", "We judge with high confidence that it is likely that", "confidence-with-likelihood"),
        ("open a line to the provincial governor", "ask Mali for passage", "names-a-recipient"),
        ("where = \"BF-SOM\"", "where = \"NE\"", "names-a-recipient"),
        ("northern border districts", "districts of Burkina Faso", "headline-tells-more"),
        ("northern border districts", "the Soum", "headline-tells-more"),
        ("SOUM-4 is", "\\u202eSOUM-4 is", "direction-override"),
        ("SOUM-4 is", "SO\\u200bUM-4 is", "zero-width"),
        ("SOUM-4 is", "SO\\u200dUM-4 is", "zero-width"),
        ("expires  = \"150 days\"", "expires  = \"2036-09-30\"", "expires-late"),
        ("when  = \"15 days ago\"", "when = \"2026-12-16\"", "evidence-from-future"),
        ("{ tlp = \"RED\", releasable_to = [\"gb.example\"] }", "{ tlp = \"GREEN\" }", "source-exposed"),
        (
            "tlp = \"AMBER+STRICT\", onward = \"none\"",
            "tlp = \"RED\", onward = [\"ecowas\"], releasable_to = [\"gb.example\"]",
            "onward-beyond-tlp",
        ),
        (
            "tlp = \"AMBER+STRICT\", onward = \"none\"",
            "tlp = \"AMBER\", onward = [\"ecowas\"], caveats = [\"no-attribution\"]",
            "onward-unattributed",
        ),
    ] {
        assert_eq!(brings(right, wrong), [(code, Severity::Warning)], "{wrong}");
    }
}

#[test]
fn nobody_knows_who_will_be_in_a_group_on_a_later_day() {
    let text = EXAMPLE.replace("as_of = \"2025-01-29\"", "as_of = \"2026-05-02\"");
    assert_ne!(text, EXAMPLE);
    let errors: Vec<_> = findings(&text).into_iter().filter(|f| f.severity == Severity::Error).collect();
    assert!(errors.iter().all(|f| f.code == "group-of-a-later-day") && !errors.is_empty(), "{errors:?}");
}

#[test]
fn a_headline_below_everything_needs_another_that_is_not() {
    let low = "marking = { tlp = \"GREEN\" }\n[[portion]]\nkind = \"headline\"\ntext = \"Stability";
    let text = EXAMPLE.replace("[[portion]]\nkind = \"headline\"\ntext = \"Stability", low);
    let all = findings(&text);
    let under: Vec<_> = all.iter().filter(|f| f.severity == Severity::Error).map(|f| (f.code, f.portion)).collect();
    assert_eq!(under, [("headline-under-marked", Some(0))]);
}

#[test]
fn a_draft_of_nothing_lacks_headline_and_subject() {
    let text = "portion = []\n[assessment]\nlevel = 1\nexpires = \"2026-09-30\"\n";
    assert_eq!(findings(text).iter().map(|f| f.code).collect::<Vec<_>>(), ["no-headline", "no-subject"]);
}

#[test]
fn words_of_likelihood_that_another_word_turns_are_no_finding() {
    for harmless in ["more likely", "not likely", "remote villages", "as likely"] {
        let text = EXAMPLE.replace("absence of reports", harmless).replace("It is likely that irregular", "Irregular");
        assert_eq!(findings(&text).len(), 1, "{harmless}");
    }
}

#[test]
fn a_headline_is_one_glance_long() {
    let of = |length: usize| {
        let text = EXAMPLE.replacen("Stability", &"a".repeat(length), 1);
        findings(&text).iter().any(|f| f.code == "headline-long")
    };
    let rest = EXAMPLE.split("\"Stability").nth(1).unwrap().split('"').next().unwrap().chars().count();
    assert!(!of(300 - rest) && of(301 - rest));
}

#[test]
fn joiners_are_a_finding_among_latin_letters_only() {
    let finds = |text: &str| {
        let text = EXAMPLE.replace("SOUM-4 is", &format!("SOUM-4 {text} is"));
        findings(&text).iter().any(|f| f.code == "zero-width")
    };
    // Persian and Hindi words, and a family emoji, as they are written.
    for needed in ["می\u{200c}خواهم", "क्\u{200d}ष", "👨\u{200d}👩\u{200d}👧", "שלום\u{200f}׃"]
    {
        assert!(!finds(needed), "{needed:?}");
    }
    for hidden in
        ["Su\u{200c}dan", "Su\u{200b}dan", "Su\u{feff}dan", "Su\u{ad}dan", "Su\u{e0061}dan", "\u{2060}", "a\u{200e}b"]
    {
        assert!(finds(hidden), "{hidden:?}");
    }
}

#[test]
fn evidence_of_today_is_of_today_wherever_the_day_has_begun() {
    let finds = |written: &str, time: &str| {
        let text = EXAMPLE.replace("when  = \"15 days ago\"", &format!("when = \"{written}\""));
        let draft = parse(&text, Format::Toml, day()).unwrap();
        lint(&draft, time.parse().unwrap()).iter().any(|f| f.code == "evidence-from-future")
    };
    assert!(!finds("2026-05-01", "2026-05-01T00:00:00Z") && finds("2026-05-02", "2026-05-01T00:00:00Z"));
    assert!(!finds("2026-05-02", "2026-05-01T11:00:00Z"), "it is the second of May on Kiritimati");
}

#[test]
fn an_ambiguous_name_is_no_finding_where_one_meaning_is_the_subject() {
    let text = EXAMPLE.replace("\"BF-SOM\", \"BF\"", "\"CD\"").replace("BF-SOM", "CD").replace("Burkina Faso", "Congo");
    let text = text.replace("Soum", "Ituri").replace("Djibo", "Bunia");
    assert!(findings(&text).iter().all(|f| f.code != "names-a-recipient"), "{:?}", findings(&text));
}

#[test]
fn a_subject_of_regions_only_is_told_whom_it_leaves_out() {
    let told = |places: &str| {
        let text = EXAMPLE.replace("\"BF-SOM\", \"BF\"", places);
        findings(&text).into_iter().find(|f| f.code == "region-only").map(|f| (f.severity, f.message))
    };
    assert_eq!(told("\"BF-SOM\", \"BF\""), None);
    assert_eq!(told("\"M49:011\", \"ML\""), None);
    let (severity, words) = told("\"M49:014\"").unwrap();
    assert_eq!(severity, Severity::Warning);
    assert!(
        words.starts_with(
            "the subject names regions only, Eastern Africa (M49:014), so nobody but those outside may get it: "
        ),
        "{words}"
    );
    assert!(words.contains("Burundi (BI)") && words.ends_with(" more may not"), "{words}");
    let (_, words) = told("\"M49:001\"").unwrap();
    assert!(words.ends_with("World (M49:001), so no state at all may get it"), "{words}");
}

#[test]
fn a_withdrawn_code_is_refused_with_its_successors_whoever_wrote_the_draft() {
    let text = EXAMPLE.replace("\"BF-SOM\", \"BF\"", "\"PH-MAG\"");
    let told = parse(&text, Format::Toml, day()).unwrap_err().to_string();
    assert!(
        told.contains("`PH-MAG` (Magindanaw) is a code that ISO has withdrawn on 2023-11-23; write `PH-MGN` ("),
        "{told}"
    );
    // Another program may send the node what no draft would contain.
    let mut draft = parse(EXAMPLE, Format::Toml, day()).unwrap();
    for portion in &mut draft.portions {
        if let Body::Subject(subject) = &mut portion.body {
            subject.places = vec!["PH-MAG".parse().unwrap()];
        }
    }
    let found = lint(&draft, now());
    assert!(found.iter().any(|f| f.code == "place-withdrawn" && f.severity == Severity::Error), "{found:?}");
}

#[test]
fn the_author_is_told_why_states_get_nothing_that_no_subject_names() {
    let why = |places: &str, own: &ControlTable| {
        let text = EXAMPLE.replace("\"BF-SOM\", \"BF\"", places);
        why_withheld(&parse(&text, Format::Toml, day()).unwrap(), now(), own)
    };
    let none = ControlTable::none();
    assert_eq!(why("\"BF\"", &none), Vec::<String>::new());
    let told = why("\"CY-06\"", &none);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("CY-06 is held by TR since 1974-07-20 (ECtHR, Cyprus v. Turkey"), "{told:?}");
    assert_eq!(why("\"RE\"", &none), ["RE is governed by FR"]);
    let own: ControlTable = [Control::read("BF-SOM\tML\t2026-01-01\t\ta report").unwrap()].into_iter().collect();
    assert_eq!(why("\"BF\"", &own), ["BF-SOM is held by ML since 2026-01-01 (a report), and lies in BF"]);
}

#[test]
fn a_finding_reads_as_a_sentence() {
    let all = findings(EXAMPLE);
    insta::assert_snapshot!(all[0].to_string());
}

#[test]
fn a_named_state_is_told_with_its_words_and_where_they_stand() {
    let text =
        EXAMPLE.replace("open a line to the provincial governor", "write to Bamako, N\u{2019}Djamena and Bamako");
    let text = text.replace("where = \"BF-SOM\"", "where = \"ML-5\"");
    let all = findings(&text);
    let named: Vec<&Finding> = all.iter().filter(|f| f.named.is_some()).collect();
    assert_eq!(named.len(), 2, "one for each state: {named:?}");
    let mali = named.iter().find(|f| f.message.contains("Mali")).unwrap();
    assert!(mali.named.as_ref().unwrap().portions.len() >= 2 && mali.line.is_some());
    insta::assert_snapshot!(mali.to_string());
}

#[test]
fn attachments_outcomes_and_sources_are_searched_too() {
    for (right, wrong) in [
        ("EWP, onsets a country-year, 2017 to 2024", "A study in Bamako, 2024"),
        ("kind = \"limitation\"\ntext = \"", "kind = \"limitation\"\ntext = \"L’armée malienne se tait à Bamako. "),
    ] {
        let brought = brings(right, wrong);
        assert_eq!(brought, [("names-a-recipient", Severity::Warning)], "{wrong}");
    }
}
