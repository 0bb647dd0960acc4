//! House rules that depend on who signed.

use super::fixture::*;
use crate::{
    domain::{
        assessment::Portion,
        ids::{SpiffeId, StatementId},
        marking::Tlp,
    },
    policy::{Facts, HouseRules, PartnerPolicy, accept, decide},
};

fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

fn ana() -> SpiffeId {
    id("spiffe://gb.example/analyst/ana")
}

fn olu() -> SpiffeId {
    id("spiffe://gb.example/officer/olu")
}

fn portions() -> [Portion; 2] {
    [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])]
}

fn under(condition: &str) -> PartnerPolicy {
    let to = ecowas();
    let text = format!("@id(\"who\") @reason(\"r\") forbid (principal, action, resource) {condition};");
    let house = HouseRules::parse(&text).unwrap();
    compile_all(&to, vec![agreement(&to, vec![grant("all", &to, &["M49:001"])])], &house)
}

fn goes(policy: &PartnerPolicy, facts: &Facts<'_>) -> bool {
    decide(policy, facts, time("2026-05-01T10:30:00Z")).release.is_some()
}

#[test]
fn a_rule_may_ask_whose_it_is_and_who_has_signed() {
    let portions = portions();
    let by = |all: &[SpiffeId], cosigners| facts(&portions).with_signers(all, cosigners);
    for (condition, alone, together) in [
        ("when { resource.signers.contains(\"spiffe://gb.example/analyst/ana\") }", false, false),
        ("unless { resource.signers.contains(\"spiffe://gb.example/officer/olu\") }", false, true),
        ("when { resource.cosigners < 1 }", false, true),
        ("when { resource.originator == \"gb.example\" }", false, false),
        ("when { resource.originator != \"gb.example\" && resource.cosigners < 1 }", true, true),
    ] {
        let policy = under(condition);
        // Decided twice: the second time from the cache.
        for _ in 0..2 {
            assert_eq!(goes(&policy, &by(&[ana()], 0)), alone, "{condition}");
            assert_eq!(goes(&policy, &by(&[ana(), olu()], 1)), together, "{condition}");
        }
    }
}

#[test]
fn where_nobody_knows_who_has_signed_a_rule_that_asks_denies_and_no_other_does() {
    let portions = portions();
    let asks = under("when { resource.signers.contains(\"spiffe://gb.example/analyst/nobody\") }");
    let decision = decide(&asks, &facts(&portions), time("2026-05-01T10:30:00Z"));
    assert_eq!(in_short(&decision), ["evaluation-error", "evaluation-error"]);
    assert!(goes(&asks, &facts(&portions).with_signers(&[ana()], 0)), "and it is not the memory that answers");
    assert!(goes(&under("when { context.tlp > 3 }"), &facts(&portions)));
}

#[test]
fn answers_are_shared_by_signers_where_no_rule_asks() {
    let portions = portions();
    let kept = |condition: &str| {
        let policy = under(condition);
        for (all, cosigners) in [(vec![ana()], 0), (vec![olu()], 0), (vec![ana(), olu()], 1)] {
            goes(&policy, &facts(&portions).with_signers(&all, cosigners));
        }
        policy.agreements[0].policies.cache.len()
    };
    assert_eq!(kept("when { context.tlp > 3 }"), 2, "one answer for each portion");
    assert_eq!(kept("when { resource.cosigners > 2 }"), 6, "and one for each set of signers where it matters");
}

#[test]
fn a_reader_takes_what_a_rule_on_signers_lets_go_without_knowing_them() {
    let portions = portions();
    let policy = under("unless { resource.signers.contains(\"spiffe://gb.example/officer/olu\") }");
    let decision = decide(&policy, &facts(&portions).with_signers(&[ana(), olu()], 1), time("2026-05-01T10:30:00Z"));
    let release = statement(&decision.release.unwrap());
    let to = ecowas();
    let terms = (StatementId([1; 32]), agreement(&to, vec![grant("all", &to, &["M49:001"])]));
    let giver = "gb.example".parse().unwrap();
    let incoming = PartnerPolicy::compile(&giver, &to, &[terms], &HouseRules::none()).unwrap();
    assert_eq!(accept(&incoming, &release, &facts(&portions)), Ok(()));
}
