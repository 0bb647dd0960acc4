//! Random agreements, assessments, partners and times, from small sets so that they often meet.

use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};

use super::fixture;
use crate::domain::{
    agreement::{Agreement, Grant, OnwardTerms},
    assessment::Portion,
    body::{Body, Kind},
    ids::TrustDomain,
    level::WarningLevel,
    marking::{Audience, Onward, Tlp},
    partner::{Organisation, PartnerKind},
    time::Time,
};

#[derive(Debug, Clone)]
pub struct Case {
    pub giver: TrustDomain,
    pub taker: Organisation,
    /// In the order of their ids.
    pub agreements: Vec<Agreement>,
    pub issued: Time,
    pub expires: Time,
    pub portions: Vec<Portion>,
    pub now: Time,
}

const PLACES: [&str; 12] =
    ["BF", "BF-SOM", "BF-12", "ML", "SD", "M49:011", "M49:202", "PR", "US", "PS-GZA", "RS-KM", "M49:015"];
const AREAS: [&str; 12] = [
    "M49:001", "M49:001", "M49:001", "M49:011", "M49:002", "M49:202", "BF", "BF-12", "group:a", "group:b", "M49:019",
    "BF-SOM",
];
const STATES: [&str; 7] = ["BF", "GH", "US", "IL", "XK", "RS", "ML"];
const KINDS: [Kind; 4] = [Kind::Headline, Kind::Subject, Kind::Gap, Kind::Source];
const NAMES: [&str; 4] = ["taker.example", "group:a", "group:b", "other.example"];
const HOUR: i64 = 3_600;

pub fn case() -> impl Strategy<Value = Case> {
    let partner = (select(PartnerKind::ALL), select(&STATES[..])).prop_map(|(kind, country)| {
        fixture::taker(
            "taker.example",
            if kind == PartnerKind::International { PartnerKind::State } else { kind },
            country,
        )
    });
    let lead = option::weighted(0.8, (select(&Tlp::ALL[..3]), subject()));
    (partner, vec(agreement(), 1..=2), vec(portion(), 1..=6), lead, moment(), moment()).prop_map(
        |(taker, mut agreements, mut portions, lead, now, lifetime)| {
            // Otherwise most cases would have nothing to release.
            if let Some((tlp, subject)) = lead {
                portions.insert(0, fixture::headline(0, tlp));
                portions.push(fixture::portion(0, tlp, subject));
            }
            for (portion, number) in portions.iter_mut().zip(1..) {
                portion.handle.0 = [number; 8];
            }
            for agreement in &mut agreements {
                agreement.parties.sort();
            }
            let issued = fixture::time(fixture::ISSUED);
            let expires = issued.plus_seconds(48 * HOUR + lifetime.0).plus_seconds(1);
            let now = Time::from_unix_nanos(issued.unix_nanos() + now.0 * 1_000_000_000 + now.1);
            Case { giver: "gb.example".parse().unwrap(), taker, agreements, issued, expires, portions, now }
        },
    )
}

/// Seconds after the issue, mostly within two days, often at a delay's very end; and a nanosecond more or less.
fn moment() -> impl Strategy<Value = (i64, i64)> {
    let seconds = prop_oneof![
        1 => Just(-1),
        2 => Just(0),
        2 => Just(HOUR),
        3 => Just(24 * HOUR),
        6 => 0..72 * HOUR,
    ];
    (seconds, -1..=1_i64)
}

