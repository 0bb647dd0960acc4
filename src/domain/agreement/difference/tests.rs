//! Tests that every change of a term is found, with its effect.

use proptest::{prelude::*, sample::subsequence};

use super::*;
use crate::domain::{
    agreement::{Grant, OnwardTerms},
    body::Kind,
    ids::{AssessmentId, StatementId},
    marking::Tlp,
};

fn base() -> Agreement {
    let (a, b): (TrustDomain, TrustDomain) = ("ecowas.example".parse().unwrap(), "gb.example".parse().unwrap());
    let onward = OnwardTerms {
        later_kinds: vec![],
        to: vec!["group:ecowas".parse().unwrap(), "au.example".parse().unwrap()],
        kinds: vec![Kind::Headline, Kind::Subject],
        max_tlp: Tlp::Green,
        depth: 1,
    };
    let grant = |id: &str| Grant {
        later_kinds: vec![],
        id: id.parse().unwrap(),
        from: b.clone(),
        to: a.clone(),
        places: vec!["M49:011".parse().unwrap(), "TD".parse().unwrap(), "BF-SOM".parse().unwrap()],
        topics: vec!["sahel".parse().unwrap(), "gulf".parse().unwrap()],
        kinds: vec![Kind::Headline, Kind::Subject, Kind::Judgement],
        max_tlp: Tlp::Amber,
        min_level: Some(WarningLevel::Concern),
        delay_seconds: 86_400,
        retention_days: Some(365),
        onward: Some(onward.clone()),
        purpose: "early warning".into(),
    };
    Agreement {
        triggers: vec![],
        series: AssessmentId([1; 16]),
        version: 1,
        previous: None,
        from: "2026-01-01".parse().unwrap(),
        until: "2027-12-31".parse().unwrap(),
        purpose: "a purpose".into(),
        notice_days: 90,
        groups: vec![Group {
            name: "ecowas".parse().unwrap(),
            as_of: "2026-01-01".parse().unwrap(),
            countries: vec!["GH".parse().unwrap(), "NG".parse().unwrap()],
            organisations: vec![a.clone()],
        }],
        grants: vec![grant("west-africa"), grant("sahel")],
        duties: Duties {
            counts_for: vec![],
            offline_crl_days: 0,
            retention_without_exception: false,
            acknowledge: vec![AcknowledgeDuty {
                answer_within_seconds: None,
                mandate: None,
                min_level: WarningLevel::Warning,
                within_seconds: 3_600,
            }],
            purge_on_recall: false,
            approvals: 2,
        },
        parties: [a, b],
    }
}

