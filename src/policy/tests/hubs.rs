//! What a giver that is not the originator may pass on. Here gb.example got the assessment from origin.example.

use super::fixture::*;
use crate::{
    domain::{
        agreement::{Agreement, OnwardTerms},
        assessment::{Manifest, Portion},
        body::Kind,
        ids::StatementId,
        marking::{Onward, Tlp},
        partner::{Organisation, PartnerKind},
        release::{OnwardLimit, Release, ReleaseTerms},
    },
    policy::{Decision, Facts, HouseRules, PartnerPolicy, Provenance, accept, decide},
};

fn theirs() -> Manifest {
    let mut manifest = manifest(time(ISSUED), time("2026-12-01T00:00:00Z"));
    manifest.originator = "origin.example".parse().unwrap();
    manifest
}

fn au() -> Organisation {
    taker("au.example", PartnerKind::Regional, "")
}

/// A release that may go on to au.example up to GREEN, for two hops, within ten days.
fn provenance(number: u8) -> Provenance {
    let to = audiences(&["au.example", "group:sahel"]);
    let kinds = vec![Kind::Headline, Kind::Subject, Kind::Gap];
    let limit = OnwardLimit { later_kinds: vec![], to, kinds, max_tlp: Tlp::Green, depth: 2, groups: vec![] };
    Provenance {
        release: StatementId([number; 32]),
        digests: (0..4).map(digest).collect(),
        terms: ReleaseTerms {
            onward: Some(limit),
            barred_states: vec!["ML".parse().unwrap(), "NE".parse().unwrap()],
            retention_days: Some(10),
        },
        released_at: time(ISSUED),
        received_at: time(ISSUED),
        groups: vec![group("sahel", &["BF", "NE"], &["au.example"])],
        is_stopped: false,
        carriers: ["origin.example".parse().unwrap()].into(),
    }
}

/// A headline, a subject and a gap that may go on to au.example, and a source that may not be passed on.
fn portions() -> Vec<Portion> {
    let mut portions =
        vec![headline(1, Tlp::Green), subject(2, Tlp::Green, &["ML"]), gap(3, Tlp::Green), gap(4, Tlp::Green)];
    for portion in portions.iter_mut().take(3) {
        portion.marking.onward = Onward::Named(audiences(&["group:sahel"]));
        portion.marking.groups = vec![group("sahel", &["BF", "NE"], &["au.example"])];
    }
    portions
}

fn wide(to: &Organisation) -> Agreement {
    let mut grant = grant("g", to, &["M49:001"]);
    grant.onward = Some(OnwardTerms {
        later_kinds: vec![],
        to: audiences(&["au.example", "fr.example"]),
        kinds: Kind::ALL.to_vec(),
        max_tlp: Tlp::Amber,
        depth: 5,
    });
    agreement(to, vec![grant])
}

