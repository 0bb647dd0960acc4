//! Which permitted portions are released, on what terms and when, and the recipient's check of the release.

use super::fixture::*;
use crate::{
    domain::{
        agreement::{Agreement, Grant, OnwardTerms},
        assessment::Portion,
        body::Kind,
        ids::StatementId,
        level::WarningLevel,
        marking::{Onward, Tlp},
        partner::PartnerKind,
        release::Release,
        time::Time,
    },
    policy::{
        Cleared, Decision, EndorsementFacts, Facts, HouseRules, ItemId, PartnerPolicy, accept, decide, plan,
        possible_release_times, schedule,
    },
};

fn amber_on_west_africa() -> PartnerPolicy {
    let to = ecowas();
    compile(&to, vec![grant("g", &to, &["M49:011"])])
}

#[test]
fn without_a_headline_or_a_subject_nothing_goes() {
    let policy = amber_on_west_africa();
    let no_headline = decided(&policy, &[headline(1, Tlp::Red), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::Clear)]);
    assert_eq!(in_short(&no_headline), ["tlp-red-named-only", "no-headline", "no-headline"]);
    let no_subject =
        decided(&policy, &[headline(1, Tlp::Clear), subject(2, Tlp::AmberStrict, &["ML"]), gap(3, Tlp::Clear)]);
    assert_eq!(in_short(&no_subject), ["no-subject", "no-grant", "no-subject"]);
    assert!(no_headline.release.is_none() && no_subject.release.is_none());
}

#[test]
fn of_several_headlines_only_the_fullest_goes() {
    let to = ecowas();
    let strict = || {
        let mut strict = grant("g", &to, &["M49:011"]);
        strict.max_tlp = Tlp::AmberStrict;
        compile(&to, vec![strict])
    };
    let mut portions = vec![
        headline(1, Tlp::Green),
        headline(2, Tlp::AmberStrict),
        headline(3, Tlp::AmberStrict),
        subject(4, Tlp::Clear, &["ML"]),
    ];
    let short = |policy: &PartnerPolicy, portions: &[Portion]| in_short(&decided(policy, portions));
    let fuller = "a-fuller-headline-is-given";
    assert_eq!(short(&strict(), &portions), [fuller, "+", fuller, "+"]);
    assert_eq!(short(&amber_on_west_africa(), &portions), ["+", "no-grant", "no-grant", "+"]);
    portions.swap(1, 2);
    assert_eq!(short(&strict(), &portions), [fuller, "+", fuller, "+"], "of two alike the author's first");
}

#[test]
fn a_release_stands_on_the_one_agreement_that_gives_most() {
    let to = ecowas();
    let mut small = grant("small", &to, &["M49:011"]);
    small.kinds = vec![Kind::Headline, Kind::Subject, Kind::Source];
    let large = grant("large", &to, &["M49:011"]);
    let mut red_gaps = large.clone();
    red_gaps.kinds = vec![Kind::Headline, Kind::Subject, Kind::Gap];
    red_gaps.id = "red-gaps".parse().unwrap();
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::Clear), gap(4, Tlp::Clear)];
    let one = |grant: &Grant| agreement(&to, vec![grant.clone()]);
    let of = |agreements: Vec<Agreement>| decided(&compile_all(&to, agreements, &HouseRules::none()), &portions);
    let chosen = |decision: &Decision| decision.release.as_ref().unwrap().agreement().id;
    assert_eq!(chosen(&of(vec![one(&small), one(&large)])), StatementId([2; 32]));
    assert_eq!(chosen(&of(vec![one(&large), one(&small)])), StatementId([1; 32]));
    assert_eq!(chosen(&of(vec![one(&large), one(&red_gaps)])), StatementId([1; 32]), "of equals the lowest id");
    let headlines = [headline(1, Tlp::Clear), headline(2, Tlp::Green), subject(3, Tlp::Clear, &["ML"])];
    let mut clear = large.clone();
    clear.max_tlp = Tlp::Clear;
    let policy = compile_all(&to, vec![one(&clear), one(&large)], &HouseRules::none());
    assert_eq!(
        chosen(&decided(&policy, &headlines)),
        StatementId([1; 32]),
        "what is permitted and stays counts for nothing"
    );
    let mut sources = portions.to_vec();
    sources.push(portion(5, Tlp::Clear, crate::domain::body::Body::Source { text: "source".into() }));
    let both = decided(&compile_all(&to, vec![one(&small), one(&red_gaps)], &HouseRules::none()), &sources);
    assert_eq!(in_short(&both), ["+", "+", "+", "+", "no-grant another-agreement"]);
}

