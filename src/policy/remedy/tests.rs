//! Tries remedies out: the tests make the proposed changes by themselves, and then the portion must be released.

use std::collections::BTreeSet;

use proptest::{prelude::*, test_runner::RngSeed};

use super::{DecisionInputs, MarkingChange, Remedy, RequiredChange, Widening, lines, remedy};
use crate::{
    domain::{
        agreement::{Agreement, Area, Grant},
        assessment::{Manifest, Portion},
        body::Kind,
        ids::{Digest, StatementId},
        level::WarningLevel,
        marking::{Audience, Tlp},
        partner::{Organisation, PartnerKind},
        place::Country,
        time::Time,
    },
    policy::{
        Decision, Facts, HouseRules, PartnerPolicy, PolicyReason, decide,
        tests::{
            cases::{Case, case},
            fixture,
        },
    },
};

static NOWHERE: BTreeSet<Country> = BTreeSet::new();

struct Scene {
    taker: Organisation,
    agreements: Vec<(StatementId, Agreement)>,
    dormant: Vec<(StatementId, Agreement)>,
    house: HouseRules,
    manifest: Manifest,
    portions: Vec<(Digest, Portion)>,
    now: Time,
}

fn numbered<T>(all: impl IntoIterator<Item = T>) -> Vec<(StatementId, T)> {
    all.into_iter().zip(1..).map(|(a, i)| (StatementId([i; 32]), a)).collect()
}

impl Scene {
    /// One agreement with ecowas.example, an hour after the issue.
    fn new(grants: Vec<Grant>, portions: Vec<Portion>) -> Self {
        let taker = fixture::ecowas();
        let digests = (0..).map(fixture::digest);
        Self {
            agreements: numbered([fixture::agreement(&taker, grants)]),
            taker,
            dormant: vec![],
            house: HouseRules::none(),
            manifest: fixture::manifest(fixture::time(fixture::ISSUED), fixture::time("2026-12-01T00:00:00Z")),
            portions: digests.zip(portions).collect(),
            now: fixture::time("2026-05-01T10:30:00Z"),
        }
    }

    fn of(case: Case, in_force: bool) -> Self {
        let agreements = numbered(case.agreements);
        let (agreements, dormant) = if in_force { (agreements, vec![]) } else { (vec![], agreements) };
        Self {
            taker: case.taker,
            agreements,
            dormant,
            house: HouseRules::parse(
                "@id(\"no-gaps\") @reason(\"no gaps\") forbid (principal, action, resource) \
                 when { context.kind == \"gap\" };",
            )
            .unwrap(),
            manifest: fixture::manifest(case.issued, case.expires),
            portions: (0..).map(fixture::digest).zip(case.portions).collect(),
            now: case.now,
        }
    }

    fn remedy(&self, index: usize) -> Option<Remedy> {
        remedy(&self.question(), index)
    }

