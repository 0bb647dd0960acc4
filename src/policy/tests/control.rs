//! Who controls a place: the built-in table, a giver's own rows, and the reasons that the author sees.

use super::fixture::*;
use crate::{
    domain::{
        level::WarningLevel,
        marking::Tlp,
        partner::{Organisation, PartnerKind},
        rules::{RuleFault, RuleFile},
    },
    policy::{Decision, HouseRules, PartnerPolicy, accept, compare},
};

fn file(name: &str, text: &str) -> RuleFile {
    RuleFile { name: name.into(), text: text.into() }
}

fn house(rows: &[&str]) -> HouseRules {
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    HouseRules::compile(&[file("control.tsv", &text)]).unwrap()
}

fn state(country: &str) -> Organisation {
    taker("partner.example", PartnerKind::State, country)
}

fn everything(to: &Organisation, house: &HouseRules) -> PartnerPolicy {
    compile_all(to, vec![agreement(to, vec![grant("all", to, &["M49:001"])])], house)
}

fn about_these(country: &str, places: &[&str], actors: &[&str], house: &HouseRules) -> Decision {
    let about = portion(2, Tlp::Clear, about(places, actors, WarningLevel::Warning));
    decided(&everything(&state(country), house), &[headline(1, Tlp::Clear), about])
}

fn told(country: &str, places: &[&str], actors: &[&str]) -> String {
    let decision = about_these(country, places, actors, &HouseRules::none());
    assert!(decision.release.is_none(), "{country} gets {places:?}");
    words(&decision)[0].clone()
}

#[test]
fn whoever_controls_a_place_is_told_nothing_and_the_author_why() {
    for (country, place) in [
        ("RU", "UA-43"),
        ("RU", "UA-40"),
        ("RU", "GE-AB"),
        ("TR", "CY-06"),
        ("IL", "SY-QU"),
        ("MA", "EH"),
        ("IL", "PS"),
    ] {
        let why = told(country, &[place], &[]);
        assert!(why.contains(&format!(": {place} is held by {country} since ")) && why.ends_with(')'), "{why}");
    }
    let why = told("RU", &["GE"], &[]);
    assert!(why.contains("GE-AB is held by RU since 2008-08-12 (") && why.ends_with("and 2 more"), "{why}");
    assert!(about_these("RU", &["GE"], &[], &HouseRules::none()).release.is_none());
    assert!(about_these("RU", &["UA-46"], &[], &HouseRules::none()).release.is_some(), "it holds nothing there");
}

#[test]
fn a_territory_and_its_state_are_one_for_the_rule() {
    assert!(told("FR", &["M49:014"], &[]).contains("RE (Réunion) is governed by FR, and lies in M49:014"));
    assert!(told("CN", &["HK"], &[]).ends_with(": HK is governed by CN"));
    assert!(told("HK", &["CN"], &[]).ends_with(": HK is governed by CN"));
    assert!(told("CN", &["ML"], &["HK"]).ends_with(": HK is governed by CN"));
    assert!(told("HK", &["ML"], &["CN"]).ends_with(": HK is governed by CN"));
    // Where the subject names the state, there is nothing to explain.
    assert_eq!(told("HK", &["HK"], &[]), told("BF", &["BF-SOM"], &[]));
    assert!(about_these("HK", &["TW"], &[], &HouseRules::none()).release.is_some());
    let seat = taker("partner.example", PartnerKind::Ngo, "HK");
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["CN"])];
    assert!(decided(&everything(&seat, &HouseRules::none()), &portions).release.is_some(), "a seat is no state");
}

#[test]
fn a_house_adds_rows_and_takes_none_away() {
    let rows = house(&["# ours", "", "ML\tSN\t2026-01-01\t\ta report", "SD-DN\tSN\t2020-01-01\t2026-04-30\tover"]);
    assert!(!rows.is_empty() && HouseRules::none().is_empty());
    let decision = about_these("SN", &["M49:011"], &[], &rows);
    assert!(decision.release.is_none());
    let decision = about_these("SN", &["ML"], &[], &rows);
    assert!(words(&decision)[0].ends_with(": ML is held by SN since 2026-01-01 (a report)"), "{:?}", words(&decision));
    assert!(about_these("SN", &["SD-DN"], &[], &rows).release.is_some(), "that is over");
    assert!(about_these("RU", &["UA-43"], &[], &rows).release.is_none(), "the built-in table stays");

    let to = ecowas();
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])];
    let release = decided(&everything(&to, &rows), &portions).release.unwrap();
    let barred = |r: &crate::policy::Cleared| r.terms().barred_states.iter().map(|c| c.code()).collect::<Vec<_>>();
    assert_eq!(barred(&release), ["ML", "SN"]);
    // The recipient does not know these rows, and accepts terms that are narrower.
    let (copy, statement) = (everything(&to, &HouseRules::none()), statement(&release));
    assert_eq!(accept(&copy, &statement, &facts(&portions)), Ok(()));
}