type Mutation = (&'static str, Effect, fn(&mut Agreement));

/// One change of each term. Terms of grants are changed in the first grant.
const MUTATIONS: &[Mutation] = &[
    ("in force until 2028-12-31 (before: 2027-12-31)", Effect::Widens, |a| a.until = "2028-12-31".parse().unwrap()),
    ("in force from 2026-02-01 on (before: 2026-01-01)", Effect::Narrows, |a| a.from = "2026-02-01".parse().unwrap()),
    ("purpose: none (before: \"a purpose\")", Effect::Other, |a| a.purpose.clear()),
    ("both are told 30 days before it ends (before: 90 days)", Effect::Other, |a| a.notice_days = 30),
    ("between ecowas.example and no.example (before: ecowas.example and gb.example)", Effect::Other, |a| {
        a.parties[1] = "no.example".parse().unwrap();
    }),
    ("group:ecowas as of 2026-05-01 (before: 2026-01-01)", Effect::Other, |a| {
        a.groups[0].as_of = "2026-05-01".parse().unwrap();
    }),
    ("group:ecowas now has Togo (TG) too", Effect::Widens, |a| a.groups[0].countries.push("TG".parse().unwrap())),
    ("group:ecowas no longer has ecowas.example", Effect::Narrows, |a| a.groups[0].organisations.clear()),
    ("acknowledging from level 3 (warning) up: within 30 minutes (before: within 1 hour)", Effect::Other, |a| {
        a.duties.acknowledge[0].within_seconds = 1_800;
    }),
    ("an originator's purge now runs at the recipient by itself", Effect::Other, |a| a.duties.purge_on_recall = true),
    ("approvals on each side: as each organisation decides (before: 2 persons)", Effect::Other, |a| {
        a.duties.approvals = 0;
    }),
    ("now also about Sudan (SD)", Effect::Widens, |a| a.grants[0].places.push("SD".parse().unwrap())),
    ("now also about Mali (ML)", Effect::Other, |a| a.grants[0].places.push("ML".parse().unwrap())),
    ("no longer about Chad (TD)", Effect::Narrows, |a| a.grants[0].places.retain(|p| p.to_string() != "TD")),
    ("no longer about Soum (BF-SOM)", Effect::Other, |a| a.grants[0].places.retain(|p| p.to_string() != "BF-SOM")),
    ("no longer on gulf", Effect::Narrows, |a| _ = a.grants[0].topics.pop()),
    ("now also on horn", Effect::Widens, |a| a.grants[0].topics.push("horn".parse().unwrap())),
    ("on every topic (before: on sahel and gulf only)", Effect::Widens, |a| a.grants[0].topics.clear()),
    ("now also gives evidence", Effect::Widens, |a| a.grants[0].kinds.push(Kind::Evidence)),
    ("no longer gives judgement", Effect::Narrows, |a| _ = a.grants[0].kinds.pop()),
    ("reaches GREEN (before: AMBER)", Effect::Narrows, |a| a.grants[0].max_tlp = Tlp::Green),
    ("of every level (before: of level 2 (concern) and above)", Effect::Widens, |a| a.grants[0].min_level = None),
    ("at once instead of 1 day after its issue", Effect::Widens, |a| a.grants[0].delay_seconds = 0),
    ("may be kept without limit (before: for 365 days)", Effect::Widens, |a| a.grants[0].retention_days = None),
    ("may no longer be passed on", Effect::Narrows, |a| a.grants[0].onward = None),
    ("may no longer be passed on to au.example", Effect::Narrows, |a| _ = onward(a).to.pop()),
    ("evidence may now be passed on too", Effect::Widens, |a| onward(a).kinds.push(Kind::Evidence)),
    ("may be passed on up to TLP:CLEAR (before: up to TLP:GREEN)", Effect::Narrows, |a| onward(a).max_tlp = Tlp::Clear),
    ("may be passed on over at most 2 hops (before: 1 hop)", Effect::Widens, |a| onward(a).depth = 2),
    ("purpose: \"training\" (before: \"early warning\")", Effect::Other, |a| a.grants[0].purpose = "training".into()),
];

fn onward(agreement: &mut Agreement) -> &mut OnwardTerms {
    agreement.grants[0].onward.as_mut().unwrap()
}

/// Each single change with the words that it must have.
pub(crate) fn single_changes() -> Vec<(AgreementDifference, &'static str)> {
    let one = |(words, effect, mutate): &Mutation| {
        let mut changed = base();
        mutate(&mut changed);
        let mut found = differences(&base(), &changed);
        assert_eq!(found.len(), 1, "{words}: {found:?}");
        let found = found.remove(0);
        assert_eq!(found.effect, *effect, "{words}");
        (found, *words)
    };
    MUTATIONS.iter().map(one).collect()
}

#[test]
fn every_single_change_is_found_with_what_it_does() {
    let all = single_changes();
    let of_grant = all.iter().filter(|(d, _)| d.grant.as_ref().is_some_and(|g| g.id.as_str() == "west-africa")).count();
    assert_eq!((all.len(), of_grant), (30, 19));
}

#[test]
fn grants_and_groups_come_and_go() {
    let mut changed = base();
    changed.grants.pop();
    changed.groups.clear();
    let effects = |all: Vec<AgreementDifference>| all.iter().map(|d| d.effect).collect::<Vec<_>>();
    assert_eq!(effects(differences(&base(), &changed)), [Effect::Narrows, Effect::Narrows]);
    assert_eq!(effects(differences(&changed, &base())), [Effect::Widens, Effect::Widens]);
    // A grant in the other direction is another grant, even if it has the same id.
    let mut turned = base();
    let grant = &mut turned.grants[1];
    std::mem::swap(&mut grant.from, &mut grant.to);
    assert_eq!(effects(differences(&base(), &turned)), [Effect::Narrows, Effect::Widens]);
}

#[test]
fn neither_the_order_nor_the_version_is_a_change() {
    let mut changed = base();
    changed.version = 2;
    changed.previous = Some(StatementId([3; 32]));
    changed.grants.reverse();
    changed.grants[0].kinds.reverse();
    changed.grants[1].places.reverse();
    assert_eq!(differences(&base(), &changed), []);
}

#[test]
fn what_a_wider_place_covers_is_not_lost() {
    let mut changed = base();
    changed.grants[0].places = vec!["M49:002".parse().unwrap()];
    let effects: Vec<Effect> = differences(&base(), &changed).iter().map(|d| d.effect).collect();
    assert_eq!(effects, [Effect::Widens, Effect::Other, Effect::Other, Effect::Other]);
}

proptest! {
    #[test]
    fn there_and_back_are_opposites(places in subsequence((0..MUTATIONS.len()).collect::<Vec<_>>(), 0..=MUTATIONS.len())) {
        let mut changed = base();
        for place in places {
            // If one mutation removes what another one changes, nothing may be left to change.
            if changed.grants[0].onward.is_some() || !MUTATIONS[place].0.contains("passed on") {
                MUTATIONS[place].2(&mut changed);
            }
        }
        let (there, back) = (differences(&base(), &changed), differences(&changed, &base()));
        prop_assert_eq!(there.is_empty(), changed == base());
        let count = |all: &[AgreementDifference], effect| all.iter().filter(|d| d.effect == effect).count();
        prop_assert_eq!(count(&there, Effect::Widens), count(&back, Effect::Narrows));
        prop_assert_eq!(count(&there, Effect::Narrows), count(&back, Effect::Widens));
        prop_assert_eq!(count(&there, Effect::Other), count(&back, Effect::Other));
        prop_assert_eq!(differences(&changed, &changed), vec![]);
    }
}