    fn question(&self) -> DecisionInputs<'_> {
        DecisionInputs {
            giver: &self.manifest.originator,
            taker: &self.taker,
            agreements: &self.agreements,
            dormant: &self.dormant,
            house: &self.house,
            manifest: &self.manifest,
            portions: &self.portions,
            provenances: &[],
            states_of_versions: &NOWHERE,
            signers: None,
            logged_at: self.manifest.issued,
            now: self.now,
        }
    }

    fn decide(&self) -> Decision {
        let giver = &self.manifest.originator;
        let policy = PartnerPolicy::compile(giver, &self.taker, &self.agreements, &self.house).unwrap();
        let facts = Facts::new(&self.manifest, self.portions.iter().map(|(d, p)| (*d, p)));
        decide(&policy, &facts, self.now)
    }

    fn goes(&self, index: usize) -> bool {
        self.decide().portions[index].verdict.is_release()
    }

    /// Makes the changes, as a person would.
    fn follow(&mut self, changes: &[RequiredChange]) {
        let at = self.now;
        let grant = |all: &mut Vec<(StatementId, Agreement)>, id: &StatementId| {
            all.iter().position(|(known, _)| known == id).unwrap()
        };
        for change in changes {
            match change {
                RequiredChange::InForce(id) => {
                    let place = grant(&mut self.dormant, id);
                    self.agreements.push(self.dormant.remove(place));
                }
                RequiredChange::NewGrant(None, g) => {
                    let (mut all, day) = (fixture::agreement(&self.taker, vec![(**g).clone()]), at.day());
                    (all.from, all.until) = (day, "2029-12-31".parse().unwrap());
                    self.agreements.push((StatementId([77; 32]), all));
                }
                RequiredChange::NewGrant(Some(id), g) => {
                    let place = grant(&mut self.agreements, id);
                    self.agreements[place].1.grants.push((**g).clone());
                }
                RequiredChange::Widen(id, name, how) => {
                    let place = grant(&mut self.agreements, id);
                    let all = &mut self.agreements[place].1.grants;
                    let one = all.iter_mut().find(|g| g.id == *name).unwrap();
                    match how {
                        Widening::Kind(kind) => one.kinds.push(*kind),
                        Widening::Place(place) => one.places.push(Area::Place(*place)),
                        Widening::Topic(topic) => one.topics.push(topic.clone()),
                        Widening::MaxTlp(tlp) => one.max_tlp = *tlp,
                        Widening::MinLevel(level) => one.min_level = Some(*level),
                        Widening::Delay(seconds) => one.delay_seconds = *seconds,
                    }
                }
                RequiredChange::Prolong(id, day) => {
                    let place = grant(&mut self.agreements, id);
                    self.agreements[place].1.until = *day;
                }
                RequiredChange::Advance(id, day) => {
                    let place = grant(&mut self.agreements, id);
                    self.agreements[place].1.from = *day;
                }
                RequiredChange::Marking(index, how) => {
                    self.manifest.issued = at;
                    let marking = &mut self.portions[*index].1.marking;
                    match how {
                        MarkingChange::Name(who) => marking.releasable_to.push(Audience::Organisation(who.clone())),
                        MarkingChange::Topic(topic) => marking.topics.push(topic.clone()),
                    }
                }
                RequiredChange::Renew(after) => {
                    self.manifest.issued = at;
                    self.manifest.expires = after.plus_seconds(60);
                }
                RequiredChange::Rule(id) => self.house = self.house.without(std::slice::from_ref(id)),
                RequiredChange::Wait(until) => self.now = *until,
            }
        }
    }
}

fn one(scene: &Scene, index: usize) -> Vec<String> {
    let remedy = scene.remedy(index).unwrap();
    let name = |i: usize| if i == index { "the portion".to_owned() } else { format!("portion {i}") };
    lines(&scene.question(), &remedy, name).into_iter().map(|l| format!("{}: {}", l.kind, l.words)).collect()
}

fn about_mali() -> Vec<Portion> {
    vec![
        fixture::headline(1, Tlp::Green),
        fixture::subject(2, Tlp::Green, &["ML"]),
        fixture::gap(3, Tlp::Red),
        fixture::gap(4, Tlp::Amber),
    ]
}

fn mali(grant: impl FnOnce(&mut Grant)) -> Scene {
    let mut terms = fixture::grant("sahel", &fixture::ecowas(), &["ML"]);
    grant(&mut terms);
    Scene::new(vec![terms], about_mali())
}

#[test]
fn what_goes_needs_no_remedy() {
    assert_eq!(mali(|_| {}).remedy(3), None);
}

#[test]
fn red_needs_a_grant_that_reaches_it_and_the_partner_s_name() {
    let scene = mali(|_| {});
    let wanted = [
        "marking: the portion would have to name ecowas.example as releasable_to, in a new version",
        "grant: grant sahel would have to reach RED (now up to AMBER)",
    ];
    assert_eq!(one(&scene, 2), wanted);
}

