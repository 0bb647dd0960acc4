//! Random chains of organisations, an agreement between each two neighbours, house rules at the hubs, and an assessment by the first.

use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};

use super::bends::{Bend, bend};
use crate::{
    cases::HOUSE_RULES,
    domain::{
        agreement::{Agreement, Grant, OnwardTerms},
        assessment::Portion,
        body::{Body, Kind},
        group::Group,
        level::WarningLevel,
        marking::{Caveat, Onward, Tlp},
        partner::{Organisation, PartnerKind},
        place::Country,
        time::Time,
    },
    fixture,
};

/// Organisations in the order in which a warning reaches them, and what is agreed between each and the next.
#[derive(Debug, Clone)]
pub struct World {
    /// The originator, one to three hubs, and the reader.
    pub parties: Vec<Organisation>,
    /// The agreements between each organisation and the next, sorted by their ids.
    pub agreements: Vec<Vec<Agreement>>,
    /// For each giver the numbers of its house rules.
    pub house: Vec<Vec<usize>>,
    pub pieces: Vec<Piece>,
}

/// One assessment that goes through a chain.
#[derive(Debug, Clone)]
pub struct Piece {
    pub portions: Vec<Portion>,
    pub issued: Time,
    pub expires: Time,
    /// The time of each release, in ascending order.
    pub at: Vec<Time>,
    /// States that the originator bars in addition. Terms may always be narrower.
    pub bars: Vec<Country>,
    /// The changes that hubs make, each to an honest chain.
    pub bends: Vec<Vec<Bend>>,
}

pub const DOMAINS: [&str; 5] = ["origin.example", "hub1.example", "hub2.example", "hub3.example", "reader.example"];
pub const NAMES: [&str; 7] =
    ["hub1.example", "hub2.example", "hub3.example", "other.example", "reader.example", "group:a", "group:b"];
pub const STATES: [&str; 7] = ["BF", "GH", "IL", "ML", "RS", "US", "XK"];
pub const KINDS: [Kind; 4] = [Kind::Headline, Kind::Subject, Kind::Source, Kind::Gap];
const PLACES: [&str; 10] = ["SD", "SD", "SD", "BF", "BF-SOM", "ML", "SO", "SO", "M49:015", "RS-KM"];
/// Only the house rules below this number are used. The next one names a single taker.
const RULES_FOR_ALL: usize = HOUSE_RULES - 1;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

pub fn world() -> impl Strategy<Value = World> {
    of_hops(prop_oneof![2 => Just(2_usize), 3 => Just(3_usize), 1 => Just(4_usize)])
}

/// Only those that have a hub whose taker is not the reader.
pub fn long_world() -> impl Strategy<Value = World> {
    of_hops(3..=4_usize)
}

fn of_hops(hops: impl Strategy<Value = usize>) -> impl Strategy<Value = World> {
    hops.prop_flat_map(|hops| {
        let rules = prop_oneof![15 => Just(vec![]), 1 => (0..RULES_FOR_ALL).prop_map(|n| vec![n])];
        let all = prop_oneof![4 => vec(agreement(), 1), 1 => vec(agreement(), 2)];
        let among = (vec(kind_and_country(), hops), vec(all, hops), vec(rules, hops));
        (among, vec(piece(hops), 6)).prop_map(move |((kinds, agreements, house), pieces)| {
            let kinds = [(PartnerKind::International, "US")].into_iter().chain(kinds);
            let domains = DOMAINS[..hops].iter().chain(DOMAINS.last());
            let parties: Vec<_> =
                domains.zip(kinds).map(|(d, (kind, country))| fixture::taker(d, kind, country)).collect();
            let between = |(k, all): (usize, Vec<Agreement>)| {
                all.into_iter().map(|a| made_between(a, &parties[k], &parties[k + 1])).collect()
            };
            let agreements = agreements.into_iter().enumerate().map(between).collect();
            World { parties, agreements, house, pieces }
        })
    })
}

/// The agreement with these two parties.
pub fn made_between(mut agreement: Agreement, giver: &Organisation, taker: &Organisation) -> Agreement {
    agreement.parties = [giver.domain.clone(), taker.domain.clone()];
    agreement.parties.sort();
    for grant in &mut agreement.grants {
        (grant.from, grant.to) = (giver.domain.clone(), taker.domain.clone());
    }
    agreement
}