fn passed_on_by(
    to: &Organisation,
    agreement: Agreement,
    came: Vec<Provenance>,
    portions: &[Portion],
    at: &str,
) -> Decision {
    let (policy, manifest) = (compile_all(to, vec![agreement], &HouseRules::none()), theirs());
    let facts = Facts::new(&manifest, portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
    decide(&policy, &facts.with_provenances(came), time(at))
}

const LATER: &str = "2026-05-01T10:30:00Z";

fn passed_on(change: impl FnOnce(&mut Provenance)) -> Decision {
    let mut came = provenance(1);
    change(&mut came);
    passed_on_by(&au(), wide(&au()), vec![came], &portions(), LATER)
}

/// Why nothing was released, as the reason for the first portion says.
fn why(decision: &Decision) -> &str {
    assert!(decision.release.is_none());
    assert_eq!(decision.portions[0].verdict.reasons()[0].id, "onward-not-allowed");
    &decision.portions[0].verdict.reasons()[0].words
}

#[test]
fn what_came_from_another_goes_on_as_far_as_its_release_and_its_marking_let_it() {
    let decision = passed_on(|_| ());
    assert_eq!(in_short(&decision), ["+", "+", "+", "onward-not-allowed"]);
    assert_eq!(words(&decision)[3], "its marking lets nobody pass it on");
    assert_eq!(decision.release.unwrap().via(), Some(StatementId([1; 32])));
}

#[test]
fn what_came_by_no_known_release_goes_nowhere() {
    let decision = passed_on_by(&au(), wide(&au()), vec![], &portions(), LATER);
    assert_eq!(why(&decision), "it is from another organisation, and no release by which it arrived is known");
}

#[test]
fn the_originator_needs_no_leave_to_pass_on() {
    let policy = compile_all(&au(), vec![wide(&au())], &HouseRules::none());
    let release =
        decide(&policy, &facts(&portions()).with_provenances(vec![provenance(1)]), time(LATER)).release.unwrap();
    assert_eq!((release.via(), release.digests().count()), (None, 4));
}

#[test]
fn each_condition_of_passing_on_is_kept_and_told_in_words() {
    fn limit(came: &mut Provenance) -> &mut OnwardLimit {
        came.terms.onward.as_mut().unwrap()
    }
    assert_eq!(why(&passed_on(|p| p.terms.onward = None)), "nothing that came by this release may be passed on");
    assert_eq!(
        why(&passed_on(|p| limit(p).to = audiences(&["fr.example"]))),
        "au.example is not among those that it may be passed on to"
    );
    assert_eq!(
        why(&passed_on(|p| limit(p).kinds = vec![Kind::Subject])),
        "headline is not among the kinds that may be passed on"
    );
    assert_eq!(
        why(&passed_on(|p| limit(p).max_tlp = Tlp::Clear)),
        "GREEN is above CLEAR, the highest that may be passed on"
    );
    assert_eq!(why(&passed_on(|p| limit(p).depth = 0)), "it may not be passed on by another hop");
    assert_eq!(why(&passed_on(|p| p.digests.clear())), "it did not come by this release");
    let to_others = |p: &mut Provenance| {
        limit(p).to = audiences(&["group:sahel"]);
        p.groups = vec![group("sahel", &["BF", "NE"], &[])];
    };
    assert_eq!(why(&passed_on(to_others)), "au.example is not among those that it may be passed on to");
}

#[test]
fn a_marking_that_keeps_it_within_the_organisation_is_kept() {
    let mut portions = portions();
    portions[0].marking.onward = Onward::WithinOrganisation;
    let decision = passed_on_by(&au(), wide(&au()), vec![provenance(1)], &portions, LATER);
    assert_eq!(why(&decision), "its marking keeps it within the organisation that got it");
}

#[test]
fn a_barred_state_gets_nothing_even_where_it_is_named() {
    let to = taker("ne.example", PartnerKind::State, "NE");
    let barred = passed_on_by(&to, wide(&to), vec![provenance(1)], &portions(), LATER);
    assert_eq!(why(&barred), "it came with a bar to NE");
    let to = taker("bf.example", PartnerKind::State, "BF");
    assert!(passed_on_by(&to, wide(&to), vec![provenance(1)], &portions(), LATER).release.is_some(), "by its country");
}

#[test]
fn a_copy_further_on_is_not_kept_longer_than_this_one() {
    let days = |at| {
        let decision = passed_on_by(&au(), wide(&au()), vec![provenance(1)], &portions(), at);
        decision.release.map(|r| r.terms().retention_days.unwrap())
    };
    assert_eq!(days("2026-05-01T09:30:00Z"), Some(10));
    assert_eq!(days("2026-05-01T09:30:01Z"), Some(9));
    assert_eq!(days("2026-05-10T09:30:00Z"), Some(1));
    assert_eq!(days("2026-05-10T09:30:00.000000001Z"), None);
    assert_eq!(days("2026-06-01T00:00:00Z"), None);
}

#[test]
fn a_marking_means_the_members_that_its_author_signed() {
    let to_these = |members: &[&str]| {
        let mut portions = portions();
        portions.iter_mut().for_each(|p| p.marking.groups = vec![group("sahel", &["BF"], members)]);
        let mut terms = wide(&au());
        terms.groups = vec![group("sahel", &["BF"], &["au.example", "ru.example"])];
        passed_on_by(&au(), terms, vec![provenance(1)], &portions, LATER)
    };
    assert!(to_these(&["au.example"]).release.is_some(), "whatever the agreement means by the name");
    assert_eq!(why(&to_these(&["ru.example"])), "its marking does not let it be passed on to au.example");
}

#[test]
fn the_terms_are_those_of_both_one_hop_less() {
    let terms = passed_on(|_| ()).release.unwrap().terms().clone();
    let onward = terms.onward.unwrap();
    assert_eq!(onward.to, audiences(&["au.example"]), "fr.example was not named by the originator");
    assert_eq!(onward.kinds, [Kind::Headline, Kind::Subject, Kind::Gap]);
    assert_eq!((onward.max_tlp, onward.depth), (Tlp::Green, 1));
    assert_eq!(terms.barred_states.iter().map(|c| c.code()).collect::<Vec<_>>(), ["ML", "NE"]);
    let last = passed_on(|p| p.terms.onward.as_mut().unwrap().depth = 1);
    assert_eq!(last.release.unwrap().terms().onward, None);
}

#[test]
fn a_group_goes_into_the_terms_only_where_the_originator_named_all_its_members() {
    let onward = |group_here| {
        let mut terms = wide(&au());
        terms.grants[0].onward.as_mut().unwrap().to = audiences(&["group:west"]);
        terms.groups = vec![group_here];
        let decision = passed_on_by(&au(), terms, vec![provenance(1)], &portions(), LATER);
        decision.release.unwrap().terms().onward.clone()
    };
    assert!(onward(group("west", &["BF", "NE"], &["au.example"])).is_some());
    assert!(onward(group("west", &["BF", "GH"], &[])).is_none());
    assert!(onward(group("west", &[], &["au.example", "fr.example"])).is_none());
}

#[test]
fn of_several_releases_that_one_is_cited_by_which_most_goes_on() {
    let (mut few, all) = (provenance(1), provenance(2));
    few.digests.remove(&digest(2));
    let decision = passed_on_by(&au(), wide(&au()), vec![all, few.clone()], &portions(), LATER);
    assert_eq!(decision.release.as_ref().unwrap().via(), Some(StatementId([2; 32])));
    let mut third = provenance(3);
    third.terms.onward.as_mut().unwrap().kinds = vec![Kind::Headline];
    let mut four = portions();
    four[3].marking.onward = Onward::Named(audiences(&["au.example"]));
    let mut other = provenance(4);
    other.digests = [0, 1, 3].map(digest).into();
    let split = passed_on_by(&au(), wide(&au()), vec![other, few, third], &four, LATER);
    assert_eq!(split.release.as_ref().unwrap().via(), Some(StatementId([1; 32])), "of equals the lowest id");
    assert_eq!(in_short(&split), ["+", "+", "onward-not-allowed", "+"]);
    let mut only = provenance(5);
    only.digests = [0, 1, 2].map(digest).into();
    let mut first = provenance(1);
    first.digests = [0, 1, 3].map(digest).into();
    let either = passed_on_by(&au(), wide(&au()), vec![only, first], &four, LATER);
    assert_eq!(in_short(&either), ["+", "+", "onward-not-allowed another-provenance", "+"]);
}

#[test]
fn what_another_agreement_would_let_go_on_is_told_as_that() {
    use crate::domain::body::Body;
    let kinds = |kinds: &[Kind]| {
        let mut terms = wide(&au());
        terms.grants[0].kinds = kinds.to_vec();
        terms
    };
    let few = [Kind::Headline, Kind::Subject, Kind::Source];
    let agreements = vec![kinds(&few), kinds(&[Kind::Headline, Kind::Subject, Kind::Gap])];
    let mut came = provenance(1);
    came.digests.extend([digest(4)]);
    came.terms.onward.as_mut().unwrap().kinds.push(Kind::Source);
    let mut portions = portions();
    portions.push(portion(5, Tlp::Green, Body::Source { text: "source".into() }));
    for portion in &mut portions {
        portion.marking.onward = Onward::Named(audiences(&["au.example"]));
    }
    let (policy, manifest) = (compile_all(&au(), agreements, &HouseRules::none()), theirs());
    let facts = Facts::new(&manifest, portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
    let decision = decide(&policy, &facts.with_provenances(vec![came]), time(LATER));
    assert_eq!(in_short(&decision), ["+", "+", "+", "+", "no-grant another-agreement"]);
}

/// The release that the hub would send, and the recipient's policy.
fn sent() -> (PartnerPolicy, Release) {
    let decision = passed_on(|_| ());
    (compile_all(&au(), vec![wide(&au())], &HouseRules::none()), statement(&decision.release.unwrap()))
}

fn judged(policy: &PartnerPolicy, release: &Release, came: Vec<Provenance>) -> Vec<String> {
    let (manifest, portions) = (theirs(), portions());
    let shown = Facts::new(&manifest, portions.iter().take(3).enumerate().map(|(i, p)| (digest(i), p)));
    let answer = accept(policy, release, &shown.with_provenances(came));
    answer.err().into_iter().flatten().map(|r| r.id.to_string()).collect()
}

#[test]
fn a_recipient_checks_the_hop_before() {
    let (policy, release) = sent();
    assert_eq!(judged(&policy, &release, vec![provenance(1)]), [""; 0]);
    assert_eq!(judged(&policy, &release, vec![]), ["via-unknown"]);
    assert_eq!(judged(&policy, &release, vec![provenance(2)]), ["via-unknown"]);
    let mut closed = provenance(1);
    closed.terms.onward = None;
    assert_eq!(judged(&policy, &release, vec![closed]), ["onward-not-allowed"]);
    let mut short = provenance(1);
    short.terms.retention_days = Some(3);
    assert_eq!(judged(&policy, &release, vec![short]), ["terms-too-wide"]);
    let mut once = provenance(1);
    once.terms.onward.as_mut().unwrap().depth = 1;
    assert_eq!(judged(&policy, &release, vec![once]), ["terms-too-wide"]);
    let mut without = release.clone();
    without.via = None;
    assert_eq!(judged(&policy, &without, vec![provenance(1)]), ["via-unknown"]);
    let mut unbarred = release.clone();
    unbarred.terms.barred_states.pop();
    assert_eq!(
        judged(&policy, &unbarred, vec![provenance(1)]),
        ["terms-too-wide"],
        "NE, which only the hop before barred"
    );
}
