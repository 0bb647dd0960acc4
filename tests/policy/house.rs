//! A small library of house rules, each in Cedar and in plain Rust.

use std::collections::BTreeSet;

use crate::{
    cases::HOUSE_RULES,
    domain::{
        body::Kind,
        level::WarningLevel,
        marking::{Audience, Tlp},
        partner::PartnerKind,
        place::{Country, Place},
        rules::RuleFile,
    },
    oracle::Oracle,
    policy::HouseRules,
};

/// A house rule.
pub struct HouseRule {
    cedar: &'static str,
    /// Whether it forbids the portion, given the subjects among the visible portions.
    pub forbids: fn(&Oracle<'_>, usize, &BTreeSet<usize>) -> bool,
}

impl std::fmt::Debug for HouseRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.cedar)
    }
}

pub static LIBRARY: [HouseRule; HOUSE_RULES] = [
    HouseRule { cedar: r#"when { context.kind == "gap" }"#, forbids: |o, i, _| o.portion(i).kind() == Kind::Gap },
    HouseRule {
        cedar: r#"when { principal.kind == "state" && resource.countries.contains("SD") && resource.level < 3 }"#,
        forbids: |o, _, visible| {
            let sudan = |place: &Place| place.countries().iter().any(|c| c.code() == "SD");
            let low = o.subjects(visible).iter().all(|s| s.level < WarningLevel::Warning);
            o.case.taker.kind == PartnerKind::State && o.places(visible).iter().any(sudan) && low
        },
    },
    HouseRule {
        cedar: r#"when { principal.kind == "ngo" && context.tlp >= 2 }"#,
        forbids: |o, i, _| o.case.taker.kind == PartnerKind::Ngo && o.portion(i).marking.tlp >= Tlp::Amber,
    },
    HouseRule {
        cedar: "when { context.age < 3600 } unless { resource.level >= 4 }",
        forbids: |o, _, visible| {
            let urgent = o.subjects(visible).iter().any(|s| s.level >= WarningLevel::Imminent);
            o.case.now < o.case.issued.plus_seconds(3_600) && !urgent
        },
    },
    HouseRule {
        cedar: r#"when { context.topics.contains("sahel") && context.releasable_to.isEmpty() }"#,
        forbids: |o, i, _| {
            let marking = &o.portion(i).marking;
            marking.topics.iter().any(|t| t.as_str() == "sahel") && marking.releasable_to.is_empty()
        },
    },
    HouseRule {
        cedar: r#"when { resource.places.contains("BF-SOM") && principal has state }"#,
        forbids: |o, _, visible| {
            o.case.taker.kind == PartnerKind::State && o.places(visible).iter().any(|p| p.to_string() == "BF-SOM")
        },
    },
    HouseRule {
        cedar: "when { principal has country && resource.subject_states.contains(principal.country) }",
        forbids: |o, _, visible| {
            let country: Option<Country> = o.case.taker.country;
            country.is_some_and(|c| o.about(visible).contains(&c))
        },
    },
    HouseRule {
        cedar: r#"when { context.tlp >= 3 } unless { principal.own_names.contains("group:a") }"#,
        forbids: |o, i, _| {
            let group_a: Audience = "group:a".parse().unwrap();
            o.portion(i).marking.tlp >= Tlp::AmberStrict && !o.is_named(&group_a, &o.agreement.groups, false)
        },
    },
    HouseRule {
        cedar: r#"when { principal == Organisation::"taker.example" && context.releasable_to.contains("other.example") }"#,
        forbids: |o, i, _| o.portion(i).marking.releasable_to.iter().any(|a| a.to_string() == "other.example"),
    },
];

/// House rules with these rules of the library and these rows of a control table.
pub fn rules(numbers: &[usize], control: &[String]) -> HouseRules {
    let file = |name: &str, text: String| RuleFile { name: name.to_owned(), text };
    let cedar = format!("// The library's.\n{}", numbers.iter().map(|n| text(*n)).collect::<String>());
    let rows = format!("#place\tstate\tfrom\tuntil\tsource\n{}\n", control.join("\n"));
    HouseRules::compile(&[file("library.cedar", cedar), file("control.tsv", rows)]).unwrap()
}

/// The rule with this number.
pub fn text(n: usize) -> String {
    let cedar = LIBRARY[n].cedar;
    format!("@id(\"house-{n}\")\n@reason(\"of the library\")\nforbid (principal, action, resource)\n{cedar};\n")
}

/// The number of the rule with this condition.
pub fn number(cedar: &str) -> usize {
    LIBRARY.iter().position(|rule| rule.cedar == cedar).unwrap_or_else(|| panic!("the library has no rule `{cedar}`"))
}
