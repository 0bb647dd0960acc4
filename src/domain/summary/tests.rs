use super::*;
use crate::domain::{
    body::Perpetrator,
    ids::{Handle, Salt},
    level::{Certainty, Severity, Urgency},
    marking::Marking,
};

fn day() -> Day {
    Time::from_unix_nanos(0).day()
}

fn life() -> Life {
    Life { issued: Time::from_unix_nanos(5), expires: Time::from_unix_nanos(9), exercise: false }
}

fn manifest() -> Manifest {
    let Life { issued, expires, exercise } = life();
    Manifest {
        assessment: crate::domain::ids::AssessmentId([1; 16]),
        version: 1,
        previous: None,
        originator: "gb.example".parse().unwrap(),
        issued,
        expires,
        digests: vec![],
        exercise,
        sealed_origin: None,
    }
}

fn subject(place: &str, level: u8, actor: Option<&str>) -> Portion {
    let body = Body::Subject(Subject {
        places: vec![place.parse().unwrap()],
        period: Period { from: day(), until: day() },
        groups: vec![],
        actors: actor.map(|state| Perpetrator { name: "them".into(), state: state.parse().ok() }).into_iter().collect(),
        risk_of: vec![Crime::MassKilling],
        level: WarningLevel::try_from(level).unwrap(),
        urgency: Urgency::ALL[0],
        severity: Severity::ALL[0],
        certainty: Certainty::ALL[0],
        addressed_to: vec![],
    });
    Portion::new(Salt([1; 32]), Handle([2; 8]), Marking::new(Tlp::Green), body)
}

fn gap(tlp: Tlp) -> Portion {
    Portion::new(Salt([1; 32]), Handle([2; 8]), Marking::new(tlp), Body::Gap { text: "unknown".into() })
}

fn summary(portions: &[Portion]) -> Summary {
    Summary::of(&manifest(), portions.iter().map(|portion| (portion, Digest([3; 32]))))
}

fn of_place(place: &str) -> Filter {
    Filter { places: vec![place.parse().unwrap()], ..Filter::default() }
}

#[test]
fn a_place_finds_what_is_about_it_inside_it_or_around_it() {
    for (about, actor, found, missed) in [
        ("ML", None, &["ML", "M49:011", "M49:002", "M49:001"][..], &["BF", "M49:150"][..]),
        ("M49:011", None, &["ML", "BF-SOM", "M49:002"], &["FR"]),
        ("BF-SOM", None, &["BF", "BF-SOM", "M49:011"], &["BF-NAM", "ML"]),
        ("ML", Some("FR"), &["ML", "FR", "M49:150"], &["DE"]),
    ] {
        let portions = summary(&[gap(Tlp::Green), subject(about, 3, actor)]).portions;
        for (places, is_found) in [(found, true), (missed, false)] {
            for place in places {
                assert_eq!(of_place(place).wants_portions(&portions), is_found, "{about} by {place}");
            }
        }
    }
}

#[test]
fn place_level_and_crime_hold_of_one_subject() {
    let portions = summary(&[subject("ML", 2, None), subject("NE", 4, None)]).portions;
    let level = |level: u8, place| Filter { levels: vec![WarningLevel::try_from(level).unwrap()], ..of_place(place) };
    assert!(level(4, "NE").wants_portions(&portions) && level(2, "ML").wants_portions(&portions));
    assert!(!level(4, "ML").wants_portions(&portions));
    let crime = |crime| Filter { crimes: vec![crime], ..of_place("ML") };
    assert!(crime(Crime::MassKilling).wants_portions(&portions));
    assert!(!crime(Crime::Genocide).wants_portions(&portions));
    assert!(!of_place("ML").wants_portions(&[]) && Filter::default().wants_portions(&[]));
}

#[test]
fn markings_and_dates_select() {
    let portions = summary(&[subject("ML", 2, None), gap(Tlp::Amber)]).portions;
    let marked = |word: &str| Filter { markings: vec![word.parse().unwrap()], ..Filter::default() };
    assert!(marked("AMBER").wants_portions(&portions) && marked("GREEN").wants_portions(&portions));
    assert!(!marked("RED").wants_portions(&portions) && !marked("protect-life").wants_portions(&portions));
    let at = |nanos| Some(Time::from_unix_nanos(nanos));
    let none = Filter::default();
    for (filter, is_wanted) in [
        (Filter { issued_from: at(5), issued_before: at(6), expires_before: at(10), ..none.clone() }, true),
        (Filter { issued_from: at(6), ..none.clone() }, false),
        (Filter { issued_before: at(5), ..none.clone() }, false),
        (Filter { expires_before: at(9), ..none.clone() }, false),
        (Filter { exercise: Some(true), ..none.clone() }, false),
        (Filter { exercise: Some(false), ..none }, true),
    ] {
        assert_eq!(filter.wants_life(&life()), is_wanted, "{filter:?}");
    }
}

#[test]
fn what_has_only_a_marking_to_tell_is_there_once_for_each_marking() {
    let all = summary(&[gap(Tlp::Green), gap(Tlp::Amber), gap(Tlp::Green), subject("ML", 2, None)]);
    assert_eq!(all.portions.len(), 3);
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<Summary>(&json).unwrap(), all);
    assert!(!json.contains("unknown"), "no text is in it: {json}");
}