#[test]
fn a_delay_is_waited_for_and_a_new_version_begins_it_anew() {
    let scene = mali(|g| g.delay_seconds = 86_400);
    assert_eq!(one(&scene, 3), ["wait: it would be released from 2026-05-02T09:30:00Z on, not before"]);
    let last = one(&scene, 2).pop().unwrap();
    assert_eq!(last, "wait: it would be released from 2026-05-02T10:30:00Z on, not before");
    let long = mali(|g| g.delay_seconds = 300 * 86_400);
    assert_eq!(one(&long, 3), ["grant: grant sahel would have to give it after 1h at most (now 300d after its issue)"]);
}

#[test]
fn where_a_new_version_is_needed_a_delay_of_less_than_400_days_is_waited_for() {
    let expired = |days: u64| {
        let mut scene = mali(|g| g.delay_seconds = days * 86_400);
        scene.manifest.expires = scene.now;
        match scene.remedy(3) {
            Some(Remedy::Changes(changes)) => changes,
            other => panic!("{other:?}"),
        }
    };
    let waits = |changes: &[RequiredChange]| changes.iter().any(|c| matches!(c, RequiredChange::Wait(_)));
    let sooner = |changes: &[RequiredChange]| {
        changes.iter().any(|c| matches!(c, RequiredChange::Widen(_, _, Widening::Delay(_))))
    };
    let (year, more) = (expired(399), expired(400));
    assert!(waits(&year) && !sooner(&year), "{year:?}");
    assert!(sooner(&more) && !waits(&more), "{more:?}");
}

#[test]
fn what_belongs_to_one_grant_is_one_sentence() {
    let scene = mali(|g| {
        g.kinds = vec![Kind::Headline, Kind::Subject];
        g.max_tlp = Tlp::Green;
        g.min_level = Some(WarningLevel::Imminent);
        g.places = vec!["BF".parse().unwrap()];
    });
    let wanted = "grant: grant sahel would have to give gap too, cover ML too, reach AMBER (now up to GREEN) \
                  and begin at level 3 (warning) (now from 4 (imminent))";
    assert_eq!(one(&scene, 3), [wanted]);
}

#[test]
fn a_change_takes_the_place_of_the_one_that_answers_the_same_question() {
    let (one, other) = (StatementId([1; 32]), StatementId([2; 32]));
    let wait = |day: u8| RequiredChange::Wait(fixture::time(&format!("2026-05-0{day}T00:00:00Z")));
    let prolong = |id, day: &str| RequiredChange::Prolong(id, day.parse().unwrap());
    let widen = |id, how| RequiredChange::Widen(id, "g".parse().unwrap(), how);
    let mut all = vec![];
    let mut add = |change: RequiredChange| (change.add_to(&mut all), all.len());
    assert_eq!([add(wait(2)), add(wait(2)), add(wait(3))], [(true, 1), (false, 1), (true, 1)]);
    assert_eq!([add(prolong(one, "2026-06-01")), add(prolong(one, "2026-07-01"))], [(true, 2); 2]);
    assert_eq!(add(prolong(other, "2026-07-01")), (true, 3), "another agreement");
    let tlp = Widening::MaxTlp;
    assert_eq!([add(widen(one, tlp(Tlp::Amber))), add(widen(one, tlp(Tlp::Red)))], [(true, 4); 2]);
    assert_eq!(add(widen(other, tlp(Tlp::Red))), (true, 5));
    assert_eq!(add(widen(one, Widening::Delay(1))), (true, 6));
    let kinds = [Kind::Gap, Kind::Source].map(|kind| add(widen(one, Widening::Kind(kind))));
    assert_eq!(kinds, [(true, 7), (true, 8)], "kinds add up");
}

#[test]
fn where_nothing_would_do_it_is_told_whether_that_was_looked_for_or_is_a_rule() {
    let scene = mali(|_| {});
    let told =
        |id: &'static str| lines(&scene.question(), &Remedy::Nothing(PolicyReason::new(id, "")), |i| i.to_string());
    assert_eq!(told("unknown")[0].words, "no change was found that would release it");
    assert_eq!(told("subject-rule")[0].words, "no change would release it (subject-rule)");
}