fn agreement() -> impl Strategy<Value = Agreement> {
    let group = |name| {
        (subsequence(&STATES[..], 0..=5), any::<bool>()).prop_map(move |(countries, named)| {
            let mut countries = countries;
            countries.sort_unstable();
            fixture::group(name, &countries, if named { &["taker.example"] } else { &[] })
        })
    };
    let days = select(
        &[
            ("2026-01-01", "2027-12-31"),
            ("2026-01-01", "2027-12-31"),
            ("2026-01-01", "2027-12-31"),
            ("2026-05-02", "2027-12-31"),
            ("2026-01-01", "2026-05-01"),
        ][..],
    );
    let groups = (group("a"), group("b"), any::<bool>());
    (groups, days, vec(grant(), 1..=4)).prop_map(|((a, b, both), (from, until), mut grants)| {
        let to = fixture::taker("taker.example", PartnerKind::Ngo, "");
        for (grant, index) in grants.iter_mut().zip(0..) {
            grant.id = format!("g{index}").parse().unwrap();
        }
        let mut agreement = fixture::agreement(&to, grants);
        (agreement.from, agreement.until) = (from.parse().unwrap(), until.parse().unwrap());
        agreement.groups = vec![a, b];
        if !both {
            // A grant must not name a group that is not there, a marking may.
            let names_b = |g: &Grant| g.places.iter().any(|p| p.to_string() == "group:b");
            if !agreement.grants.iter().any(names_b) {
                agreement.groups.pop();
            }
        }
        agreement
    })
}

fn grant() -> impl Strategy<Value = Grant> {
    let reach = (
        vec(select(&AREAS[..]), 1..=3),
        prop_oneof![2 => Just(KINDS.to_vec()), 1 => subsequence(&KINDS[..], 1..=4)],
        select(&Tlp::ALL[1..]),
        prop_oneof![3 => Just(vec![]), 2 => topics()],
        option::weighted(0.3, select(WarningLevel::ALL)),
        prop_oneof![5 => Just(0), 2 => Just(3_600), 2 => Just(86_400), 1 => Just(u64::MAX)],
    );
    let terms = (
        option::weighted(0.5, 1..400_u32),
        option::weighted(0.6, (audiences(), select(Tlp::ALL), 0..3_u32)),
        prop::bool::weighted(0.1),
    );
    (reach, terms).prop_map(
        |((areas, kinds, max_tlp, topics, min_level, delay_seconds), (retention_days, onward, reversed))| {
            let to = fixture::taker("taker.example", PartnerKind::Ngo, "");
            let mut grant = fixture::grant("g", &to, &areas);
            if reversed {
                (grant.from, grant.to) = (grant.to, grant.from);
            }
            let onward = onward.map(|(to, max_tlp, depth)| OnwardTerms { to, kinds: KINDS.to_vec(), max_tlp, depth });
            Grant {
                kinds,
                max_tlp,
                topics: topics.iter().map(|t| t.parse().unwrap()).collect(),
                min_level,
                delay_seconds,
                retention_days,
                onward,
                ..grant
            }
        },
    )
}

fn topics() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(&["gulf", "horn", "sahel"][..], 0..=2)
}

fn audiences() -> impl Strategy<Value = Vec<Audience>> {
    subsequence(&NAMES[..], 1..=3).prop_map(|names| fixture::audiences(&names))
}

fn portion() -> impl Strategy<Value = Portion> {
    let text = String::from("text");
    let body = prop_oneof![
        4 => Just(Body::Headline { text: text.clone() }),
        2 => subject(),
        2 => Just(Body::Gap { text: text.clone() }),
        2 => Just(Body::Source { text }),
    ];
    let onward = prop_oneof![
        1 => Just(Onward::None),
        1 => Just(Onward::WithinOrganisation),
        2 => audiences().prop_map(Onward::Named),
    ];
    let tlp = prop_oneof![6 => select(&Tlp::ALL[..4]), 2 => Just(Tlp::Red)];
    let marking =
        (tlp, prop_oneof![4 => Just(vec![]), 3 => audiences()], prop_oneof![1 => Just(vec![]), 3 => topics()], onward);
    (body, marking, 0..40_u32).prop_map(|(body, (tlp, releasable_to, topics, onward), order)| {
        let mut portion = fixture::portion(1, tlp, body);
        portion.order = order;
        portion.marking.releasable_to = releasable_to;
        portion.marking.topics = topics.iter().map(|t| t.parse().unwrap()).collect();
        portion.marking.onward = onward;
        portion
    })
}

fn subject() -> impl Strategy<Value = Body> {
    (
        prop_oneof![30 => vec(select(&PLACES[..]), 1..=2), 1 => Just(vec![])],
        option::weighted(0.3, select(&STATES[..])),
        select(WarningLevel::ALL),
    )
        .prop_map(|(places, actor, level)| fixture::about(&places, actor.as_slice(), level))
}
