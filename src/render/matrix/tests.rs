//! How the matrix looks.

use proptest::prelude::*;

use super::*;
use crate::{domain::lexicon::Lexicon, render::text};

fn options(width: usize) -> Options {
    Options { lexicon: Lexicon::by_id("uk-phia-2025").unwrap(), width, color: false }
}

fn row(name: &str, tlp: Tlp, text: &str) -> Row {
    Row { name: name.to_owned(), tlp, text: text.to_owned() }
}

fn rows() -> Vec<Row> {
    vec![
        row("headline 1", Tlp::Amber, "Risk of mass killing of Fulani civilians in Soum rises before the dry season"),
        row("subject 1", Tlp::Amber, "Soum (BF-SOM), 2026-05-01 to 2026-12-31"),
        row("evidence 1", Tlp::AmberStrict, "three villages report a list of names"),
        row("source 1", Tlp::Red, "SOUM-4 is a health worker"),
    ]
}

fn cell(mark: Mark, because: &str) -> Cell {
    Cell { mark, because: vec![because.to_owned()] }
}

const GRANT: &str = "west-africa: grant west-africa gives every kind of portion on M49:011 up to AMBER";
const ABOVE: &str = "no-grant: grant west-africa: AMBER+STRICT is above AMBER";
const RED: &str = "tlp-red-named-only: RED goes only to organisations that its marking names";
const SUBJECT: &str = "subject-rule: the assessment is about the recipient's own state";

fn regional(name: &str) -> Column {
    let gets = || cell(Mark::Gets, GRANT);
    let cells = vec![gets(), gets(), cell(Mark::Withheld, ABOVE), cell(Mark::Withheld, RED)];
    Column { name: name.to_owned(), cells }
}

fn late(name: &str) -> Column {
    let later = || cell(Mark::Later("2026-05-02T09:30:00Z".to_owned()), GRANT);
    Column { name: name.to_owned(), cells: vec![later(), later(), later(), cell(Mark::Withheld, RED)] }
}

fn barred(name: &str) -> Column {
    Column { name: name.to_owned(), cells: (0..4).map(|_| cell(Mark::Withheld, SUBJECT)).collect() }
}

fn shown(partners: &[Column], width: usize) -> String {
    let (mut clauses, options) = (Clauses::default(), options(width));
    let text = matrix(&rows(), partners, &mut clauses, &options);
    format!("{text}\n{}", clauses.text(&options))
}

#[test]
fn one_partner() {
    insta::assert_snapshot!(shown(&[regional("ecowas.example")], 80));
}

#[test]
fn four_partners() {
    let partners =
        [regional("au.example"), barred("bf.example"), regional("ecowas.example"), late("early-warning.un.example")];
    insta::assert_snapshot!(shown(&partners, 80));
}

#[test]
fn twelve_partners_that_differ_stand_in_blocks_of_the_same_size() {
    let names: Vec<String> = (1..=12).map(|i| format!("partner-{i}.example")).collect();
    let grant = |n: usize| format!("grant-{n}: grant grant-{n} gives every kind of portion on M49:011 up to AMBER");
    let one = |(i, name): (usize, &String)| Column {
        name: name.clone(),
        cells: (0..4)
            .map(|row| if row == 3 { cell(Mark::Withheld, RED) } else { cell(Mark::Gets, &grant(i + 1)) })
            .collect(),
    };
    let partners: Vec<Column> = names.iter().enumerate().map(one).collect();
    insta::assert_snapshot!(shown(&partners, 80));
}

#[test]
fn partners_with_the_same_decisions_share_a_column() {
    let names: Vec<String> = (1..=12).map(|i| format!("partner-{i}.example")).collect();
    let partners: Vec<Column> = names
        .iter()
        .enumerate()
        .map(|(i, n)| match i {
            11 => barred(n),
            i if i % 5 == 3 => late(n),
            _ => regional(n),
        })
        .collect();
    insta::assert_snapshot!(shown(&partners, 80));
}

#[test]
fn a_reason_that_names_the_partner_is_told_once_for_all_of_them() {
    let without = |name: &str| {
        let because = format!("no-agreement: no agreement with {name} is in force");
        Column { name: name.to_owned(), cells: vec![cell(Mark::Withheld, &because); 4] }
    };
    let text = shown(&[without("fr.example"), without("ke.example")], 80);
    assert!(text.contains("fr.example, ke.example ┐"), "{text}");
    assert!(text.ends_with("  A  no-agreement: no agreement with the partner is in force\n"), "{text}");
    let alone = shown(&[without("fr.example")], 80);
    assert!(alone.ends_with("no agreement with fr.example is in force\n"), "{alone}");
}

#[test]
fn what_was_never_decided_is_blank_and_colours_come_only_when_asked_for() {
    let open = Column { name: "new.example".into(), cells: vec![] };
    let text = shown(&[regional("au.example"), open], 80);
    assert!(text.lines().any(|l| l.ends_with("●A")), "{text}");
    assert!(!text.contains('\u{1b}'));
    let bright = Options { color: true, ..options(80) };
    assert!(matrix(&rows(), &[regional("a.example")], &mut Clauses::default(), &bright).contains("\u{1b}[1;31;40mRED"));
}

proptest! {
    #[test]
    fn no_line_is_too_wide_and_everybody_is_named(count in 1..40_usize, width in 60..160_usize, kinds in 1..60_usize) {
        let partners: Vec<Column> = (0..count)
            .map(|i| {
                let cells = (0..4).map(|r| cell(Mark::Withheld, &format!("rule-{}", (i * 4 + r) % kinds))).collect();
                Column { name: format!("p{i}.example"), cells }
            })
            .collect();
        let text = shown(&partners, width);
        for line in text.lines() {
            prop_assert!(text::columns(line) <= width, "{}", text);
        }
        for partner in &partners {
            let named = text.contains(&partner.name);
            prop_assert!(named);
        }
        let all = (0..kinds.min(count * 4)).all(|k| text.contains(&format!("rule-{k}")));
        prop_assert!(all);
    }
}