fn kind_and_country() -> impl Strategy<Value = (PartnerKind, &'static str)> {
    let kind =
        prop_oneof![4 => Just(PartnerKind::Regional), 3 => Just(PartnerKind::State), 1 => Just(PartnerKind::Ngo)];
    (kind, select(&STATES[..]))
}

fn agreement() -> impl Strategy<Value = Agreement> {
    (group("a"), group("b"), prop_oneof![3 => vec(grant(), 1), 1 => vec(grant(), 2)]).prop_map(|(a, b, mut grants)| {
        let to = fixture::taker("reader.example", PartnerKind::Ngo, "");
        for (grant, index) in grants.iter_mut().zip(0..) {
            grant.id = format!("g{index}").parse().unwrap();
        }
        let mut agreement = fixture::agreement(&to, grants);
        agreement.groups = vec![a, b];
        agreement
    })
}

/// Groups with mostly the same members, so that markings mean the same at every hop.
fn group(name: &'static str) -> impl Strategy<Value = Group> {
    let members =
        |organisations: &[&'static str], countries: &[&'static str]| (organisations.to_vec(), countries.to_vec());
    let all = members(&NAMES[..5], &STATES);
    let with_another = members(&["hub1.example", "hub2.example", "reader.example", "stranger.example"], &STATES[1..]);
    let some = (subsequence(&NAMES[..5], 1..=5), subsequence(&STATES[..], 0..=7));
    prop_oneof![8 => Just(all), 1 => Just(with_another), 3 => some]
        .prop_map(move |(organisations, countries)| fixture::group(name, &countries, &organisations))
}

fn grant() -> impl Strategy<Value = Grant> {
    let reach = (
        prop_oneof![30 => Just(vec!["M49:001"]), 1 => Just(vec!["M49:002"]), 1 => Just(vec!["group:a", "BF", "SD"])],
        kinds(),
        prop_oneof![6 => Just(Tlp::Red), 1 => select(&Tlp::ALL[1..])],
        prop_oneof![30 => Just(vec![]), 1 => Just(vec!["sahel", "horn"])],
        option::weighted(0.03, select(WarningLevel::ALL)),
        prop_oneof![30 => Just(0), 1 => Just(HOUR.unsigned_abs()), 1 => Just(DAY.unsigned_abs())],
    );
    let days = prop_oneof![2 => 4..12_u32, 2 => 30..400_u32];
    let tlp = prop_oneof![3 => Just(Tlp::Red), 3 => select(&Tlp::ALL[1..])];
    let depth = prop_oneof![1 => 1..3_u32, 9 => 3..6_u32];
    let terms = (option::weighted(0.6, days), option::weighted(0.98, (named(), kinds(), tlp, depth)));
    (reach, terms).prop_map(|((areas, kinds, max_tlp, topics, min_level, delay_seconds), (retention_days, onward))| {
        let grant = fixture::grant("g", &fixture::taker("reader.example", PartnerKind::Ngo, ""), &areas);
        let onward = onward.map(|(to, kinds, max_tlp, depth)| OnwardTerms {
            later_kinds: vec![],
            to: fixture::audiences(&to),
            kinds,
            max_tlp,
            depth,
        });
        let topics = topics.iter().map(|t| t.parse().unwrap()).collect();
        Grant { kinds, max_tlp, topics, min_level, delay_seconds, retention_days, onward, ..grant }
    })
}

fn named() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![2 => Just(NAMES.to_vec()), 3 => subsequence(&NAMES[..], 5..=7), 1 => Just(vec!["group:a", "group:b"])]
}

fn kinds() -> impl Strategy<Value = Vec<Kind>> {
    // Nothing is released without the first two.
    let most = subsequence(&KINDS[2..], 0..=2).prop_map(|more| [&KINDS[..2], more.as_slice()].concat());
    prop_oneof![6 => Just(KINDS.to_vec()), 6 => most, 1 => subsequence(&KINDS[..], 1..=4)]
}

