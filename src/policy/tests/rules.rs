//! The rules that forbid: the built-in rules and the house rules.

use super::fixture::*;
use crate::{
    domain::{
        agreement::Area,
        body::Kind,
        level::WarningLevel,
        marking::{Caveat, Tlp},
        partner::PartnerKind,
        place::Place,
        rules::RuleFile,
    },
    policy::{
        Facts, HouseRules, PartnerPolicy,
        attributes::PortionAttributes,
        cedar::{ReleaseRequest, RequestTimes, assessment_entity},
        decide,
    },
};

fn everything(to: &crate::domain::partner::Organisation) -> PartnerPolicy {
    let mut all = grant("all", to, &["M49:001"]);
    all.max_tlp = Tlp::Red;
    compile(to, vec![all])
}

/// Whether an assessment about these places and actors' states is released to a partner of that kind and country, where everything is granted.
fn goes(kind: PartnerKind, country: &str, places: &[&str], actors: &[&str]) -> bool {
    let to = taker("partner.example", kind, country);
    let about = portion(2, Tlp::Clear, about(places, actors, WarningLevel::Warning));
    let decision = decided(&everything(&to), &[headline(1, Tlp::Clear), about]);
    assert!(decision.release.is_some() || in_short(&decision).iter().all(|r| r == "subject-rule"));
    decision.release.is_some()
}

#[test]
fn nothing_about_a_state_reaches_that_state_whatever_is_granted() {
    assert!(!goes(PartnerKind::State, "BF", &["BF"], &[]));
    assert!(!goes(PartnerKind::State, "BF", &["BF-SOM"], &[]), "a part of the state");
    assert!(!goes(PartnerKind::State, "BF", &["M49:011"], &[]), "a region that the state lies in");
    assert!(!goes(PartnerKind::State, "BF", &["ML", "BF"], &[]), "one of several places");
    assert!(!goes(PartnerKind::State, "ML", &["BF"], &["ML"]), "an actor that is the state's organ");
    assert!(!goes(PartnerKind::State, "US", &["PR"], &[]), "a territory that the state governs");
    assert!(!goes(PartnerKind::State, "IL", &["PS-GZA"], &[]), "a territory that the state in fact controls");
    assert!(!goes(PartnerKind::State, "XK", &["RS-KM"], &[]), "a state that another's list names as a part");
}

#[test]
fn others_get_it() {
    assert!(goes(PartnerKind::State, "GH", &["BF"], &[]), "a neighbour");
    assert!(goes(PartnerKind::State, "BF", &["ML"], &["ML"]), "the state itself, about its neighbour");
    assert!(goes(PartnerKind::Regional, "BF", &["BF"], &[]), "a regional organisation seated there");
    assert!(goes(PartnerKind::Ngo, "BF", &["BF"], &[]), "a non-governmental organisation seated there");
}

#[test]
fn a_state_is_barred_by_a_subject_that_is_withheld_from_it_too() {
    let to = taker("bf.example", PartnerKind::State, "BF");
    let mut hidden = subject(3, Tlp::Amber, &["BF"]);
    hidden.marking.releasable_to = audiences(&["fr.example"]);
    let decision = decided(&everything(&to), &[headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), hidden]);
    assert!(decision.release.is_none());
    assert_eq!(in_short(&decision), ["subject-rule", "subject-rule", "releasable-to subject-rule"]);
}

#[test]
fn no_alias_of_a_state_slips_past_the_rule() {
    for alias in ["bf", "BFA", "Burkina Faso", "854", "UK", "burma"] {
        assert!(alias.parse::<Place>().is_err() && alias.parse::<Area>().is_err(), "{alias}");
    }
}

#[test]
fn a_state_without_a_country_gets_no_policy_at_all() {
    let to = taker("bf.example", PartnerKind::State, "");
    let fault = PartnerPolicy::compile(&"gb.example".parse().unwrap(), &to, &[], &HouseRules::none()).unwrap_err();
    assert_eq!(fault.to_string(), "country: `bf.example` is a state without a country; state its country");
}

#[test]
fn an_assessment_of_no_known_subject_goes_to_nobody() {
    let policy = everything(&ecowas());
    assert_eq!(in_short(&decided(&policy, &[headline(1, Tlp::Clear)])), ["no-subject-known"]);
    let placeless = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), subject(3, Tlp::Clear, &[])];
    assert!(in_short(&decided(&policy, &placeless)).iter().all(|r| r == "no-subject-known"));
}

#[test]
fn an_assessment_goes_until_it_expires_and_not_at_that_moment() {
    let policy = everything(&ecowas());
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])];
    let facts = facts(&portions);
    assert!(decide(&policy, &facts, time("2026-11-30T23:59:59.999999999Z")).release.is_some());
    let late = decide(&policy, &facts, time("2026-12-01T00:00:00Z"));
    assert_eq!(in_short(&late), ["expired", "expired"]);
}

