//! Random agreements, house rules, assessments, partners, earlier hops and times. The values come from small sets, so that they often match.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};

use super::fixture;
use crate::{
    domain::{
        agreement::{Agreement, Grant, OnwardTerms},
        assessment::Portion,
        body::{Body, Kind},
        group::Group,
        ids::{Handle, StatementId, TrustDomain},
        level::WarningLevel,
        marking::{Audience, Caveat, Onward, Tlp},
        partner::{Organisation, PartnerKind},
        place::Country,
        release::{OnwardLimit, ReleaseTerms},
        time::Time,
    },
    policy::{PartnerException, Provenance},
};

/// The number of house rules from which cases choose (`house.rs`).
pub const HOUSE_RULES: usize = 9;

/// One assessment for one partner at one time. Each portion counts as a case.
#[derive(Debug, Clone)]
pub struct Case {
    pub giver: TrustDomain,
    /// The giver, or another organisation from which the giver got the assessment.
    pub originator: TrustDomain,
    /// Sorted by the releases' ids. They have no effect if the giver is the originator.
    pub provenances: Vec<Provenance>,
    /// The numbers of house rules (`house.rs`).
    pub house: Vec<usize>,
    /// The giver's own rows on who controls a place.
    pub control: Vec<String>,
    pub taker: Organisation,
    /// Sorted by their ids.
    pub agreements: Vec<Agreement>,
    pub issued: Time,
    pub expires: Time,
    /// The portions, then the endorsements.
    pub portions: Vec<Portion>,
    /// The endorser of each portion. It only matters if the portion is an endorsement.
    pub endorsers: Vec<TrustDomain>,
    /// When each endorsement was made, in the same places.
    pub endorsed_at: Vec<Time>,
    pub exceptions: Vec<PartnerException>,
    /// The states that other versions are about.
    pub versions: BTreeSet<Country>,
    pub now: Time,
    /// Other times at which the same assessment is decided. Most time is spent on compiling the agreements.
    pub later: Vec<Time>,
}

const PLACES: [&str; 16] = [
    "BF", "BF-SOM", "BF-12", "ML", "SD", "M49:011", "M49:202", "PR", "US", "PS-GZA", "RS-KM", "M49:015", "TL", "UA-43",
    "M49:039", "SD-DN",
];
/// Rows of a control table: one without an end, one that has ended, and one that begins before the assessment expires.
const CONTROL: [&str; 3] =
    ["ML\tGH\t2020-01-01\t\thouse", "BF-12\tML\t2026-04-01\t2026-04-30\thouse", "SD-DN\tIL\t2026-05-02\t\thouse"];
const AREAS: [&str; 12] = [
    "M49:001", "M49:001", "M49:001", "M49:011", "M49:002", "M49:202", "BF", "BF-12", "group:a", "group:b", "M49:019",
    "BF-SOM",
];
const STATES: [&str; 9] = ["BF", "GH", "US", "IL", "XK", "ID", "ML", "PR", "RU"];
const KINDS: [Kind; 5] = [Kind::Headline, Kind::Subject, Kind::Gap, Kind::Source, Kind::Endorsement];
const NAMES: [&str; 4] = ["taker.example", "group:a", "group:b", "other.example"];
/// The organisations that may endorse.
const GIVERS: [&str; 4] = ["gb.example", "gb.example", "origin.example", "other.example"];
const HOUR: i64 = 3_600;

