//! What a grant permits and what it does not, and the reasons in words.

use super::fixture::*;
use crate::{
    domain::{agreement::Grant, body::Kind, level::WarningLevel, marking::Tlp},
    policy::{Facts, HouseRules, PartnerPolicy, decide},
};

/// Whether a grant on these areas permits an assessment about these places.
fn reaches(areas: &[&str], places: &[&str]) -> bool {
    let to = ecowas();
    let mut terms = agreement(&to, vec![grant("g", &to, areas)]);
    terms.groups = vec![group("sahel", &["BF", "ML", "NE"], &[])];
    let policy = compile_all(&to, vec![terms], &HouseRules::none());
    decided(&policy, &[headline(1, Tlp::Clear), subject(2, Tlp::Clear, places)]).release.is_some()
}

#[test]
fn a_part_of_a_country_is_covered_by_the_part_the_country_and_its_regions() {
    for area in ["BF", "BF-SOM", "BF-12", "M49:011", "M49:202", "M49:002", "M49:001", "group:sahel"] {
        assert!(reaches(&[area], &["BF-SOM"]), "{area}");
    }
    for area in ["ML", "BF-01", "M49:014", "ML-1"] {
        assert!(!reaches(&[area], &["BF-SOM"]), "{area}");
    }
}

#[test]
fn a_country_is_not_covered_by_its_parts() {
    assert!(!reaches(&["BF-SOM"], &["BF"]));
    assert!(!reaches(&["BF-SOM"], &["BF-12"]), "nor a part by a smaller one");
    assert!(reaches(&["BF-SOM", "BF"], &["BF"]));
}

#[test]
fn a_region_is_covered_only_where_all_its_countries_are() {
    assert!(reaches(&["M49:002"], &["M49:011"]));
    assert!(!reaches(&["M49:011"], &["M49:002"]));
    assert!(!reaches(&["BF", "ML"], &["M49:011"]));
    assert!(reaches(&["M49:011", "M49:014", "M49:017", "M49:018"], &["M49:202"]), "its four parts are the whole");
    assert!(reaches(&["M49:011", "SD-DC"], &["M49:011", "SD-DC"]), "also where the grant names a part of a country");
}

#[test]
fn every_place_of_every_subject_must_be_covered() {
    assert!(reaches(&["BF", "ML"], &["BF", "ML-1"]));
    assert!(!reaches(&["BF", "ML"], &["BF", "SD"]));
    let to = ecowas();
    let policy = compile(&to, vec![grant("g", &to, &["BF"])]);
    let two = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["BF"]), subject(3, Tlp::Red, &["SD"])];
    let decision = decided(&policy, &two);
    assert!(decision.release.is_none());
    assert_eq!(words(&decision)[0], "grant g: the place SD is not within BF");
}

fn with(change: impl FnOnce(&mut Grant)) -> PartnerPolicy {
    let to = ecowas();
    let mut changed = grant("g", &to, &["M49:011"]);
    change(&mut changed);
    compile(&to, vec![changed])
}

/// The decision about a gap, next to a headline and a subject of level 3 on Mali.
fn gap_under(policy: &PartnerPolicy, change: impl FnOnce(&mut crate::domain::assessment::Portion)) -> (String, String) {
    let mut changed = gap(3, Tlp::Green);
    change(&mut changed);
    let mut first = headline(1, Tlp::Clear);
    first.marking.topics = vec!["sahel".parse().unwrap()];
    let mut second = subject(2, Tlp::Clear, &["ML"]);
    second.marking.topics = vec!["sahel".parse().unwrap()];
    let decision = decided(policy, &[first, second, changed]);
    (in_short(&decision).remove(2), words(&decision).remove(2))
}

#[test]
fn each_condition_of_a_grant_is_kept_and_told_in_words() {
    let cases: [(PartnerPolicy, &str); 4] = [
        (with(|g| g.max_tlp = Tlp::Clear), "grant g: GREEN is above CLEAR"),
        (with(|g| g.kinds = vec![Kind::Headline, Kind::Subject]), "grant g: gap is not among its kinds"),
        (
            with(|g| g.topics = vec!["sahel".parse().unwrap()]),
            "grant g: the portion has no topic, and the grant covers only sahel",
        ),
        (with(|g| g.min_level = Some(WarningLevel::Imminent)), "grant g: level 3 (warning) is below 4 (imminent)"),
    ];
    for (policy, told) in cases {
        assert_eq!(gap_under(&policy, |_| ()), ("no-grant".to_owned(), told.to_owned()));
    }
    let topical = with(|g| g.topics = vec!["sahel".parse().unwrap(), "gulf".parse().unwrap()]);
    assert_eq!(gap_under(&topical, |p| p.marking.topics = vec!["sahel".parse().unwrap()]).0, "+");
    assert_eq!(
        gap_under(&topical, |p| p.marking.topics = vec!["horn".parse().unwrap()]).1,
        "grant g: the topic horn is not among sahel, gulf"
    );
    assert_eq!(gap_under(&with(|g| g.min_level = Some(WarningLevel::Warning)), |_| ()).0, "+");
}