#[test]
fn red_goes_only_to_organisations_that_are_named() {
    let to = taker("gh.example", PartnerKind::State, "GH");
    let mut all = grant("all", &to, &["M49:001"]);
    all.max_tlp = Tlp::Red;
    let policy = compile(&to, vec![all]);
    let answer = |names: &[&str]| {
        let mut red = gap(3, Tlp::Red);
        red.marking.releasable_to = audiences(names);
        red.marking.spell_out(&[group("by-country", &["GH"], &[]), group("by-name", &[], &["gh.example"])]);
        let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), red];
        in_short(&decided(&policy, &portions)).remove(2)
    };
    assert_eq!(answer(&[]), "tlp-red-named-only");
    assert_eq!(answer(&["group:by-country"]), "tlp-red-named-only");
    assert_eq!(answer(&["fr.example"]), "releasable-to tlp-red-named-only");
    assert_eq!(answer(&["gh.example"]), "+");
    assert_eq!(answer(&["group:by-name"]), "+");
}

#[test]
fn releasable_to_means_the_groups_as_the_marking_spells_them_out() {
    let to = taker("gh.example", PartnerKind::State, "GH");
    let mut terms = agreement(&to, vec![grant("all", &to, &["M49:001"])]);
    terms.groups = vec![group("ecowas", &["GH"], &["gh.example"])];
    let policy = compile_all(&to, vec![terms], &HouseRules::none());
    let answer = |groups| {
        let mut limited = gap(3, Tlp::Green);
        limited.marking.releasable_to = audiences(&["fr.example", "group:ecowas"]);
        limited.marking.groups = groups;
        in_short(&decided(&policy, &[headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), limited])).remove(2)
    };
    assert_eq!(answer(vec![]), "releasable-to", "the agreement's own list does not count");
    assert_eq!(answer(vec![group("ecowas", &["BJ"], &[])]), "releasable-to");
    assert_eq!(answer(vec![group("ecowas", &["BJ", "GH"], &[])]), "+");
    assert_eq!(answer(vec![group("ecowas", &[], &["gh.example"])]), "+");
}

#[test]
fn a_house_rule_forbids_what_a_grant_permits() {
    let to = ecowas();
    let house = HouseRules::parse(
        r#"@id("no-gaps") @reason("we keep our gaps to ourselves")
           forbid (principal == Organisation::"ecowas.example", action, resource) when { context.kind == "gap" };"#,
    )
    .unwrap();
    let policy = compile_all(&to, vec![agreement(&to, vec![grant("all", &to, &["M49:001"])])], &house);
    let decision = decided(&policy, &[headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::Clear)]);
    assert_eq!(in_short(&decision), ["+", "+", "house:no-gaps"]);
    assert_eq!(words(&decision)[2], "we keep our gaps to ourselves");
}

#[test]
fn a_rule_that_fails_denies_everything() {
    let to = ecowas();
    // Cedar would skip the rule that forbids, and decide Allow.
    let house = HouseRules::parse(
        r#"@id("sum") @reason("r") forbid (principal, action, resource) when { context.now + 9223372036854775807 < 0 };"#,
    )
    .unwrap();
    let policy = compile_all(&to, vec![agreement(&to, vec![grant("all", &to, &["M49:001"])])], &house);
    let decision = decided(&policy, &[headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])]);
    assert_eq!(in_short(&decision), ["evaluation-error", "evaluation-error"]);
    assert!(words(&decision)[0].starts_with("`house:sum` could not be evaluated"));
    assert!(decision.release.is_none());
}

#[test]
fn a_mistake_in_a_house_rule_is_told_with_its_line_and_column() {
    let at = |text: &str| HouseRules::parse(text).unwrap_err();
    let typo =
        at("@id(\"x\")\n@reason(\"r\")\nforbid (principal, action, resource)\nwhen { context.knid == \"gap\" };");
    assert_eq!(typo.field.as_deref(), Some("4:8"), "{typo}");
    assert!(typo.message.contains("knid"), "{typo}");
    let syntax = at("@id(\"x\")\nforbid (principal, action, resource\nwhen { true };");
    assert_eq!(syntax.field.as_deref(), Some("3:1"), "{syntax}");
    for (text, told) in [
        ("@id(\"x\") @reason(\"r\") permit (principal, action, resource);", "a house rule can only forbid"),
        ("@reason(\"r\") forbid (principal, action, resource);", "no @id"),
        ("@id(\"x\") forbid (principal, action, resource);", "no @reason"),
        (
            "@id(\"x\") @reason(\"r\") forbid (principal, action, resource);\n@id(\"x\") @reason(\"s\") forbid (principal, action, resource);",
            "two rules have the id",
        ),
    ] {
        assert!(at(text).message.contains(told), "{}", at(text));
    }
    assert!(HouseRules::parse("").is_ok());
}