pub fn case() -> impl Strategy<Value = Case> {
    let partner = (select(PartnerKind::ALL), select(&STATES[..])).prop_map(|(kind, country)| {
        let kind = if kind == PartnerKind::International { PartnerKind::State } else { kind };
        fixture::taker("taker.example", kind, country)
    });
    let lead = option::weighted(0.8, (select(&Tlp::ALL[..3]), subject(), onward(), onward()));
    let parties = (partner, vec(agreement(), 1..=2), house(), hops());
    let endorsed = vec((select(&GIVERS[..]), moment()), 9);
    let beside = (versions(), endorsed, prop_oneof![2 => Just(vec![]), 1 => vec(exception(), 1..=2)]);
    (parties, vec(portion(), 1..=6), lead, (moment(), vec(moment(), 4)), (moment(), beside)).prop_map(
        |((taker, mut agreements, (house, control), hops), mut portions, lead, (now, later), (lifetime, beside))| {
            // Without this, most cases would release nothing.
            if let Some((tlp, subject, first, second)) = lead {
                let mut headline = fixture::headline(0, tlp);
                headline.marking.onward = first;
                portions.insert(0, headline);
                let mut subject = fixture::portion(0, tlp, subject);
                subject.marking.onward = second;
                portions.push(subject);
            }
            portions.sort_by_key(|p| p.kind() == Kind::Endorsement);
            for (portion, number) in portions.iter_mut().zip(1..) {
                portion.handle.0 = [number; 8];
            }
            for agreement in &mut agreements {
                agreement.parties.sort();
            }
            let issued = fixture::time(fixture::ISSUED);
            let expires = issued.plus_seconds(48 * HOUR + lifetime.0).plus_seconds(1);
            let now = after(issued, now);
            let later = later.into_iter().map(|m| after(issued, m)).collect();
            let (originator, mut provenances) = hops;
            for (provenance, number) in provenances.iter_mut().zip(1..) {
                provenance.release = StatementId([number; 32]);
            }
            let (versions, endorsed, mut exceptions) = beside;
            let endorsed = endorsed.into_iter().take(portions.len());
            let (endorsers, endorsed_at) = endorsed.map(|(e, at)| (e.parse().unwrap(), after(issued, at))).unzip();
            for (exception, number) in exceptions.iter_mut().zip(1..) {
                exception.id = StatementId([number; 32]);
            }
            let giver = "gb.example".parse().unwrap();
            Case {
                giver,
                originator,
                provenances,
                house,
                control,
                taker,
                agreements,
                issued,
                expires,
                portions,
                endorsers,
                endorsed_at,
                exceptions,
                versions,
                now,
                later,
            }
        },
    )
}

/// The originator and the hops from it. The giver is the originator if there are no hops.
fn hops() -> impl Strategy<Value = (TrustDomain, Vec<Provenance>)> {
    let from = |originator: &str, hops| (originator.parse().unwrap(), hops);
    prop_oneof![
        6 => Just(from("gb.example", vec![])),
        3 => vec(provenance(), 0..=3).prop_map(move |hops| from("origin.example", hops)),
        1 => vec(provenance(), 0..=3).prop_map(move |hops| from("taker.example", hops.into_iter().map(from_taker).collect())),
    ]
}

/// Lets the taker be the originator. What it is said to have had already came through a hub instead.
fn from_taker(provenance: Provenance) -> Provenance {
    let taker: TrustDomain = "taker.example".parse().unwrap();
    let hub = provenance.carriers.contains(&taker).then(|| "hub.example".parse().unwrap());
    Provenance { carriers: [taker].into_iter().chain(hub).collect(), ..provenance }
}

/// The states that other versions are about.
fn versions() -> impl Strategy<Value = BTreeSet<Country>> {
    let states = prop_oneof![3 => Just(vec![]), 1 => subsequence(&STATES[..], 1..=2)];
    states.prop_map(|codes| codes.iter().map(|c| c.parse().unwrap()).collect())
}

/// House rules by their numbers, and rows of a control table.
fn house() -> impl Strategy<Value = (Vec<usize>, Vec<String>)> {
    let rules = prop_oneof![2 => Just(vec![]), 1 => subsequence((0..HOUSE_RULES).collect::<Vec<_>>(), 1..=3)];
    let control = prop_oneof![2 => Just(vec![]), 1 => subsequence(&CONTROL[..], 1..=3)];
    (rules, control.prop_map(|rows| rows.iter().map(|&row| row.to_owned()).collect()))
}