#[test]
fn the_grants_of_one_agreement_add_up_and_are_named() {
    let to = ecowas();
    let mut strict = grant("b-strict", &to, &["ML"]);
    strict.max_tlp = Tlp::AmberStrict;
    let wide = grant("a-wide", &to, &["M49:011"]);
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::AmberStrict)];
    let decision = decided(&compile(&to, vec![strict, wide]), &portions);
    let release = decision.release.unwrap();
    assert_eq!(release.grants().iter().map(|g| g.as_str()).collect::<Vec<_>>(), ["a-wide", "b-strict"]);
    assert_eq!(release.digests().collect::<Vec<_>>(), [digest(0), digest(1), digest(2)]);
    assert_eq!(decision.portions[2].verdict.reasons().len(), 1);
    assert_eq!(decision.portions[0].verdict.reasons().len(), 2);
}

fn passing_on(to: &[&str], max_tlp: Tlp, depth: u32) -> OnwardTerms {
    OnwardTerms { later_kinds: vec![], to: audiences(to), kinds: Kind::ALL.to_vec(), max_tlp, depth }
}

fn onward_portions() -> Vec<Portion> {
    let mut portions = vec![headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::Amber)];
    portions[0].marking.onward = Onward::Named(audiences(&["group:ecowas"]));
    portions[1].marking.onward = Onward::Named(audiences(&["group:ecowas"]));
    for portion in &mut portions {
        portion.marking.spell_out(&[super::fixture::group("ecowas", &["GH"], &["au.example"])]);
    }
    portions
}

#[test]
fn the_terms_are_the_narrowest_of_the_grants_used() {
    let to = ecowas();
    let mut first = grant("first", &to, &["ML"]);
    first.onward = Some(passing_on(&["group:ecowas", "au.example"], Tlp::Amber, 1));
    first.retention_days = Some(400);
    let mut second = grant("second", &to, &["M49:011"]);
    second.onward = Some(passing_on(&["group:ecowas"], Tlp::Green, 3));
    second.retention_days = Some(30);
    let mut unused = grant("unused", &to, &["SD"]);
    unused.retention_days = Some(1);
    let release = decided(&compile(&to, vec![first, second, unused]), &onward_portions()).release.unwrap();
    let terms = release.terms();
    assert_eq!(terms.retention_days, Some(30));
    assert_eq!(terms.barred_states.iter().map(|c| c.code()).collect::<Vec<_>>(), ["ML"]);
    let onward = terms.onward.as_ref().unwrap();
    assert_eq!((&onward.to[..], onward.max_tlp, onward.depth), (&audiences(&["group:ecowas"])[..], Tlp::Green, 1));
}

#[test]
fn nothing_is_passed_on_where_the_marking_or_the_grant_says_so() {
    let to = ecowas();
    let onward = |terms: Option<OnwardTerms>, portions: &[Portion]| {
        let mut grant = grant("g", &to, &["M49:011"]);
        grant.onward = terms;
        decided(&compile(&to, vec![grant]), portions).release.unwrap().terms().onward.clone()
    };
    assert!(onward(Some(passing_on(&["au.example"], Tlp::Green, 1)), &onward_portions()).is_some());
    assert!(onward(None, &onward_portions()).is_none());
    assert!(onward(Some(passing_on(&["au.example"], Tlp::Green, 0)), &onward_portions()).is_none());
    assert!(onward(Some(passing_on(&[], Tlp::Green, 1)), &onward_portions()).is_none());
    let mut kept = onward_portions();
    kept[0].marking.onward = Onward::None;
    kept[1].marking.onward = Onward::WithinOrganisation;
    assert!(onward(Some(passing_on(&["au.example"], Tlp::Green, 1)), &kept).is_none());
}

#[test]
fn nothing_is_passed_on_where_a_portion_came_under_a_grant_without_onward_terms() {
    let to = ecowas();
    let mut passing = grant("passing", &to, &["M49:011"]);
    passing.onward = Some(passing_on(&["au.example"], Tlp::Green, 1));
    passing.max_tlp = Tlp::Clear;
    let silent = grant("silent", &to, &["M49:011"]);
    let policy = compile(&to, vec![passing, silent]);
    let mut portions = onward_portions();
    assert!(decided(&policy, &portions).release.unwrap().terms().onward.is_some());
    portions[2].marking.onward = Onward::Named(audiences(&["au.example"]));
    assert!(decided(&policy, &portions).release.unwrap().terms().onward.is_none());
}