fn piece(hops: usize) -> impl Strategy<Value = Piece> {
    let lead = (select(&Tlp::ALL[..2]), subject(), leading_onward(), leading_onward());
    let steps = prop_oneof![3 => Just(0), 3 => 0..4 * HOUR, 2 => Just(DAY), 2 => 0..2 * DAY];
    let bars = prop_oneof![2 => Just(vec![]), 1 => subsequence(&STATES[..], 1..=2)];
    let bends = vec(prop_oneof![5 => vec(bend(), 1), 1 => vec(bend(), 2)], 6);
    let when = (vec((steps, 0..=1_i64), hops), prop_oneof![4 => 20..30_i64, 1 => 1..5_i64]);
    (vec(portion(), 1..=4), lead, when, bars, bends).prop_map(|(mut portions, lead, (steps, lifetime), bars, bends)| {
        let (tlp, body, first, second) = lead;
        let mut headline = fixture::headline(0, tlp);
        headline.marking.onward = first;
        portions.insert(0, headline);
        let mut subject = fixture::portion(0, tlp, body);
        subject.marking.onward = second;
        portions.push(subject);
        let all = ["a", "b"].map(|name| fixture::group(name, &STATES, &NAMES[..5]));
        portions.iter_mut().for_each(|portion| portion.marking.spell_out(&all));
        for (portion, number) in portions.iter_mut().zip(1..) {
            portion.handle.0 = [number; 8];
        }
        let issued = fixture::time(fixture::ISSUED);
        let mut now = issued;
        let step = |(seconds, nanos): (i64, i64)| {
            now = Time::from_unix_nanos(now.plus_seconds(seconds).unix_nanos() + nanos);
            now
        };
        let at = steps.into_iter().map(step).collect();
        let bars = bars.iter().map(|c| c.parse().unwrap()).collect();
        Piece { portions, issued, expires: issued.plus_seconds(lifetime * DAY), at, bars, bends }
    })
}

fn leading_onward() -> impl Strategy<Value = Onward> {
    prop_oneof![10 => Just(Onward::Named(fixture::audiences(&NAMES))), 10 => Just(Onward::Named(fixture::audiences(&NAMES[..5]))), 1 => onward()]
}

fn onward() -> impl Strategy<Value = Onward> {
    let to = prop_oneof![
        3 => Just(NAMES[..5].to_vec()),
        3 => Just(NAMES.to_vec()),
        2 => Just(vec!["group:a"]),
        2 => subsequence(&NAMES[..], 1..=4),
    ];
    let named = to.prop_map(|names| Onward::Named(fixture::audiences(&names)));
    prop_oneof![1 => Just(Onward::None), 1 => Just(Onward::WithinOrganisation), 8 => named]
}

fn portion() -> impl Strategy<Value = Portion> {
    let text = String::from("text");
    let body = prop_oneof![
        1 => Just(Body::Headline { text: text.clone() }),
        2 => subject(),
        3 => Just(Body::Gap { text: text.clone() }),
        3 => Just(Body::Source { text }),
    ];
    let releasable = prop_oneof![
        5 => Just(vec![]),
        2 => Just(NAMES.to_vec()),
        4 => Just(vec!["group:a"]),
        2 => subsequence(&NAMES[..], 1..=4),
    ];
    let tlp = prop_oneof![6 => select(&Tlp::ALL[..3]), 1 => select(&Tlp::ALL[3..])];
    let topics = subsequence(&["gulf", "horn", "sahel"][..], 0..=2);
    let caveats = prop_oneof![7 => Just(vec![]), 1 => Just(vec![Caveat::NoAttribution])];
    let is_closed = prop::bool::weighted(0.1);
    let marking = (tlp, releasable, topics, onward(), caveats);
    (body, marking, is_closed, (group("a"), group("b"))).prop_map(
        |(body, (tlp, releasable, topics, onward, caveats), is_closed, (a, b))| {
            let mut portion = fixture::portion(1, tlp, body);
            portion.marking.caveats = caveats;
            portion.marking.releasable_to = fixture::audiences(&releasable);
            portion.marking.topics = topics.iter().map(|t| t.parse().unwrap()).collect();
            portion.marking.onward = onward;
            if portion.kind() == Kind::Subject && !is_closed {
                // A hub that must withhold a subject releases nothing, so most chains would end there.
                let marking = &mut portion.marking;
                (marking.tlp, marking.onward) = (Tlp::Clear, Onward::Named(fixture::audiences(&NAMES)));
                (marking.releasable_to, marking.caveats) = (vec![], vec![]);
            }
            portion.marking.spell_out(&[a, b]);
            portion
        },
    )
}

fn subject() -> impl Strategy<Value = Body> {
    (vec(select(&PLACES[..]), 1..=2), option::weighted(0.05, select(&STATES[..])), select(WarningLevel::ALL))
        .prop_map(|(places, actor, level)| fixture::about(&places, actor.as_slice(), level))
}