fn after(issued: Time, (seconds, nanos): (i64, i64)) -> Time {
    Time::from_unix_nanos(issued.plus_seconds(seconds).unix_nanos() + nanos)
}

/// Most of these exceptions are for this partner, because the others have no effect.
fn exception() -> impl Strategy<Value = PartnerException> {
    let parties = (
        prop_oneof![9 => Just("gb.example"), 1 => Just("other.example")],
        prop_oneof![9 => Just("taker.example"), 1 => Just("other.example")],
    );
    let digests =
        prop_oneof![1 => Just((0..9).collect::<Vec<usize>>()), 2 => subsequence((0..9).collect::<Vec<usize>>(), 1..9)];
    let from = prop_oneof![2 => Just((0, 0)), 1 => moment()];
    (parties, digests, from, 1..72 * HOUR).prop_map(|((giver, partner), digests, from, lives)| {
        let from = after(fixture::time(fixture::ISSUED), from);
        PartnerException {
            id: StatementId([0; 32]),
            giver: giver.parse().unwrap(),
            partner: partner.parse().unwrap(),
            digests: digests.into_iter().map(fixture::digest).collect(),
            from,
            until: from.plus_seconds(lives),
        }
    })
}

/// Most of these provenances permit much, because otherwise nothing would be passed on.
fn provenance() -> impl Strategy<Value = Provenance> {
    let all: Vec<usize> = (0..9).collect();
    let digests = prop_oneof![3 => Just(all.clone()), 1 => subsequence(all, 5..9)];
    let tlp = prop_oneof![1 => select(Tlp::ALL), 2 => Just(Tlp::Red)];
    let depth = prop_oneof![1 => Just(0_u32), 4 => 1..4_u32];
    let limit = (named(), kinds(), tlp, depth).prop_map(|(to, kinds, max_tlp, depth)| OnwardLimit {
        later_kinds: vec![],
        to,
        kinds,
        max_tlp,
        depth,
        // The groups of the provenance count instead.
        groups: vec![],
    });
    let barred = prop_oneof![2 => Just(vec![]), 1 => subsequence(&STATES[..], 0..=3)];
    let terms = (option::weighted(0.9, limit), barred, option::weighted(0.5, 1..5_u32));
    let wide = fixture::group("a", &["BF", "GH", "ID", "IL", "ML", "PR", "RU", "US", "XK"], &["taker.example"]);
    let groups = prop_oneof![
        2 => Just(vec![wide.clone(), Group { name: "b".parse().unwrap(), ..wide }]),
        1 => (group("a"), group("b")).prop_map(|(a, b)| vec![a, b]),
        1 => group("b").prop_map(|b| vec![b]),
    ];
    let carriers = prop_oneof![
        6 => Just(vec!["origin.example"]),
        1 => Just(vec!["origin.example", "taker.example"]),
    ];
    let end = (carriers, prop::bool::weighted(0.1), moment());
    (digests, terms, groups, moment(), end).prop_map(
        |(digests, terms, groups, at, (carriers, is_stopped, received))| {
            let (onward, barred, retention_days) = terms;
            let mut barred_states: Vec<_> = barred.iter().map(|c| c.parse().unwrap()).collect();
            barred_states.sort_unstable();
            Provenance {
                release: StatementId([0; 32]),
                digests: digests.into_iter().map(fixture::digest).collect(),
                terms: ReleaseTerms { onward, barred_states, retention_days },
                // This is often a whole number of days before the decision.
                released_at: after(fixture::time(fixture::ISSUED), at),
                received_at: after(fixture::time(fixture::ISSUED), received),
                groups,
                is_stopped,
                carriers: carriers.iter().map(|c| c.parse().unwrap()).collect(),
            }
        },
    )
}

fn group(name: &'static str) -> impl Strategy<Value = Group> {
    (subsequence(&STATES[..], 0..=5), any::<bool>()).prop_map(move |(mut countries, named)| {
        countries.sort_unstable();
        fixture::group(name, &countries, if named { &["taker.example"] } else { &[] })
    })
}