#[test]
fn every_mistake_of_every_file_is_told_with_its_place() {
    let file = |name: &str, text: &str| RuleFile { name: name.into(), text: text.into() };
    let good = "// why\n@id(\"a\") @reason(\"r\")\nforbid (principal, action, resource);\n";
    assert_eq!(HouseRules::compile(&[file("a.cedar", good)]).unwrap().reasons().next().unwrap().id, "house:a");
    let faults = HouseRules::compile(&[
        file("a.cedar", good),
        file("b.cedar", "\n\n  @id(\"a\") @reason(\"r\")\nforbid (principal, action, resource);\n  forbid (principal, action, resource);"),
        file("c.cedar", good),
        file("d.cedar", " \n"),
        file("e.cedar", "@id(\"é\") @reason(\"é\") forbid (principal == ?principal, action, resource);"),
        file("f.cedar", "forbid (principal, action, resource) when { context.knid == 1 && resource.levl < 3 };"),
    ])
    .unwrap_err();
    let places: Vec<String> = faults.iter().map(|f| f.to_string().split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(
        places,
        [
            "b.cedar:3:3",
            "b.cedar:5:3",
            "b.cedar:5:3",
            "c.cedar:2:1",
            "d.cedar",
            "e.cedar:1:44",
            "f.cedar:1:1",
            "f.cedar:1:1",
            "f.cedar:1:45",
            "f.cedar:1:66"
        ],
        "{faults:#?}"
    );
    for twice in [&faults[0], &faults[3]] {
        assert!(twice.message.contains("the other is at a.cedar:2"), "{twice}");
    }
    assert!(faults.iter().all(|f| !f.message.contains("policy0")), "the engine's own name means nothing: {faults:#?}");
}

#[test]
fn what_the_engine_builds_fits_the_schema() {
    // Requests are built without Cedar's own check, which takes as long as the decision. So it is made here once.
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Red, &["ML", "BF-SOM", "M49:014"])];
    let signed = ["spiffe://gb.example/analyst/ana".parse().unwrap()];
    let facts: Facts<'_> = facts(&portions).with_signers(&signed, 0);
    let topics = ["sahel".parse().unwrap()];
    let releasable_to = audiences(&["group:ecowas", "gb.example"]);
    let groups = [group("ecowas", &["BF"], &["ecowas.example"])];
    for to in [ecowas(), taker("gh.example", PartnerKind::State, "GH")] {
        let policies = &everything(&to).agreements[0].policies;
        for (topics, releasable_to, caveats) in [(&[][..], &[][..], &[][..]), (&topics, &releasable_to, Caveat::ALL)] {
            let portion =
                PortionAttributes { kind: Kind::Gap, tlp: Tlp::Red, topics, releasable_to, groups: &groups, caveats };
            let (subjects, authorship) = (&facts.all_subjects, &facts.authorship);
            let times = RequestTimes { now: i64::MIN, age: -1, expires: i64::MAX };
            let context = ReleaseRequest { subjects, authorship, portion, times }.context().unwrap();
            let assessment = assessment_entity(subjects, authorship, times.expires).unwrap();
            policies.check_against_schema(assessment, &context);
        }
    }
}

#[test]
fn the_documented_examples_are_rules() {
    let text = include_str!("../../../docs/policy.md");
    let blocks: Vec<&str> = text.split("```cedar\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 5, "{}", blocks.len());
    let file = |(n, text): (usize, &&str)| RuleFile { name: format!("example {n}"), text: (*text).to_owned() };
    let files: Vec<RuleFile> = blocks.iter().enumerate().map(file).collect();
    let rules = HouseRules::compile(&files).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(rules.reasons().count(), blocks.len());
    // Every attribute of the schema has its row in the documentation, and there is no other row.
    for (start, what) in
        [("entity Organisation", "principal"), ("entity Assessment", "resource"), ("context: {", "context")]
    {
        let block = HouseRules::schema().split(start).nth(1).unwrap().split("}").next().unwrap();
        let names = block.lines().filter(|l| !l.trim().starts_with("//")).filter_map(|l| l.split_once(": "));
        let names: Vec<String> =
            names.map(|(n, _)| format!("| `{what}.{}` |", n.trim().trim_end_matches('?'))).collect();
        assert!(names.len() >= 5 && names.iter().all(|n| text.contains(n.as_str())), "{what}: {names:?}");
        assert_eq!(text.matches(&format!("| `{what}.")).count(), names.len(), "{what}");
    }
}
