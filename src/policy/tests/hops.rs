//! The last reader's check of the hops: origin.example gave it to gb.example, which gave it to au.example, which gave it to the reader.

use super::fixture::*;
use crate::{
    domain::{
        assessment::{Manifest, Portion},
        body::Kind,
        group::Group,
        ids::StatementId,
        marking::{Caveat, Onward, Tlp},
        partner::{Organisation, PartnerKind},
        release::{AgreementRef, EntryKind, FeedPosition, OnwardLimit, Release, ReleaseTerms},
    },
    policy::{EndorsementFacts, Facts, Hop, check_hops},
};

fn release(number: u8, depth: u32, to: &[&str], groups: Vec<Group>) -> Release {
    let kinds = vec![Kind::Headline, Kind::Subject, Kind::Gap];
    let limit = OnwardLimit { later_kinds: vec![], to: audiences(to), kinds, max_tlp: Tlp::Red, depth, groups };
    Release {
        unknown: vec![],
        recipient: "au.example".parse().unwrap(),
        kind: EntryKind::Assessment,
        manifest: StatementId([5; 32]),
        digests: (0..3).map(digest).collect(),
        endorsements: vec![],
        exceptions: vec![],
        agreement: AgreementRef { id: StatementId([number; 32]), version: 1 },
        grants: vec!["g".parse().unwrap()],
        terms: ReleaseTerms { onward: Some(limit), barred_states: vec!["ML".parse().unwrap()], retention_days: None },
        position: FeedPosition { sequence: 1, previous: None },
        released_at: time("2026-05-01T10:30:00Z"),
        via: None,
        logged_at: time("2026-05-01T10:30:00Z"),
    }
}

/// Portions that may all go on to au.example and gh.example.
fn portions() -> Vec<Portion> {
    let mut portions = vec![headline(1, Tlp::Green), subject(2, Tlp::Green, &["ML"]), gap(3, Tlp::Green)];
    for portion in &mut portions {
        portion.marking.onward = Onward::Named(audiences(&["au.example", "gh.example"]));
    }
    portions
}

