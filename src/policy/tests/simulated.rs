//! Compares simulations with what would have happened.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    cases::{Case, case},
    fixture::*,
};
use crate::{
    domain::{agreement::Agreement, body::Kind, ids::Digest, marking::Tlp, time::Time},
    policy::{
        Change, Facts, HouseRules, ItemId, PartnerPolicy, compare, decide, possible_release_times, without_dates,
    },
};

const RULE: &str = r#"@id("r") @reason("w") forbid (principal, action, resource) when { context.tlp >= 2 };"#;

fn policy(case: &Case, agreements: &[Agreement], rule: bool) -> PartnerPolicy {
    let house = if rule { HouseRules::parse(RULE).unwrap() } else { HouseRules::none() };
    compile_all(&case.taker, agreements.iter().map(without_dates).collect(), &house)
}

/// When each portion is first released, decided at each time at which either policy may change.
fn first_times(policy: &PartnerPolicy, facts: &Facts<'_>, moments: &[Time]) -> BTreeMap<Digest, Time> {
    let mut first = BTreeMap::new();
    for at in moments {
        for digest in decide(policy, facts, *at).release.iter().flat_map(|r| r.digests()) {
            first.entry(digest).or_insert(*at);
        }
    }
    first
}

proptest! {
    #[test]
    fn nothing_changes_where_nothing_is_changed(case in case(), rule: bool) {
        let manifest = manifest(case.issued, case.expires);
        let facts = Facts::new(&manifest, case.portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
        let policy = policy(&case, &case.agreements, rule);
        prop_assert_eq!(compare(&policy, &policy.clone(), &facts), vec![]);
    }

    #[test]
    fn what_is_told_is_what_would_have_happened(case in case(), cut in 0usize..4, rules: [bool; 2]) {
        let manifest = manifest(case.issued, case.expires);
        let facts = Facts::new(&manifest, case.portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
        let fewer = &case.agreements[..case.agreements.len().saturating_sub(cut)];
        let (before, after) = (policy(&case, fewer, rules[0]), policy(&case, &case.agreements, rules[1]));
        let mut moments = [vec![case.issued], possible_release_times(&before, &facts), possible_release_times(&after, &facts)].concat();
        moments.sort();
        let (was, is) = (first_times(&before, &facts, &moments), first_times(&after, &facts, &moments));
        let told = compare(&before, &after, &facts);
        for index in 0..case.portions.len() {
            let portion = digest(index);
            let found: Vec<_> = told.iter().filter(|d| d.item == ItemId::Portion(portion)).collect();
            let (was, is) = (was.get(&portion).copied(), is.get(&portion).copied());
            prop_assert_eq!(found.len(), usize::from(was != is), "{:?} {:?} {:?}", was, is, found);
            for difference in found {
                prop_assert_eq!((difference.before, difference.after), (was, is));
                prop_assert!(!difference.reasons.is_empty());
            }
        }
        // The reversed comparison has the reversed differences.
        let back = compare(&after, &before, &facts);
        let turned = |change| match change {
            Change::Released => Change::Withheld,
            Change::Withheld => Change::Released,
            Change::Earlier => Change::Later,
            Change::Later => Change::Earlier,
        };
        let told: Vec<_> = told.into_iter().map(|d| (d.item, turned(d.change))).collect();
        prop_assert_eq!(told, back.into_iter().map(|d| (d.item, d.change)).collect::<Vec<_>>());
    }
}

#[test]
fn a_delay_makes_later_and_not_withheld_and_dates_make_no_difference() {
    let to = ecowas();
    let now = grant("all", &to, &["M49:001"]);
    let delayed = crate::domain::agreement::Grant { delay_seconds: 3600, ..now.clone() };
    let mut over = agreement(&to, vec![now.clone()]);
    (over.from, over.until) = ("1999-01-01".parse().unwrap(), "1999-12-31".parse().unwrap());
    let mut coming = over.clone();
    (coming.from, coming.until) = ("2050-01-01".parse().unwrap(), "2051-12-31".parse().unwrap());
    let compile = |terms: &Agreement| compile_all(&to, vec![without_dates(terms)], &HouseRules::none());
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])];
    let facts = facts(&portions);
    let before = compile(&agreement(&to, vec![now]));
    assert_eq!(compare(&before, &compile(&over), &facts), []);
    assert_eq!(compare(&before, &compile(&coming), &facts), []);
    let later = compare(&before, &compile(&agreement(&to, vec![delayed])), &facts);
    assert_eq!(later.iter().map(|d| d.change).collect::<Vec<_>>(), [Change::Later; 2]);
    assert_eq!(later[0].after.unwrap().seconds_since(later[0].before.unwrap()), 3600);
    assert!(later[0].reasons[0].words.contains("1h after its issue"), "{later:?}");
}

#[test]
fn a_difference_names_the_clause_or_rule_that_makes_it() {
    let to = ecowas();
    let mut narrow = grant("narrow", &to, &["M49:001"]);
    narrow.kinds = vec![Kind::Headline, Kind::Subject];
    let wide = grant("wide", &to, &["M49:001"]);
    let (narrow, wide) = (agreement(&to, vec![narrow]), agreement(&to, vec![wide]));
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::Amber)];
    let facts = facts(&portions);
    let with = |terms: &Agreement, rule| compile_all(&to, vec![without_dates(terms)], &rule);
    let rule = || HouseRules::parse(RULE).unwrap();
    let told = |before: &PartnerPolicy, after: &PartnerPolicy| {
        let told = compare(before, after, &facts);
        assert_eq!(told.len(), 1, "{told:?}");
        (told[0].change, told[0].item, told[0].reasons[0].id.to_string())
    };
    let gap = ItemId::Portion(digest(2));
    let (some, all) = (with(&narrow, HouseRules::none()), with(&wide, HouseRules::none()));
    assert_eq!(told(&some, &all), (Change::Released, gap, "wide".into()));
    assert_eq!(told(&all, &some), (Change::Withheld, gap, "no-grant".into()));
    assert_eq!(told(&all, &with(&wide, rule())), (Change::Withheld, gap, "house:r".into()));
}