#[test]
fn rows_are_simulated_with_the_rules() {
    let rows = house(&["ML\tSN\t2026-01-01\t\ta report"]);
    let (before, after) = (everything(&state("SN"), &HouseRules::none()), everything(&state("SN"), &rows));
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])];
    assert_eq!(compare(&before, &after, &facts(&portions)).len(), 2);
    assert!(compare(&after, &after, &facts(&portions)).is_empty());
}

#[test]
fn a_recipient_asks_for_the_bars_that_the_tables_say() {
    let to = ecowas();
    let policy = everything(&to, &HouseRules::none());
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["UA-43", "RE"])];
    let mut release = statement(&decided(&policy, &portions).release.unwrap());
    assert_eq!(accept(&policy, &release, &facts(&portions)), Ok(()));
    let all = std::mem::take(&mut release.terms.barred_states);
    for left_out in ["RU", "UA", "FR", "RE"] {
        release.terms.barred_states = all.iter().copied().filter(|c| c.code() != left_out).collect();
        let reasons = accept(&policy, &release, &facts(&portions)).unwrap_err();
        let told = format!("the release does not bar {left_out}, which it is about");
        assert!(reasons[0].id == "terms-too-wide" && reasons[0].words.ends_with(&told), "{reasons:?}");
    }
}

#[test]
fn every_mistake_of_a_table_is_told_with_its_place() {
    let cedar = "@id(\"a\") @reason(\"r\") forbid (principal, action, resource);\n";
    let good = "#place\tstate\tfrom\tuntil\tsource\nSD-DN\tGH\t2026-05-01\t\ta report\n";
    let faults = |files: &[RuleFile]| -> Vec<String> {
        HouseRules::compile(files).unwrap_err().iter().map(RuleFault::to_string).collect()
    };
    let rules = HouseRules::compile(&[file("a.cedar", cedar), file("b.tsv", good)]).unwrap();
    assert_eq!((rules.reasons().count(), rules.control().all().count()), (1, 1));
    for (text, told) in [
        ("", "b.tsv: the file is empty"),
        ("SD-DN\tGH\t2026-05-01\t\ta rep", "b.tsv: the last line has no line break"),
        ("\n\nSD-DN\tGH\t2026-5-1\t\ta report\n", "b.tsv:3:10: `2026-5-1` is not a day"),
        ("SD-DN GH 2026-05-01  a report\n", "b.tsv:1:1: 1 column; write place, state, from, until"),
        (
            "PK-TA\tAF\t2026-05-01\t\ta report\n",
            "b.tsv:1:1: `PK-TA` (Federally Administered Tribal Areas) is a code that",
        ),
        ("SD-DN\tSD\t2026-05-01\t\ta report\n", "b.tsv:1:7: `SD-DN` is a part of Sudan already"),
        ("SD-DN\tGH\t2026-05-01\t\t\n", "b.tsv:1:22: `` is not a source"),
    ] {
        let all = faults(&[file("a.cedar", cedar), file("b.tsv", text)]);
        assert!(all.len() == 1 && all[0].starts_with(told), "{all:?}");
    }
    let twice = faults(&[file("b.tsv", good), file("c.tsv", good)]);
    assert!(twice[0].starts_with("c.tsv:2:1: the same row is at b.tsv:2"), "{twice:?}");
}

#[test]
fn every_mistake_in_the_own_names_is_told_with_its_place() {
    let faults = |text: &str| -> Vec<String> {
        HouseRules::compile(&[file("names.tsv", text)]).unwrap_err().iter().map(RuleFault::to_string).collect()
    };
    let good = "#names\tstates\twhat\nThistle|the Thistle\tSD,SS\ta deployment\nBlack Volta\t-\ta river\n";
    let rules = HouseRules::compile(&[file("names.tsv", good)]).unwrap();
    assert!(!rules.names().is_empty() && rules.control().is_empty() && !rules.is_empty());
    for (text, told) in [
        ("", "names.tsv: the file is empty"),
        ("Thistle\tSD\ta deploy", "names.tsv: the last line has no line break"),
        ("\nThistle SD a deployment\n", "names.tsv:2:1: 1 columns; write three"),
        ("Thistle\tSUD\ta deployment\n", "names.tsv:1:9: `SUD` is no state"),
        ("Thistle\t\ta deployment\n", "names.tsv:1:9: `` is no state"),
        ("Thistle\tSD\t\n", "names.tsv:1:12: say in 1 to 120 characters"),
        ("Thistle||x\tSD\ta deployment\n", "names.tsv:1:1: `` has no word"),
        ("a b c d e f g h i j\tSD\ta deployment\n", "names.tsv:1:1: a name has 10 words, more than 9"),
        ("T\tSD\ta\nT\tSD\ta\n", "names.tsv:2:1: the same row is on line 1"),
    ] {
        let all = faults(text);
        assert!(all.len() == 1 && all[0].starts_with(told), "{all:?}");
    }
}