/// The reasons against the second hop, by gb.example.
fn judged(first: &Release, second: &Release, portions: &[Portion]) -> Vec<String> {
    let originator = theirs();
    let facts = Facts::new(&originator, portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
    judged_of(&originator, first, second, &facts)
}

fn theirs() -> Manifest {
    Manifest { originator: "origin.example".parse().unwrap(), ..manifest(time(ISSUED), time("2026-06-01T00:00:00Z")) }
}

fn judged_of(originator: &Manifest, first: &Release, second: &Release, facts: &Facts<'_>) -> Vec<String> {
    let (gb, au): (Organisation, Organisation) =
        (taker("gb.example", PartnerKind::Regional, ""), taker("au.example", PartnerKind::Regional, ""));
    let hops = [
        Hop { id: StatementId([1; 32]), giver: &originator.originator, release: first, taker: &gb },
        Hop { id: StatementId([2; 32]), giver: &gb.domain, release: second, taker: &au },
    ];
    let Err(breach) = check_hops(&hops, facts) else { return vec![] };
    assert_eq!(breach.by, gb.domain);
    breach.reasons.iter().map(|r| r.id.to_string()).collect()
}

#[test]
fn a_group_may_have_any_members_to_whom_the_hop_before_let_it_go() {
    let west = |organisations| vec![group("west", &["BF"], organisations)];
    let first = release(1, 3, &["au.example", "gh.example", "group:west"], west(&["au.example"]));
    let second = release(2, 2, &["group:west"], west(&["au.example", "gh.example"]));
    assert_eq!(judged(&first, &second, &portions()), [""; 0], "gh.example was named by itself");
    let beyond = release(2, 2, &["group:west"], west(&["au.example", "fr.example"]));
    assert_eq!(judged(&first, &beyond, &portions()), ["terms-too-wide"]);
}

#[test]
fn a_marking_means_the_members_that_its_author_signed() {
    let first = release(1, 3, &["au.example", "group:west"], vec![group("west", &["BF"], &["gh.example"])]);
    let second = release(2, 2, &["au.example"], vec![]);
    let marked = |members: &[&str]| {
        let mut portions = portions();
        portions[2].marking.onward = Onward::Named(audiences(&["group:west"]));
        portions[2].marking.groups = vec![group("west", &["BF"], members)];
        judged(&first, &second, &portions)
    };
    assert_eq!(marked(&["au.example"]), [""; 0], "whatever the terms mean by the name");
    assert_eq!(marked(&["gh.example"]), ["onward-not-allowed"]);
}

#[test]
fn a_second_group_of_the_same_name_widens_as_well() {
    let first = release(1, 3, &["au.example", "gh.example"], vec![]);
    let groups = vec![group("west", &[], &["au.example"]), group("west", &[], &["fr.example"])];
    assert_eq!(judged(&first, &release(2, 2, &["group:west"], groups), &portions()), ["terms-too-wide"]);
}

#[test]
fn the_built_in_rules_hold_at_each_hop() {
    let (first, second) = (release(1, 3, &["au.example"], vec![]), release(2, 2, &["au.example"], vec![]));
    let marked = |tlp, names: &[&str]| {
        let mut portions = portions();
        (portions[2].marking.tlp, portions[2].marking.releasable_to) = (tlp, audiences(names));
        portions[2].marking.groups = vec![group("east", &[], &["gh.example"]), group("west", &[], &["au.example"])];
        judged(&first, &second, &portions)
    };
    assert_eq!(marked(Tlp::Green, &["gb.example", "gh.example"]), ["releasable-to"]);
    assert_eq!(marked(Tlp::Green, &["gb.example", "au.example"]), [""; 0]);
    assert_eq!(marked(Tlp::Green, &["gb.example", "group:west"]), [""; 0]);
    assert_eq!(marked(Tlp::Green, &["gb.example", "group:east"]), ["releasable-to"]);
    assert_eq!(marked(Tlp::Red, &[]), ["onward-not-allowed", "tlp-red-named-only"]);
    assert_eq!(marked(Tlp::Red, &["au.example"]), ["onward-not-allowed"], "nobody but its originator gives RED");
    assert_eq!(marked(Tlp::AmberStrict, &["au.example"]), ["onward-not-allowed"]);
    let mut unattributed = portions();
    unattributed[2].marking.caveats = vec![Caveat::NoAttribution];
    assert_eq!(judged(&first, &second, &unattributed), ["no-attribution"]);
    let late = Release { released_at: time("2026-06-01T00:00:00Z"), ..second.clone() };
    assert_eq!(judged(&first, &late, &portions()), ["expired"]);
}

#[test]
fn kinds_of_later_editions_do_not_widen_terms() {
    let (first, mut second) = (release(1, 3, &["au.example"], vec![]), release(2, 2, &["au.example"], vec![]));
    second.terms.onward.as_mut().unwrap().later_kinds = vec!["satellite-image".parse().unwrap()];
    assert_eq!(judged(&first, &second, &portions()), ["terms-too-wide"]);
    let mut allowing = first;
    allowing.terms.onward.as_mut().unwrap().later_kinds = vec!["satellite-image".parse().unwrap()];
    assert_eq!(judged(&allowing, &second, &portions()), [""; 0]);
}

#[test]
fn what_a_hops_own_people_say_of_it_came_by_no_release_that_could_bar_it() {
    let (first, mut second) = (release(1, 3, &["au.example"], vec![]), release(2, 2, &["au.example"], vec![]));
    second.endorsements = vec![super::fixture::listed(StatementId([9; 32]))];
    let endorsed_by = |endorser: &str| {
        let (originator, portions, said) = (theirs(), portions(), gap(9, Tlp::Green));
        let endorser = endorser.parse().unwrap();
        let facts = Facts::new(&originator, portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
        let endorsement =
            EndorsementFacts { id: StatementId([9; 32]), endorser: &endorser, portion: &said, made_at: time(ISSUED) };
        judged_of(&originator, &first, &second, &facts.with_endorsements([endorsement]))
    };
    assert_eq!(endorsed_by("gb.example"), [""; 0]);
    assert_eq!(endorsed_by("no.example"), ["onward-not-allowed"], "another's must have come to it");
}