#[test]
fn a_rule_of_the_house_is_told_with_its_reason_and_each_grant_by_itself() {
    let mut scene = mali(|_| {});
    let rule =
        "@id(\"no-gaps\") @reason(\"no gaps\") forbid (principal, action, resource) when { context.kind == \"gap\" };";
    scene.house = HouseRules::parse(rule).unwrap();
    assert_eq!(one(&scene, 3), ["rule: house:no-gaps would have to permit it (no gaps)"]);
    let (id, terms) = scene.agreements.first_mut().unwrap();
    let (id, mut second) = (*id, terms.grants[0].clone());
    second.id = "second".parse().unwrap();
    terms.grants.push(second);
    let widen = |grant: &str, how| RequiredChange::Widen(id, grant.parse().unwrap(), how);
    let changes = vec![widen("sahel", Widening::MaxTlp(Tlp::Red)), widen("second", Widening::Delay(3_600))];
    let told = lines(&scene.question(), &Remedy::Changes(changes), |i| i.to_string());
    let told: Vec<_> = told.iter().map(|l| &*l.words).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("grant sahel would have to reach RED") && !told[0].contains("1h"), "{told:?}");
    assert!(told[1].contains("grant second would have to give it after 1h") && !told[1].contains("RED"), "{told:?}");
}

#[test]
fn nothing_changes_the_subject_rule() {
    let mut scene = mali(|_| {});
    scene.taker = fixture::taker("ecowas.example", PartnerKind::State, "ML");
    for index in 0..4 {
        assert!(matches!(scene.remedy(index), Some(Remedy::Nothing(r)) if r.id == "subject-rule"));
    }
    // This holds even if an agreement is missing too.
    scene.agreements.clear();
    assert!(matches!(scene.remedy(0), Some(Remedy::Nothing(r)) if r.id == "subject-rule"));
}

#[test]
fn without_an_agreement_one_is_needed_that_gives_a_headline_and_a_subject_too() {
    let mut scene = mali(|_| {});
    scene.dormant = std::mem::take(&mut scene.agreements);
    assert_eq!(one(&scene, 3), ["agreement: agreement 010101010101, which is here, would have to be in force"]);
    scene.dormant.clear();
    let wanted = "agreement: an agreement with ecowas.example would have to give headline, subject, gap on Mali (ML) up to AMBER";
    assert_eq!(one(&scene, 3), [wanted]);
}

#[test]
fn of_two_headlines_the_lesser_one_stays_and_the_fuller_one_can_be_got() {
    let mut portions = about_mali();
    portions.push(fixture::headline(5, Tlp::AmberStrict));
    let scene = Scene::new(vec![fixture::grant("sahel", &fixture::ecowas(), &["ML"])], portions.clone());
    assert_eq!(one(&scene, 4), ["grant: grant sahel would have to reach AMBER+STRICT (now up to AMBER)"]);
    portions[4].marking.tlp = Tlp::Amber;
    let scene = Scene::new(vec![fixture::grant("sahel", &fixture::ecowas(), &["ML"])], portions);
    assert_eq!(one(&scene, 0), ["none: portion 4 is released instead, and says more"]);
}

/// Whether the changes refer to an agreement that only another change would add.
fn is_broken(changes: &[RequiredChange], scene: &Scene) -> bool {
    changes.iter().any(|c| match c {
        RequiredChange::Widen(id, ..)
        | RequiredChange::NewGrant(Some(id), _)
        | RequiredChange::Prolong(id, _)
        | RequiredChange::Advance(id, _) => !scene.agreements.iter().any(|(known, _)| known == id),
        _ => false,
    })
}