/// Seconds after the issue, mostly within two days and often exactly at the end of a delay; and a nanosecond more or less.
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
            // A grant may name only groups that the agreement defines. A marking may name others.
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
        kinds(),
        select(&Tlp::ALL[1..]),
        prop_oneof![3 => Just(vec![]), 2 => topics()],
        option::weighted(0.3, select(WarningLevel::ALL)),
        prop_oneof![5 => Just(0), 2 => Just(3_600), 2 => Just(86_400), 1 => Just(u64::MAX)],
    );
    let terms = (
        option::weighted(0.5, 1..400_u32),
        option::weighted(0.7, (named(), kinds(), select(Tlp::ALL), prop_oneof![1 => Just(0), 5 => 1..5_u32])),
        prop::bool::weighted(0.1),
    );
    (reach, terms).prop_map(
        |((areas, kinds, max_tlp, topics, min_level, delay_seconds), (retention_days, onward, reversed))| {
            let to = fixture::taker("taker.example", PartnerKind::Ngo, "");
            let mut grant = fixture::grant("g", &to, &areas);
            if reversed {
                (grant.from, grant.to) = (grant.to, grant.from);
            }
            let onward = onward.map(|(to, kinds, max_tlp, depth)| OnwardTerms {
                later_kinds: vec![],
                to,
                kinds,
                max_tlp,
                depth,
            });
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

fn named() -> impl Strategy<Value = Vec<Audience>> {
    prop_oneof![1 => Just(fixture::audiences(&NAMES)), 1 => audiences()]
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    prop_oneof![3 => Just(KINDS.to_vec()), 1 => subsequence(&KINDS[..], 1..=5)]
}

fn portion() -> impl Strategy<Value = Portion> {
    let text = String::from("text");
    let body = prop_oneof![
        4 => Just(Body::Headline { text: text.clone() }),
        2 => subject(),
        2 => Just(Body::Gap { text: text.clone() }),
        2 => Just(Body::Source { text: text.clone() }),
        2 => Just(Body::Endorsement { text }),
    ];
    let tlp = prop_oneof![6 => select(&Tlp::ALL[..4]), 2 => Just(Tlp::Red)];
    let marking = (
        tlp,
        prop_oneof![4 => Just(vec![]), 3 => audiences()],
        prop_oneof![1 => Just(vec![]), 3 => topics()],
        onward(),
        prop_oneof![6 => Just(vec![]), 1 => Just(vec![Caveat::NoAttribution]), 1 => Just(vec![Caveat::ProtectLife])],
    );
    let translates = option::weighted(0.2, 1..=4_u8);
    let groups = (group("a"), group("b"));
    (body, marking, translates, groups).prop_map(|(body, marking, translates, (a, b))| {
        let (tlp, releasable_to, topics, onward, caveats) = marking;
        let mut portion = fixture::portion(1, tlp, body);
        portion.translates = translates.map(|number| Handle([number; 8]));
        portion.marking.caveats = caveats;
        portion.marking.releasable_to = releasable_to;
        portion.marking.topics = topics.iter().map(|t| t.parse().unwrap()).collect();
        portion.marking.onward = onward;
        portion.marking.spell_out(&[a, b]);
        portion
    })
}

fn onward() -> impl Strategy<Value = Onward> {
    prop_oneof![
        1 => Just(Onward::None),
        1 => Just(Onward::WithinOrganisation),
        3 => audiences().prop_map(Onward::Named),
        2 => Just(Onward::Named(fixture::audiences(&["taker.example"]))),
        2 => Just(Onward::Named(fixture::audiences(&["other.example", "taker.example"]))),
    ]
}

fn subject() -> impl Strategy<Value = Body> {
    (
        prop_oneof![30 => vec(select(&PLACES[..]), 1..=2), 1 => Just(vec![])],
        option::weighted(0.3, select(&STATES[..])),
        select(WarningLevel::ALL),
    )
        .prop_map(|(places, actor, level)| fixture::about(&places, actor.as_slice(), level))
}
