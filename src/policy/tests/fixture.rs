//! Short functions that make agreements, assessments and partners.

use std::sync::LazyLock;

use crate::{
    domain::{
        agreement::{Agreement, Area, Duties, Grant},
        assessment::{Manifest, Portion},
        body::{Body, Kind, Perpetrator, Subject},
        group::Group,
        ids::{AssessmentId, Digest, Handle, Salt, StatementId},
        level::{Certainty, Crime, Severity, Urgency, WarningLevel},
        marking::{Audience, Marking, Tlp},
        partner::{Organisation, PartnerKind},
        release::{EntryKind, FeedPosition, Listed, Release},
        time::{Period, Time},
    },
    policy::{Cleared, Decision, Facts, HouseRules, PartnerPolicy, Verdict, decide},
};

pub const ISSUED: &str = "2026-05-01T09:30:00Z";

pub fn time(text: &str) -> Time {
    text.parse().unwrap()
}

pub fn taker(domain: &str, kind: PartnerKind, country: &str) -> Organisation {
    Organisation { domain: domain.parse().unwrap(), kind, country: country.parse().ok() }
}

pub fn ecowas() -> Organisation {
    taker("ecowas.example", PartnerKind::Regional, "")
}

/// A grant from gb.example to the taker. It permits every kind on these places up to AMBER, without a delay.
pub fn grant(id: &str, to: &Organisation, places: &[&str]) -> Grant {
    Grant {
        later_kinds: vec![],
        id: id.parse().unwrap(),
        from: "gb.example".parse().unwrap(),
        to: to.domain.clone(),
        places: places.iter().map(|p| p.parse::<Area>().unwrap()).collect(),
        topics: vec![],
        kinds: Kind::ALL.to_vec(),
        max_tlp: Tlp::Amber,
        min_level: None,
        delay_seconds: 0,
        retention_days: None,
        onward: None,
        purpose: String::new(),
    }
}

pub fn agreement(to: &Organisation, grants: Vec<Grant>) -> Agreement {
    let mut parties = ["gb.example".parse().unwrap(), to.domain.clone()];
    parties.sort();
    Agreement {
        triggers: vec![],
        series: AssessmentId([1; 16]),
        version: 3,
        previous: Some(StatementId([9; 32])),
        parties,
        from: "2026-01-01".parse().unwrap(),
        until: "2027-12-31".parse().unwrap(),
        purpose: "tests".into(),
        notice_days: 90,
        groups: vec![],
        grants,
        duties: Duties::default(),
    }
}

pub fn group(name: &str, countries: &[&str], organisations: &[&str]) -> Group {
    Group {
        name: name.parse().unwrap(),
        as_of: "2026-01-01".parse().unwrap(),
        countries: countries.iter().map(|c| c.parse().unwrap()).collect(),
        organisations: organisations.iter().map(|o| o.parse().unwrap()).collect(),
    }
}

pub fn compile_all(to: &Organisation, agreements: Vec<Agreement>, house: &HouseRules) -> PartnerPolicy {
    let agreements: Vec<_> = agreements.into_iter().zip(1..).map(|(a, i)| (StatementId([i; 32]), a)).collect();
    PartnerPolicy::compile(&"gb.example".parse().unwrap(), to, &agreements, house).unwrap()
}

pub fn compile(to: &Organisation, grants: Vec<Grant>) -> PartnerPolicy {
    compile_all(to, vec![agreement(to, grants)], &HouseRules::none())
}

pub fn audiences(names: &[&str]) -> Vec<Audience> {
    names.iter().map(|n| n.parse().unwrap()).collect()
}

pub fn portion(number: u8, tlp: Tlp, body: Body) -> Portion {
    Portion::new(Salt([number; 32]), Handle([number; 8]), Marking::new(tlp), body)
}

pub fn headline(number: u8, tlp: Tlp) -> Portion {
    portion(number, tlp, Body::Headline { text: "headline".into() })
}

pub fn gap(number: u8, tlp: Tlp) -> Portion {
    portion(number, tlp, Body::Gap { text: "gap".into() })
}

pub fn about(places: &[&str], actors: &[&str], level: WarningLevel) -> Body {
    let day = "2026-05-01".parse().unwrap();
    let actor = |state: &&str| Perpetrator { name: "actor".into(), state: Some(state.parse().unwrap()) };
    Body::Subject(Subject {
        places: places.iter().map(|p| p.parse().unwrap()).collect(),
        period: Period { from: day, until: day },
        groups: vec![],
        actors: actors.iter().map(actor).collect(),
        risk_of: vec![Crime::MassKilling],
        level,
        urgency: Urgency::Expected,
        severity: Severity::Extreme,
        certainty: Certainty::Possible,
        addressed_to: vec![],
    })
}

/// A subject of level 3 (warning).
pub fn subject(number: u8, tlp: Tlp, places: &[&str]) -> Portion {
    portion(number, tlp, about(places, &[], WarningLevel::Warning))
}

pub fn manifest(issued: Time, expires: Time) -> Manifest {
    Manifest {
        sealed_origin: None,
        assessment: AssessmentId([7; 16]),
        version: 1,
        previous: None,
        originator: "gb.example".parse().unwrap(),
        issued,
        expires,
        digests: vec![],
        exercise: false,
    }
}

/// A digest that encodes the portion's index. The policy computes no digests.
pub fn digest(index: usize) -> Digest {
    Digest([u8::try_from(index).unwrap(); 32])
}

/// The manifest that [`facts`] are of.
static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| manifest(time(ISSUED), time("2026-12-01T00:00:00Z")));

pub fn facts(portions: &[Portion]) -> Facts<'_> {
    Facts::new(&MANIFEST, portions.iter().enumerate().map(|(i, p)| (digest(i), p)))
}

/// The decision an hour after the issue.
pub fn decided(policy: &PartnerPolicy, portions: &[Portion]) -> Decision {
    decide(policy, &facts(portions), time("2026-05-01T10:30:00Z"))
}

/// For each portion `+` if it is released, otherwise the ids of the reasons.
pub fn in_short(decision: &Decision) -> Vec<String> {
    let short = |verdict: &Verdict| match verdict {
        Verdict::Release(_) => "+".to_owned(),
        Verdict::Withhold(denial) => denial.reasons().iter().map(|r| r.id.to_string()).collect::<Vec<_>>().join(" "),
    };
    decision.portions.iter().map(|p| short(&p.verdict)).collect()
}

/// The words of the first reason for each portion.
pub fn words(decision: &Decision) -> Vec<String> {
    decision.portions.iter().map(|p| p.verdict.reasons()[0].words.to_string()).collect()
}

/// A statement that travels with the portions, as a release lists it.
pub fn listed(id: StatementId) -> Listed {
    Listed { id, logged_at: Time::from_unix_nanos(0) }
}

/// The release statement that the giver would sign.
pub fn statement(cleared: &Cleared) -> Release {
    Release {
        unknown: vec![],
        recipient: cleared.recipient().clone(),
        kind: EntryKind::Assessment,
        manifest: StatementId([5; 32]),
        digests: cleared.digests().collect(),
        agreement: cleared.agreement(),
        grants: cleared.grants().to_vec(),
        terms: cleared.terms().clone(),
        position: FeedPosition { sequence: 1, previous: None },
        released_at: cleared.at(),
        via: cleared.via(),
        logged_at: cleared.at().whole_seconds(),
        endorsements: cleared.endorsements().map(listed).collect(),
        exceptions: cleared.exceptions().iter().copied().map(listed).collect(),
    }
}