#[test]
fn a_permit_names_the_grants_in_words() {
    let policy = with(|g| {
        g.kinds = vec![Kind::Headline, Kind::Subject, Kind::Gap];
        g.min_level = Some(WarningLevel::Watch);
        g.delay_seconds = 3_600;
    });
    let told = "grant g gives headline, subject, gap on Western Africa (M49:011) up to AMBER, from level 1 (watch), 1h after its issue";
    assert_eq!(gap_under(&policy, |_| ()), ("+".to_owned(), told.to_owned()));
}

#[test]
fn of_many_names_twelve_are_told_and_how_many_more_there_are() {
    let told = |count: usize| {
        let areas = "ML BF NE SN GH NG TG BJ CI GN GW LR SL GM".split(' ').take(count);
        let policy = with(|g| g.places = areas.map(|a| a.parse().unwrap()).collect());
        gap_under(&policy, |_| ()).1
    };
    let twelve = "Mali (ML), Burkina Faso (BF), Niger (NE), Senegal (SN), Ghana (GH), Nigeria (NG), Togo (TG), Benin (BJ), \
                  Côte d'Ivoire (CI), Guinea (GN), Guinea-Bissau (GW), Liberia (LR)";
    assert_eq!(told(12), format!("grant g gives every kind of portion on {twelve} up to AMBER"));
    assert_eq!(told(14), format!("grant g gives every kind of portion on {twelve}, 2 more up to AMBER"));
}

#[test]
fn a_delay_ends_to_the_nanosecond() {
    let policy = with(|g| g.delay_seconds = 86_400);
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])];
    let facts = facts(&portions);
    let early = decide(&policy, &facts, time("2026-05-02T09:29:59.999999999Z"));
    assert!(early.release.is_none());
    assert_eq!(words(&early)[0], "grant g: it gives this only from 2026-05-02T09:30:00Z on");
    assert!(decide(&policy, &facts, time("2026-05-02T09:30:00Z")).release.is_some());
    let never = with(|g| g.delay_seconds = u64::MAX);
    assert!(decide(&never, &facts, time("2026-11-01T00:00:00Z")).release.is_none());
}

#[test]
fn a_delay_counts_from_an_issue_between_two_seconds() {
    let policy = with(|g| g.delay_seconds = 86_400);
    let manifest = manifest(time("2026-05-01T09:30:00.5Z"), time("2026-12-01T00:00:00Z"));
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])];
    let facts = Facts::new(&manifest, portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
    let goes = |at| decide(&policy, &facts, time(at)).release.is_some();
    assert_eq!(
        ["2026-05-02T09:29:59Z", "2026-05-02T09:30:00.499999999Z", "2026-05-02T09:30:00.5Z"].map(goes),
        [false, false, true]
    );
}

#[test]
fn nothing_goes_before_its_issue() {
    let policy = with(|_| ());
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])];
    assert!(decide(&policy, &facts(&portions), time("2026-05-01T09:29:59.5Z")).release.is_none());
}

#[test]
fn an_agreement_holds_from_its_first_day_to_the_end_of_its_last() {
    let to = ecowas();
    let mut terms = agreement(&to, vec![grant("g", &to, &["M49:011"])]);
    terms.from = "2026-06-01".parse().unwrap();
    terms.until = "2026-06-30".parse().unwrap();
    let policy = compile_all(&to, vec![terms], &HouseRules::none());
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])];
    let at = |text| decide(&policy, &facts(&portions), time(text));
    assert_eq!(words(&at("2026-05-31T23:59:59Z"))[0], "grant g: the agreement begins on 2026-06-01T00:00:00Z");
    assert!(at("2026-06-01T00:00:00Z").release.is_some());
    assert!(at("2026-06-30T23:59:59.999999999Z").release.is_some());
    assert_eq!(words(&at("2026-07-01T00:00:00Z"))[0], "grant g: the agreement ended on 2026-07-01T00:00:00Z");
}

#[test]
fn a_grant_of_the_other_direction_gives_nothing() {
    let to = ecowas();
    let mut back = grant("back", &to, &["M49:001"]);
    (back.from, back.to) = (back.to, back.from);
    let decision = decided(&compile(&to, vec![back]), &[headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])]);
    assert_eq!(words(&decision)[0], "the agreement has no grant from gb.example to ecowas.example");
}

#[test]
fn without_an_agreement_nothing_goes() {
    let policy = compile_all(&ecowas(), vec![], &HouseRules::none());
    let decision = decided(&policy, &[headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"])]);
    assert_eq!(in_short(&decision), ["no-agreement", "no-agreement"]);
    assert!(decision.release.is_none());
}

#[test]
fn an_agreement_with_others_or_with_an_unknown_group_does_not_compile() {
    let (to, other) = (ecowas(), taker("au.example", crate::domain::partner::PartnerKind::Regional, ""));
    let id = crate::domain::ids::StatementId([1; 32]);
    let compile = |terms| {
        PartnerPolicy::compile(&"gb.example".parse().unwrap(), &to, &[(id, terms)], &HouseRules::none()).unwrap_err()
    };
    assert!(compile(agreement(&other, vec![])).message.contains("is not between `gb.example` and `ecowas.example`"));
    let unknown = compile(agreement(&to, vec![grant("g", &to, &["group:none"])]));
    assert_eq!(unknown.field.as_deref(), Some("grant `g`.places"));
    let twice = compile(agreement(&to, vec![grant("g", &to, &["BF"]), grant("g", &to, &["ML"])]));
    assert!(twice.message.contains("two grants have the id `grant:g`"), "{twice}");
}
