//! House rules that use a value that an attribute never has: each literal is checked against the vocabulary of its attribute.

use std::collections::BTreeSet;

use crate::{
    domain::rules::{RuleFault, RuleFile},
    policy::{HouseRules, KnownNames},
};

fn known() -> KnownNames {
    KnownNames {
        own: "gb.example".parse().unwrap(),
        organisations: ["ecowas.example", "fr.example"].map(|o| o.parse().unwrap()).into(),
        groups: BTreeSet::from(["ecowas".parse().unwrap()]),
    }
}

fn file(text: &str) -> RuleFile {
    RuleFile { name: "a.cedar".into(), text: text.to_owned() }
}

fn rule(scope: &str, conditions: &str) -> RuleFile {
    file(&format!("@id(\"x\") @reason(\"state\")\nforbid ({scope}, action, resource)\n{conditions};"))
}

/// The mistakes and the warnings of a rule with these conditions.
fn found(conditions: &str) -> (Vec<RuleFault>, Vec<RuleFault>) {
    let (rules, doubts) = HouseRules::check(&[rule("principal", conditions)], Some(&known()));
    (rules.err().unwrap_or_default(), doubts)
}

#[test]
fn a_word_that_is_never_there_is_a_mistake_with_its_place_and_what_was_meant() {
    for (condition, column, told, help) in [
        (r#"principal.kind == "State""#, 26, "`principal.kind` is never `State`", "did you mean `state`?"),
        (r#"principal.kind != "government""#, 26, "never `government`", "state, regional, international, ngo"),
        (r#"["sate", "ngo"].contains(principal.kind)"#, 9, "`principal.kind` is never `sate`", "`state`"),
        (r#"context.kind == "evidnce""#, 24, "never `evidnce`", "`evidence`"),
        (r#""Gap" == context.kind"#, 8, "never `Gap`", "`gap`"),
        (r#"context.kind == (if context.tlp > 1 then "gap" else "gaps")"#, 60, "never `gaps`", "`gap`"),
        (r#"context.kind like "evidenz*""#, 26, "never like `evidenz*`", "a kind of portion"),
        (r#"context.caveats.contains("no_attribution")"#, 33, "never `no_attribution`", "`no-attribution`"),
        (r#"context.topics.containsAny(["sahel", "The Sahel"])"#, 45, "never `The Sahel`", "a-z"),
        (r#"context.topics.contains("state") && principal.kind == "Ngo""#, 62, "never `Ngo`", "`ngo`"),
        (r#"principal has country && principal.country == "UK""#, 54, "never `UK`", "write `GB`"),
        (r#"principal.states.contains("ZZ")"#, 34, "`principal.states` is never `ZZ`", ""),
        (r#"resource.countries.contains("M49:011")"#, 36, "never `M49:011`", "a region"),
        (r#"resource.countries == ["SD", "SD-DN"]"#, 37, "never `SD-DN`", "`SD`"),
        (r#"resource.places.contains("M49:011")"#, 33, "never `M49:011`", "name the countries"),
        (r#"resource.places.contains("BF-XXX")"#, 33, "never `BF-XXX`", ""),
        (r#"resource.subject_states.contains("mali")"#, 41, "never `mali`", "`ML`"),
        (r#"context.releasable_to.contains("group: ecowas")"#, 39, "never `group: ecowas`", ""),
        (r#"resource.originator == "GB""#, 31, "never `GB`", "trust domain"),
        (r#"resource.signers.contains("ana")"#, 34, "never `ana`", "spiffe://"),
        ("context.tlp == 7", 23, "`context.tlp` is never equal to 7", "4 RED"),
        ("context.tlp > 4", 22, "is never above 4", "4 RED"),
        ("5 <= context.tlp", 8, "is never at least 5", "4 RED"),
        ("context.tlp >= 0", 23, "is always at least 0", "0 CLEAR"),
        ("[7].contains(context.tlp)", 9, "never equal to 7", "4 RED"),
        ("resource.level < 0", 25, "is never below 0", "1 (watch)"),
        ("resource.level == 6", 26, "is never equal to 6", "5 (ongoing)"),
        ("resource.cosigners > 3", 29, "is never above 3", "three officers"),
        (r#"principal == Organisation::"FR""#, 35, "there is no organisation `FR`", "trust domain"),
        (r#"principal in [Organisation::"fr_.example"]"#, 36, "there is no organisation", "trust domain"),
        (r#"resource == Assessment::"x""#, 32, "can't name an assessment", "attributes"),
        (r#"Grant::"g".kinds.contains(context.kind)"#, 15, "can't ask about a grant", "`principal`"),
        (r#"Organisation::"fr.example".kind == "state""#, 22, "attribute of a named organisation", "`principal`"),
        (r#"principal.kind == context.kind"#, 1, "is a kind of organisation, and `context.kind` never is", ""),
        (r#"resource.countries.contains(principal.kind)"#, 1, "is a country, and `principal.kind` never is", ""),
    ] {
        let (faults, doubts) = found(&format!("when {{ {condition} }}"));
        let [fault] = faults.as_slice() else { panic!("{condition}: {faults:#?} {doubts:#?}") };
        assert!(fault.message.contains(told), "{condition}: {fault}");
        assert!(fault.help.as_ref().is_some_and(|h| h.contains(help)), "{condition}: {fault}");
        let place = if column == 1 { (2, 1) } else { (3, column) };
        assert!((fault.line, fault.column) == place || column == 1, "{condition}: {fault}");
        assert!(doubts.is_empty(), "{condition}: {doubts:?}");
        let in_unless = found(&format!("unless {{ {condition} }}"));
        assert_eq!(in_unless.0.len(), 1, "{condition}");
    }
}

#[test]
fn what_may_be_is_neither_a_mistake_nor_doubtful() {
    for condition in [
        r#"["state", "ngo"].contains(principal.kind) && context.kind == "gap""#,
        r#"context.kind like "ev*" || context.kind like "*" || context.topics.contains("any-topic-at-all")"#,
        r#"principal has country && principal.country == "PR""#,
        r#"principal has country && resource.subject_states.contains(principal.country)"#,
        r#"resource.places.containsAny(["BF", "BF-SOM"]) && resource.countries.contains("XK")"#,
        r#"context.releasable_to.containsAny(principal.own_names)"#,
        r#"context.releasable_to.containsAny(["group:ecowas", "gb.example", "fr.example"])"#,
        r#"principal == Organisation::"fr.example" && principal.own_names.contains("group:ecowas")"#,
        "context.tlp >= 4 && context.tlp < 5 - 1 && resource.level > 0 && resource.level <= 4 && context.tlp != 4",
        r#"resource.originator != "gb.example" && resource.cosigners < 1"#,
        r#"resource.signers.contains("spiffe://fr.example/officer/zoe")"#,
        "context.caveats.isEmpty() && context.topics.isEmpty()",
    ] {
        assert_eq!(found(&format!("when {{ {condition} }}")), (vec![], vec![]), "{condition}");
    }
}

#[test]
fn who_is_not_known_yet_and_words_of_later_editions_are_doubtful_and_can_be_written() {
    for (condition, told, help) in [
        (r#"principal == Organisation::"ng.example""#, "`ng.example` is not known here", "become a partner"),
        (r#"principal == Organisation::"fr.exampel""#, "is not known here", "did you mean `fr.example`?"),
        (r#"principal == Organisation::"gb.example""#, "this organisation itself", "name the partner"),
        (
            r#"context.releasable_to.contains("group:eccowas")"#,
            "whose members no agreement here lists",
            "`group:ecowas`",
        ),
        (r#"principal.names.contains("ng.example")"#, "names `ng.example`", "become a partner"),
        (r#"resource.originator == "ng.example""#, "names `ng.example`", "become a partner"),
        (r#"resource.signers.contains("spiffe://ng.example/analyst/ada")"#, "names `ng.example`", "a partner"),
        (r#"context.kind == "resolution""#, "in this edition", "later edition"),
        (r#"context.caveats.contains("not-for-machines")"#, "in this edition", "later edition"),
    ] {
        let (faults, doubts) = found(&format!("when {{ {condition} }}"));
        assert!(faults.is_empty(), "{condition}: {faults:?}");
        let [doubt] = doubts.as_slice() else { panic!("{condition}: {doubts:#?}") };
        assert!(doubt.message.contains(told), "{condition}: {doubt}");
        assert!(doubt.help.as_ref().is_some_and(|h| h.contains(help)), "{condition}: {doubt}");
        assert_eq!(doubt.line, 3, "{condition}: {doubt}");
    }
    // The scope is checked too. Where the known names are not given, there is no warning.
    let scoped = rule("principal == Organisation::\"ng.example\"", "");
    let (rules, doubts) = HouseRules::check(std::slice::from_ref(&scoped), Some(&known()));
    assert!(rules.is_ok() && doubts.len() == 1 && (doubts[0].line, doubts[0].column) == (2, 36), "{doubts:?}");
    assert!(HouseRules::check(&[scoped], None).1.is_empty());
}

#[test]
fn a_rule_that_nothing_meets_is_a_mistake() {
    for condition in ["false", "principal is Assessment", r#"context.tlp > 1 && false"#] {
        let (faults, _) = found(&format!("when {{ {condition} }}"));
        assert!(faults.iter().any(|f| f.message.contains("never applies")), "{condition}: {faults:?}");
    }
    let (faults, doubts) = found("when { context.topics.contains(\"\u{202e}sahel\") }");
    assert_eq!((faults.len(), doubts.len()), (1, 1), "{faults:?} {doubts:?}");
    assert!(doubts[0].message.contains("BIDI"), "{doubts:?}");
}

#[test]
fn one_mistake_hides_no_other() {
    let broken = "@id(\"a\") @reason(\"r\") forbid (principal, action resource);\n\
                  @id(\"b\") @reason(\"r\") forbid (principal, action, resource) when { context.knid == \"gap\" };\n\
                  permit (principal, action, resource) when { principal.kind == \"State\" && context.tlp == 9 };\n\
                  @id(\"c\") @reason(\"r\") forbid (principal == ?principal, action, resource);\n\
                  @id(\"d\") @reason(\"r\") forbid (principal, action, resource) when { context.levl == 1 };\n\
                  @id(\"e\") @reason(\"r\") forbid (principal, action, resource) when { \"open };\n";
    let other = RuleFile { name: "b.cedar".into(), text: "@id(\"b\") forbid (principal, action, resource);".into() };
    let rows = "BF\tXX\t2026-05-01\t\ta source\nM49:011\tML\t2026-05-01\t\ta source";
    let table = RuleFile { name: "c.tsv".into(), text: rows.into() };
    let faults = HouseRules::compile(&[file(broken), other, table]).unwrap_err();
    let places: Vec<_> = faults.iter().map(|f| (f.file.as_str(), f.line)).collect();
    let lines = |file: &str| places.iter().filter(|(f, _)| *f == file).map(|(_, line)| *line).collect::<Vec<_>>();
    // The third rule permits, has neither an id nor a reason, and uses two words that never occur.
    assert_eq!(lines("a.cedar"), [1, 2, 3, 3, 3, 3, 3, 4, 5, 6], "{faults:#?}");
    assert_eq!(lines("b.cedar"), [1, 1], "the id is there twice, and the reason is missing: {faults:#?}");
    assert_eq!(lines("c.tsv"), [0, 1, 2], "{faults:#?}");
}

#[test]
fn what_was_in_force_before_stays_readable() {
    let before = rule("principal", "when { principal.kind == \"State\" }");
    assert!(HouseRules::compile(std::slice::from_ref(&before)).is_err());
    assert_eq!(HouseRules::compile_accepted(&[before]).unwrap().reasons().count(), 1);
    assert!(HouseRules::compile_accepted(&[file("permit (principal, action, resource);")]).is_err());
}