proptest! {
    // The seed is fixed: the search is not complete, and a rare case without a result must not stop a merge. Another seed tries more.
    #![proptest_config(ProptestConfig { cases: 150, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn what_a_remedy_proposes_does(case in case(), in_force in prop::bool::weighted(0.8), which in any::<prop::sample::Index>()) {
        let mut scene = Scene::of(case.clone(), in_force);
        let index = which.index(scene.portions.len());
        let before = scene.decide().portions[index].clone();
        let reasons: Vec<String> = before.verdict.reasons().iter().map(|r| r.id.to_string()).collect();
        match scene.remedy(index) {
            None => prop_assert!(before.verdict.is_release()),
            Some(Remedy::Changes(changes)) => {
                prop_assert!(!changes.is_empty() && !reasons.iter().any(|r| r == "subject-rule"));
                let told = lines(&scene.question(), &Remedy::Changes(changes.clone()), |i| i.to_string());
                prop_assert!(!told.is_empty());
                scene.follow(&changes);
                prop_assert!(scene.goes(index), "{reasons:?} {changes:?}");
            }
            Some(Remedy::FullerHeadline(changes, other)) => {
                prop_assert_eq!(scene.portions[index].1.kind(), Kind::Headline);
                scene.follow(&changes);
                prop_assert!(!scene.goes(index) && scene.goes(other));
            }
            Some(Remedy::Nothing(reason)) => {
                let all: Vec<Portion> = scene.portions.iter().map(|(_, p)| p.clone()).collect();
                let has = |kind| all.iter().any(|p| p.kind() == kind);
                let (issued, expires) = (scene.manifest.issued, scene.manifest.expires);
                let about = crate::domain::assessment::subject_states(&all, issued, expires);
                let rightly = match &*reason.id {
                    "subject-rule" => scene.taker.states().any(|state| about.contains(&state)),
                    "no-subject-known" => !Facts::new(&scene.manifest, scene.portions.iter().map(|(d, p)| (*d, p))).all_subjects.is_known,
                    "no-headline" => !has(Kind::Headline),
                    "no-subject" => !has(Kind::Subject),
                    // The search gave up and says so. The test below checks that this is rare.
                    "unknown" => true,
                    _ => false,
                };
                prop_assert!(rightly, "{reason} for {reasons:?}");
            }
        }
    }
}

/// Whether the other changes are enough without this one.
fn is_idle(case: &Case, index: usize, changes: &[RequiredChange], left_out: usize) -> bool {
    let mut scene = Scene::of(case.clone(), true);
    let mut fewer = changes.to_vec();
    fewer.remove(left_out);
    if is_broken(&fewer, &scene) {
        return false;
    }
    scene.follow(&fewer);
    scene.goes(index)
}

/// Negative control: the property means something only if remedies often propose changes.
#[test]
fn the_random_cases_call_for_changes_of_every_sort() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut sorts, mut withheld, mut several) = (std::collections::BTreeSet::new(), 0, 0);
    let (mut given_up, mut idle) = (0, 0);
    for _ in 0..400 {
        let case = proptest::strategy::ValueTree::current(&case().new_tree(&mut runner).unwrap());
        let scene = Scene::of(case.clone(), true);
        let index = scene.portions.len() / 2;
        let found = scene.remedy(index);
        withheld += usize::from(found.is_some());
        given_up += usize::from(matches!(&found, Some(Remedy::Nothing(reason)) if reason.id == "unknown"));
        if let Some(Remedy::Changes(changes)) = &found {
            several += usize::from(changes.len() > 1);
            idle += (0..changes.len()).filter(|n| is_idle(&case, index, changes, *n)).count();
            sorts.extend(lines(&scene.question(), found.as_ref().unwrap(), |i| i.to_string()).iter().map(|l| l.kind));
        }
    }
    assert!(idle * 50 <= withheld, "{idle} changes in {withheld} remedies are idle");
    assert!(given_up * 50 <= withheld, "{given_up} of {withheld} were given up");
    assert!(withheld > 60 && several > 10, "{several} of {withheld} need several changes");
    assert!(["grant", "marking", "wait", "agreement"].iter().all(|sort| sorts.contains(sort)), "{sorts:?}");
}