#[test]
fn a_withheld_subject_is_not_betrayed_by_the_terms() {
    let to = ecowas();
    let mut passing = grant("g", &to, &["M49:002"]);
    passing.onward = Some(passing_on(&["au.example"], Tlp::Green, 1));
    let policy = compile(&to, vec![passing]);
    let mut portions = onward_portions();
    portions.push(subject(4, Tlp::Red, &["SD"]));
    let terms = decided(&policy, &portions).release.unwrap().terms().clone();
    assert_eq!(terms.onward, None);
    assert_eq!(terms.barred_states.iter().map(|c| c.code()).collect::<Vec<_>>(), ["ML"]);
    portions[3].marking.tlp = Tlp::Green;
    let open = decided(&policy, &portions).release.unwrap().terms().clone();
    assert!(open.onward.is_some());
    assert_eq!(open.barred_states.iter().map(|c| c.code()).collect::<Vec<_>>(), ["ML", "SD"]);
}

#[test]
fn a_withheld_subject_lends_its_level_to_nothing() {
    let to = ecowas();
    let mut urgent = grant("urgent", &to, &["M49:011"]);
    urgent.min_level = Some(WarningLevel::Imminent);
    let imminent = |tlp| portion(4, tlp, about(&["ML"], &[], WarningLevel::Imminent));
    let policy = compile(&to, vec![urgent]);
    let mut portions = vec![headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), imminent(Tlp::Amber)];
    assert_eq!(in_short(&decided(&policy, &portions)), ["+", "+", "+"]);
    portions[2] = imminent(Tlp::AmberStrict);
    let unseen = "not-covered-as-shown";
    assert_eq!(in_short(&decided(&policy, &portions)), [unseen, unseen, "no-grant"]);
}

#[test]
fn a_plan_lists_each_time_at_which_more_goes() {
    let to = ecowas();
    let mut at_once = grant("at-once", &to, &["M49:011"]);
    at_once.kinds = vec![Kind::Headline, Kind::Subject];
    at_once.max_tlp = Tlp::Green;
    let mut later = grant("later", &to, &["M49:011"]);
    later.delay_seconds = 86_400;
    let mut same = later.clone();
    same.id = "same".parse().unwrap();
    same.delay_seconds = 2 * 86_400;
    let mut too_late = later.clone();
    too_late.id = "too-late".parse().unwrap();
    too_late.max_tlp = Tlp::Red;
    too_late.delay_seconds = 300 * 86_400;
    let policy = compile(&to, vec![at_once, later, same, too_late]);
    let portions =
        [headline(1, Tlp::Green), headline(2, Tlp::Amber), subject(3, Tlp::Clear, &["ML"]), gap(4, Tlp::Amber)];
    let steps = plan(&policy, &facts(&portions), time("2026-05-01T10:00:00Z"));
    assert_eq!(
        shown(&steps),
        [("2026-05-01T10:00:00Z".to_owned(), vec![0, 2]), ("2026-05-02T09:30:00Z".to_owned(), vec![1, 2, 3])]
    );
}

/// The times, and the portions that are released at each.
fn shown(steps: &[(Time, Decision)]) -> Vec<(String, Vec<usize>)> {
    steps.iter().map(|(t, d)| (t.to_string(), d.release.iter().flat_map(Cleared::indexes).collect())).collect()
}

#[test]
fn a_schedule_tells_of_each_portion_when_it_goes_first() {
    let to = ecowas();
    let at_once = Grant { max_tlp: Tlp::Green, ..grant("at-once", &to, &["M49:011"]) };
    let later = Grant { delay_seconds: 86_400, ..grant("later", &to, &["M49:011"]) };
    let policy = compile(&to, vec![at_once, later]);
    let portions = [
        headline(1, Tlp::Green),
        headline(2, Tlp::Amber),
        subject(3, Tlp::Clear, &["ML"]),
        gap(4, Tlp::Amber),
        gap(5, Tlp::Red),
    ];
    let steps = plan(&policy, &facts(&portions), time("2026-05-01T10:00:00Z"));
    let told = schedule(&steps);
    let told: Vec<_> = told.into_iter().map(|(p, at)| (p.verdict.is_release(), at.map(|t| t.to_string()))).collect();
    let then = Some("2026-05-02T09:30:00Z".to_owned());
    assert_eq!(told, [(true, None), (true, then.clone()), (true, None), (true, then), (false, None)]);
    assert!(schedule(&[]).is_empty());
}

