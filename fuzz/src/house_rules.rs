//! House rules: refused with every mistake in its place, or rules that only ever forbid.

use std::{collections::BTreeSet, sync::LazyLock};

use watchfire::{
    domain::{
        agreement::{Agreement, Duties, Grant},
        assessment::{Manifest, Portion},
        body::{Body, Kind, Subject},
        ids::{AssessmentId, Digest, Handle, Salt, StatementId},
        level::{Certainty, Crime, Severity, Urgency, WarningLevel},
        marking::{Marking, Tlp},
        partner::{Organisation, PartnerKind},
        rules::RuleFile,
        time::Period,
    },
    policy::{Facts, HouseRules, PartnerPolicy, decide},
};

/// The bytes are a file of rules.
pub fn check(data: &[u8]) {
    let Some(text) = super::shown::text(data) else { return };
    let file = RuleFile { name: "rules.cedar".to_owned(), text: text.to_owned() };
    match HouseRules::compile(std::slice::from_ref(&file)) {
        Ok(rules) => {
            let ids: Vec<_> = rules.reasons().map(|r| r.id.clone()).collect();
            assert!(ids.iter().all(|id| id.starts_with("house:") && id.len() > "house:".len()), "a rule has a name");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "two rules of one name");
            assert!(rules.reasons().all(|r| !r.words.is_empty()), "a rule says why");
            only_forbids(&rules);
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "refused for nothing");
            let lines = u32::try_from(text.matches('\n').count() + 1).unwrap_or(u32::MAX);
            assert!(faults.iter().all(|f| f.line <= lines && !f.message.is_empty()), "no such line: {faults:?}");
        }
    }
}

/// Whatever rules there are, nothing goes that would not go without them.
fn only_forbids(rules: &HouseRules) {
    static WITHOUT: LazyLock<BTreeSet<usize>> = LazyLock::new(|| released(&HouseRules::none()));
    assert!(!WITHOUT.is_empty(), "without rules something goes");
    assert!(released(rules).is_subset(&WITHOUT), "a house rule gives what no agreement does");
}

fn released(rules: &HouseRules) -> BTreeSet<usize> {
    let giver = "gb.example".parse().expect("a name");
    let taker =
        Organisation { domain: "ecowas.example".parse().expect("a name"), kind: PartnerKind::Regional, country: None };
    let agreements = [(StatementId([1; 32]), agreement())];
    // A rule that can't be compiled with an agreement denies all.
    let Ok(policy) = PartnerPolicy::compile(&giver, &taker, &agreements, rules) else { return BTreeSet::new() };
    let (manifest, portions) = (manifest(), portions());
    let numbered = portions.iter().zip(1u8..).map(|(p, i)| (Digest([i; 32]), p));
    let facts = Facts::new(&manifest, numbered);
    let decision = decide(&policy, &facts, "2026-05-02T00:00:00Z".parse().expect("a time"));
    let verdicts = decision.portions.iter().enumerate();
    verdicts.filter(|(_, p)| p.verdict.is_release()).map(|(i, _)| i).collect()
}

fn agreement() -> Agreement {
    Agreement {
        triggers: vec![],
        series: AssessmentId([1; 16]),
        version: 1,
        previous: None,
        parties: ["ecowas.example".parse().expect("a name"), "gb.example".parse().expect("a name")],
        from: "2026-01-01".parse().expect("a day"),
        until: "2027-12-31".parse().expect("a day"),
        purpose: String::new(),
        notice_days: 0,
        groups: vec![],
        grants: vec![Grant {
            later_kinds: vec![],
            id: "g".parse().expect("a name"),
            from: "gb.example".parse().expect("a name"),
            to: "ecowas.example".parse().expect("a name"),
            places: vec!["M49:011".parse().expect("a place")],
            topics: vec![],
            kinds: vec![Kind::Headline, Kind::Subject, Kind::Gap],
            max_tlp: Tlp::Amber,
            min_level: None,
            delay_seconds: 0,
            retention_days: None,
            onward: None,
            purpose: String::new(),
        }],
        duties: Duties::default(),
    }
}

fn manifest() -> Manifest {
    Manifest {
        sealed_origin: None,
        assessment: AssessmentId([7; 16]),
        version: 1,
        previous: None,
        originator: "gb.example".parse().expect("a name"),
        issued: "2026-05-01T00:00:00Z".parse().expect("a time"),
        expires: "2026-12-01T00:00:00Z".parse().expect("a time"),
        digests: vec![],
        exercise: false,
    }
}

fn portions() -> Vec<Portion> {
    let day = "2026-05-01".parse().expect("a day");
    let subject = Subject {
        places: vec!["GH".parse().expect("a place")],
        period: Period { from: day, until: day },
        groups: vec![],
        actors: vec![],
        risk_of: vec![Crime::MassKilling],
        level: WarningLevel::Warning,
        urgency: Urgency::Expected,
        severity: Severity::Extreme,
        certainty: Certainty::Possible,
        addressed_to: vec![],
    };
    let bodies = [
        (Tlp::Green, Body::Headline { text: "headline".to_owned() }),
        (Tlp::Green, Body::Subject(subject)),
        (Tlp::Amber, Body::Gap { text: "gap".to_owned() }),
        (Tlp::Green, Body::Source { text: "source".to_owned() }),
    ];
    let portion =
        |(i, (tlp, body)): (u8, (Tlp, Body))| Portion::new(Salt([i; 32]), Handle([i; 8]), Marking::new(tlp), body);
    (1..).zip(bodies).map(portion).collect()
}
