//! The errors that a person gets for a faulty draft.

use super::*;

fn told(text: &str) -> String {
    parse(text, Format::Toml, day()).unwrap_err().in_file("draft.toml")
}

#[test]
fn all_faults_are_told_at_once_with_their_lines() {
    let text = r#"[assessment]
levle   = 3
expires = "soon"

[default.marking]
tlp = "YELLOW"

[[portion]]
kind   = "subject"
places = ["BFA", "Mali"]
period = { from = "2026-05-01", until = "2026-04-01" }
risk_of = []

[[portion]]
kind = "opinion"

[[portion]]
kind = "forecast"
question = "Will it?"
probability = 6
grade = "B2"
"#;
    insta::assert_snapshot!(told(text));
}

#[test]
fn likelihoods_must_hold_together() {
    for (wrong, why) in [
        (r#"{ lexicon = "phia", term = "likely" }"#, "`phia` is not a lexicon"),
        (r#"{ lexicon = "uk-phia-2025", term = "remote" }"#, "`remote` is not a term"),
        (r#"{ term = "likely" }"#, "write `lexicon` too"),
        (r#"{ lexicon = "uk-phia-2025", term = "likely", interval = [10, 20] }"#, "is not in the band"),
        ("{ interval = [55] }", "two bounds"),
        ("{ interval = [75, 55] }", "runs backwards"),
        ("{}", "no likelihood"),
    ] {
        let text = EXAMPLE.replace(r#"{ lexicon = "uk-phia-2025", term = "likely" }"#, wrong);
        let told = told(&text);
        assert!(told.starts_with("draft.toml:35: portion[3].likelihood") && told.contains(why), "{told}");
    }
    let both = r#"{ lexicon = "uk-phia-2025", term = "likely", interval = [60, 70] }"#;
    assert!(
        parse(&EXAMPLE.replace(r#"{ lexicon = "uk-phia-2025", term = "likely" }"#, both), Format::Toml, day()).is_ok()
    );
}

#[test]
fn a_wrong_word_is_answered_with_the_right_one() {
    for (right, wrong, help) in [
        ("rests_on   =", "rest_on =", "did you mean `rests_on`?"),
        ("\"BF-SOM\", \"BF\"]", "\"bf\"]", "write `BF`"),
        ("\"AMBER\"\nonward", "\"amber\"\nonward", "write one of CLEAR, GREEN, AMBER, AMBER+STRICT, RED"),
        ("onward = \"within-organisation\"", "onward = \"org\"", "`within-organisation`"),
        ("grade = \"B2\"", "grade = \"G2\"", "G"),
        ("factor = 7", "factor = 15", "write 1 to 14"),
        ("level    = 3", "level    = 6", "5 (ongoing)"),
    ] {
        let text = EXAMPLE.replacen(right, wrong, 1);
        assert_ne!(text, EXAMPLE, "{right}");
        let told = told(&text);
        assert!(told.contains(help) && told.lines().count() == 1, "{told}");
    }
}

#[test]
fn text_that_the_wire_refuses_is_refused_here() {
    assert!(told(&EXAMPLE.replace("satellite image", "satellite\\timage")).contains("control character"));
    assert!(told(&EXAMPLE.replace("Stability outlook", "Stability\\noutlook")).contains("one line"));
    let decomposed = EXAMPLE.replace("satellite image", "sate\u{301}llite image");
    let draft = parse(&decomposed, Format::Toml, day()).unwrap();
    let Body::Evidence(evidence) = &draft.portions[7].body else { panic!("evidence") };
    assert!(evidence.what.starts_with("sat\u{e9}llite"));
}

#[test]
fn broken_files_are_told_where_they_break() {
    assert!(told("[assessment]\nlevel = = 3\n").starts_with("draft.toml:2: the TOML can't be read"));
    let json = parse("{\n\"assessment\": ,}", Format::Json, day()).unwrap_err();
    assert!(json.in_file("d.json").starts_with("d.json:2: the JSON can't be read"), "{json}");
    let twice = parse(
        r#"{"assessment": {"level": 1, "level": 5, "expires": "2026-09-30"}, "portion": []}"#,
        Format::Json,
        day(),
    );
    assert!(twice.unwrap_err().to_string().contains("assessment: `level` is written twice"));
    assert!(parse(&"[".repeat(100_000), Format::Json, day()).is_err());
    assert!(parse(&format!("a = {}", "[".repeat(100_000)), Format::Toml, day()).is_err());
}

#[test]
fn a_portion_without_any_marking_is_refused() {
    let text = EXAMPLE.replace("tlp    = \"AMBER\"\n", "");
    assert!(told(&text).contains("the portion has no marking"));
}