#[test]
fn a_plan_goes_on_where_one_agreement_ends_and_another_gives_something_else() {
    let to = ecowas();
    let mut clear = grant("clear", &to, &["M49:011"]);
    clear.max_tlp = Tlp::Clear;
    let mut ending = agreement(&to, vec![grant("wide", &to, &["M49:011"])]);
    ending.until = "2026-06-30".parse().unwrap();
    let policy = compile_all(&to, vec![ending, agreement(&to, vec![clear])], &HouseRules::none());
    let portions =
        [headline(1, Tlp::Clear), headline(2, Tlp::Amber), subject(3, Tlp::Clear, &["ML"]), gap(4, Tlp::Amber)];
    let steps = plan(&policy, &facts(&portions), time("2026-05-01T10:00:00Z"));
    assert_eq!(
        shown(&steps),
        [("2026-05-01T10:00:00Z".to_owned(), vec![1, 2, 3]), ("2026-07-01T00:00:00Z".to_owned(), vec![0, 2])]
    );
}

#[test]
fn more_may_become_permitted_from_the_issue_to_before_the_expiry() {
    let to = ecowas();
    let after = |id: &str, days: u64| Grant { delay_seconds: days * 86_400, ..grant(id, &to, &["M49:011"]) };
    let after_expiry = 214;
    let mut over = agreement(&to, vec![after("at-once", 0), after("next-day", 1), after("never", after_expiry)]);
    over.until = "2026-11-30".parse().unwrap();
    let mut begins = agreement(&to, vec![]);
    begins.from = "2026-06-01".parse().unwrap();
    let portions = [headline(1, Tlp::Green)];
    let facts = facts(&portions);
    let times = |agreements| possible_release_times(&compile_all(&to, agreements, &HouseRules::none()), &facts);
    let shown = |times: Vec<Time>| times.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(times(vec![over.clone()])), [ISSUED, "2026-05-02T09:30:00Z"]);
    assert_eq!(shown(times(vec![over, begins])), [ISSUED, "2026-05-02T09:30:00Z", "2026-06-01T00:00:00Z"]);
}

/// Two grants in force, a release under them, and the portions of the release.
fn released() -> (PartnerPolicy, Release, Vec<Portion>) {
    let portions = vec![headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::Amber)];
    let policy = amber_on_west_africa();
    let release = statement(&decided(&policy, &portions).release.unwrap());
    (policy, release, portions)
}

fn refused(policy: &PartnerPolicy, release: &Release, facts: &Facts<'_>) -> Vec<String> {
    accept(policy, release, facts).unwrap_err().iter().map(|r| r.id.to_string()).collect()
}

#[test]
fn a_recipient_accepts_what_its_own_copy_covers() {
    let (policy, release, portions) = released();
    assert_eq!(accept(&policy, &release, &facts(&portions)), Ok(()));
}

#[test]
fn a_recipient_quarantines_what_its_own_copy_does_not_cover() {
    let (policy, release, mut portions) = released();
    portions[2].marking.tlp = Tlp::AmberStrict;
    let reasons = accept(&policy, &release, &facts(&portions)).unwrap_err();
    assert_eq!(reasons.len(), 1);
    assert_eq!(reasons[0].to_string(), "no-grant: grant g: AMBER+STRICT is above AMBER");
    portions[2].marking.tlp = Tlp::Red;
    assert_eq!(refused(&policy, &release, &facts(&portions)), ["tlp-red-named-only"]);
}

#[test]
fn a_recipient_quarantines_a_release_on_other_terms_than_its_own() {
    let (policy, release, portions) = released();
    let changed = |change: fn(&mut Release)| {
        let mut changed = release.clone();
        change(&mut changed);
        refused(&policy, &changed, &facts(&portions))
    };
    assert_eq!(changed(|r| r.agreement.version = 2), ["agreement-differs"]);
    assert_eq!(changed(|r| r.agreement.id = StatementId([2; 32])), ["agreement-differs"]);
    assert_eq!(changed(|r| r.grants = vec!["other".parse().unwrap()]), ["agreement-differs"]);
    assert_eq!(changed(|r| r.recipient = "au.example".parse().unwrap()), ["not-for-us"]);
    assert_eq!(changed(|r| r.digests.push(digest(9))), ["portion-missing"]);
    assert_eq!(changed(|r| r.released_at = time("2028-01-01T00:00:00Z")), ["expired"]);
    assert_eq!(changed(|r| r.released_at = time("2026-04-01T00:00:00Z")), ["no-grant"]);
}

#[test]
fn a_state_quarantines_what_is_about_itself() {
    let to = taker("ml.example", PartnerKind::State, "ML");
    let ours = compile(&to, vec![grant("g", &to, &["M49:011"])]);
    let (_, mut release, portions) = released();
    release.recipient = to.domain;
    assert_eq!(refused(&ours, &release, &facts(&portions)), ["subject-rule"]);
}

#[test]
fn a_recipient_quarantines_terms_that_are_wider_than_the_grants_named() {
    let to = ecowas();
    let mut first = grant("g", &to, &["M49:011"]);
    first.onward = Some(passing_on(&["au.example", "group:ecowas"], Tlp::Green, 2));
    first.onward.as_mut().unwrap().kinds = vec![Kind::Headline, Kind::Subject];
    first.retention_days = Some(30);
    let mut unnamed = first.clone();
    unnamed.id = "unnamed".parse().unwrap();
    (unnamed.places, unnamed.retention_days) = (vec!["SD".parse().unwrap()], Some(1));
    let policy = compile(&to, vec![first, unnamed]);
    let portions = onward_portions();
    let release = statement(&decided(&policy, &portions).release.unwrap());
    let changed = |change: fn(&mut Release)| {
        let mut changed = release.clone();
        change(&mut changed);
        accept(&policy, &changed, &facts(&portions)).err().map(|reasons| {
            assert_eq!((reasons.len(), &*reasons[0].id), (1, "terms-too-wide"));
            reasons[0].words.rsplit_once(": ").unwrap().1.to_owned()
        })
    };
    fn onward(release: &mut Release) -> &mut crate::domain::release::OnwardLimit {
        release.terms.onward.as_mut().unwrap()
    }
    let (kept, bar) =
        ("it may be kept for 30 days, and the release says longer", "the release does not bar ML, which it is about");
    let wider = Some("the release lets more portions be passed on, or to more organisations, than they do".to_owned());
    assert_eq!(changed(|_| ()), None);
    assert_eq!(changed(|r| r.terms.retention_days = Some(31)).as_deref(), Some(kept));
    assert_eq!(changed(|r| r.terms.retention_days = None).as_deref(), Some(kept));
    assert_eq!(changed(|r| r.terms.barred_states.clear()).as_deref(), Some(bar));
    assert_eq!(changed(|r| onward(r).depth = 3), wider);
    assert_eq!(changed(|r| onward(r).max_tlp = Tlp::Amber), wider);
    assert_eq!(changed(|r| onward(r).kinds = vec![Kind::Headline, Kind::Gap]), wider);
    assert_eq!(changed(|r| onward(r).to = audiences(&["fr.example"])), wider);
    // Narrower terms are accepted.
    assert_eq!(changed(|r| r.terms.onward = None), None);
    assert_eq!(changed(|r| r.terms.retention_days = Some(1)), None);
    assert_eq!(changed(|r| onward(r).kinds = vec![Kind::Headline]), None);
    assert_eq!(changed(|r| r.terms.barred_states.push("NE".parse().unwrap())), None);
}

#[test]
fn a_recipient_quarantines_a_portion_that_no_grant_named_permits() {
    let to = ecowas();
    let (mut clear, wide) = (grant("clear", &to, &["M49:011"]), grant("wide", &to, &["M49:011"]));
    clear.max_tlp = Tlp::Clear;
    let policy = compile(&to, vec![clear, wide]);
    let portions = vec![headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::Amber)];
    let mut release = statement(&decided(&policy, &portions).release.unwrap());
    assert_eq!(accept(&policy, &release, &facts(&portions)), Ok(()));
    release.grants.retain(|g| g.as_str() == "clear");
    assert_eq!(refused(&policy, &release, &facts(&portions)), ["no-grant"]);
}

#[test]
fn a_release_tells_of_each_portion_and_endorsement_whether_it_goes() {
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["ML"]), gap(3, Tlp::Red)];
    let (endorser, said, kept) = ("gb.example".parse().unwrap(), gap(4, Tlp::Clear), gap(5, Tlp::Red));
    let endorsement =
        |n, portion| EndorsementFacts { id: StatementId([n; 32]), endorser: &endorser, portion, made_at: time(ISSUED) };
    let facts = facts(&portions).with_endorsements([endorsement(8, &said), endorsement(9, &kept)]);
    let release = decide(&amber_on_west_africa(), &facts, time("2026-05-01T10:30:00Z")).release.unwrap();
    let portions = [0, 1, 2].map(|i| ItemId::Portion(digest(i)));
    let endorsements = [8, 9].map(|n| ItemId::Endorsement(StatementId([n; 32])));
    let goes: Vec<bool> = portions.iter().chain(&endorsements).map(|item| release.releases(item)).collect();
    assert_eq!(goes, [true, true, false, true, false]);
}
