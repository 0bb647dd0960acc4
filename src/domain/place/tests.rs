//! Places: round trips over the whole tables, expansion of regions, helpful refusals, names in text.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::time::{Day, Period};

fn place(text: &str) -> Place {
    text.parse().unwrap()
}

fn country(text: &str) -> Country {
    text.parse().unwrap()
}

fn refusal(text: &str) -> String {
    text.parse::<Place>().unwrap_err()
}

fn all() -> Vec<Place> {
    let countries = Country::all().map(Place::Country);
    let parts = Subdivision::all().map(Place::Subdivision);
    countries.chain(parts).chain(Region::all().map(Place::Region)).collect()
}

#[test]
fn the_tables_are_whole() {
    assert_eq!(Country::all().count(), 250);
    assert_eq!(Subdivision::all().count(), 5_019);
    assert_eq!(Subdivision::all_former().count(), 534);
    assert_eq!(Region::all().count(), 30);
    assert!(Country::all().all(|c| c.region().is_some() && !c.name().is_empty()));
    assert!(Subdivision::all().all(|s| !s.name().is_empty() && s.code().starts_with(s.country().code())));
    assert!(Region::all().all(|r| r.code() == "001" || r.parent().is_some()));
    assert!(Region::all().all(|r| !r.countries().is_empty()));
    assert_eq!(Country::all().filter(|c| c.governed_by().is_some()).count(), 51);
}

#[test]
fn every_code_round_trips_through_text_and_json() {
    for place in all() {
        let text = place.to_string();
        assert_eq!(text.parse::<Place>().unwrap(), place);
        let json = serde_json::to_string(&place).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Place>(&json).unwrap(), place);
    }
}

#[test]
fn every_place_lies_in_itself_and_in_the_world() {
    let world = place("M49:001");
    for place in all() {
        assert!(place.within(place), "{place}");
        assert!(place.within(world), "{place}");
        assert!(!place.countries().is_empty());
    }
}

#[test]
fn a_regions_countries_and_their_parts_lie_in_it() {
    for region in Region::all() {
        for country in region.countries() {
            assert!(Place::from(*country).within(Place::Region(region)), "{country} in {region}");
            assert!(!Place::Region(region).within(Place::from(*country)));
        }
        if let Some(parent) = region.parent() {
            assert!(region.countries().is_subset(parent.countries()), "{region} in {parent}");
        }
    }
    for alias in rows(include_str!("../data/part_aliases.tsv")) {
        let (_, code) = alias.split_once('\t').unwrap();
        assert!(Subdivision::by_code(code).is_some(), "{alias}");
    }
    for part in Subdivision::all() {
        assert!(Place::Subdivision(part).within(Place::from(part.country())));
    }
}

#[test]
fn sub_saharan_africa_holds_its_four_intermediate_regions() {
    let sub_saharan = Region::by_code("202").unwrap().countries();
    let four: BTreeSet<Country> =
        ["011", "014", "017", "018"].iter().flat_map(|c| Region::by_code(c).unwrap().countries()).copied().collect();
    assert_eq!(sub_saharan, &four);
    assert!(sub_saharan.contains(&country("BF")) && !sub_saharan.contains(&country("SD")));
    assert!(place("BF-SOM").within(place("M49:011")));
    assert!(place("M49:011").within(place("M49:202")) && !place("M49:202").within(place("M49:011")));
}

#[test]
fn burkina_faso_climbs_to_the_world() {
    let chain: Vec<&str> = country("BF").regions().map(Region::name).collect();
    assert_eq!(chain, ["Western Africa", "Sub-Saharan Africa", "Africa", "World"]);
    assert!(place("BF-SOM").within(place("BF-12")) && !place("BF-12").within(place("BF-SOM")));
}

#[test]
fn kosovo_and_taiwan_are_in_a_region_though_m49_lists_neither() {
    assert!(country("XK").is_user_assigned() && !country("RS").is_user_assigned());
    assert!(place("XK").within(place("M49:150")));
    assert!(place("TW").within(place("M49:142")));
}

#[test]
fn a_territory_also_concerns_the_state_that_governs_it() {
    let states = |text: &str| concerned(text, "2026-05-01", "2026-12-31");
    assert_eq!(states("PR"), ["PR", "US"]);
    assert_eq!(states("PS-GZA"), ["IL", "PS"]);
    assert_eq!(states("RS-KM"), ["RS", "XK"]);
    assert_eq!(states("RS-28"), ["RS", "XK"]);
    assert_eq!(states("BF-SOM"), ["BF"]);
    assert_eq!(states("HK"), ["CN", "HK"]);
    assert!(states("M49:014").contains(&"FR"), "Réunion lies in Eastern Africa");
    assert!(states("M49:011").contains(&"GB"), "Saint Helena lies in Western Africa");
}

/// The states concerned by the built-in table, for a subject about that time that is issued and expires in it.
fn concerned(text: &str, from: &str, until: &str) -> Vec<&'static str> {
    let period = Period { from: from.parse().unwrap(), until: until.parse().unwrap() };
    let when = SubjectTimes::new(period, period.from.start(), period.until.start());
    place(text).states_concerned(when).into_iter().map(Country::code).collect()
}

#[test]
fn every_row_of_the_table_is_read_and_none_is_there_twice() {
    let lines: Vec<&str> = rows(include_str!("../data/control.tsv")).collect();
    let read: Vec<Control> =
        lines.iter().map(|line| Control::read(line).unwrap_or_else(|e| panic!("{line}: {e:?}"))).collect();
    assert_eq!(ControlTable::built_in().all().count(), lines.len());
    let mut sorted = lines.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted, lines, "in order, each once");
    for row in read {
        assert!(row.place.countries().len() == 1 && !row.place.countries().contains(&row.by), "{row}");
    }
}

#[test]
fn who_controls_a_place_is_concerned_too() {
    let now = |text: &str| concerned(text, "2026-05-01", "2026-12-31");
    for (place, states) in [
        ("UA-43", &["RU", "UA"][..]),
        ("UA-40", &["RU", "UA"]),
        ("GE-AB", &["GE", "RU"]),
        ("CY-06", &["CY", "TR"]),
        ("SY-QU", &["IL", "SY"]),
        ("EH", &["EH", "MA"]),
        ("PS-GZA", &["IL", "PS"]),
        // A place that contains a part which is held, and a claim that nobody enforces.
        ("UA", &["RU", "UA"]),
        ("UA-46", &["UA"]),
        ("TW", &["TW"]),
        ("IN-JK", &["IN"]),
    ] {
        assert_eq!(now(place), states, "{place}");
    }
    assert!(now("M49:145").contains(&"RU"), "Abkhazia lies in Western Asia");
}

#[test]
fn control_that_is_over_counts_for_its_time_only() {
    assert_eq!(concerned("TL", "1999-10-25", "1999-12-31"), ["ID", "TL"]);
    assert_eq!(concerned("TL", "1999-10-26", "1999-12-31"), ["TL"]);
    assert_eq!(concerned("TL-DI", "1975-01-01", "1975-12-07"), ["ID", "TL"]);
    assert_eq!(concerned("TL", "1975-01-01", "1975-12-06"), ["TL"]);
    // The period is over. A state that holds the place while the assessment can be released counts all the same.
    let day = |text: &str| text.parse::<Day>().unwrap();
    let long_ago = Period { from: day("1990-01-01"), until: day("1990-12-31") };
    let codes = |issued: &str, expires: &str| {
        let when = SubjectTimes::new(long_ago, day(issued).start(), day(expires).start());
        place("UA-43").states_concerned(when).into_iter().map(Country::code).collect::<Vec<_>>()
    };
    assert_eq!(codes("2013-01-01", "2014-02-26"), ["UA"]);
    assert_eq!(codes("2013-01-01", "2014-02-27"), ["RU", "UA"]);
}

#[test]
fn a_row_says_what_is_wrong_with_it_and_where() {
    let wrong = |line: &str| Control::read(line).unwrap_err().remove(0);
    for (line, column, words) in [
        ("UA-43\tRU\t2014-02-27\t", 0, "4 columns"),
        ("UA43\tRU\t2014-02-27\t\tx", 0, "is not a place"),
        ("M49:151\tRU\t2014-02-27\t\tx", 0, "is a region"),
        ("UA-43\tM49:151\t2014-02-27\t\tx", 1, "is a region"),
        ("UA-43\tUA\t2014-02-27\t\tx", 1, "is a part of Ukraine already"),
        ("UA-43\tRU\t27.2.2014\t\tx", 2, "is not a day"),
        ("UA-43\tRU\t2014-02-27\tnow\tx", 3, "is not a day"),
        ("UA-43\tRU\t2014-02-27\t2014-02-26\tx", 3, "ends before it begins"),
        ("UA-43\tRU\t2014-02-27\t\t ", 4, "is not a source"),
    ] {
        let (at, what) = wrong(line);
        assert!(at == column && what.contains(words), "{line}: {at} {what}");
    }
    let row = Control::read("CY-06\tTR\t1974-07-20\t\tUN").unwrap();
    assert_eq!(row.to_string(), "CY-06 is held by TR since 1974-07-20 (UN)");
}

#[test]
fn a_former_code_is_understood_and_not_written_any_more() {
    for part in Subdivision::all_former() {
        let (text, country) = (part.to_string(), part.country());
        assert_eq!(place(&text), Place::Subdivision(part), "{text}");
        assert!(Subdivision::by_code(&text).is_none() && Subdivision::twin(&text).is_none(), "{text}");
        assert!(!part.successors().is_empty() && part.successors().iter().all(|s| s.country() == country), "{text}");
        assert!(part.withdrawn().is_none_or(|day| day.parse::<Day>().is_ok()), "{text}");
        let refused = Place::of_today(&text).unwrap_err();
        assert!(part.successors().iter().all(|s| refused.contains(&format!("`{s}`"))), "{refused}");
        assert!(Place::Subdivision(part).within(Place::from(country)));
    }
    for (former, told) in [
        (
            "PK-TA",
            "`PK-TA` (Federally Administered Tribal Areas) is a code that ISO has withdrawn on 2019-11-22; write `PK-KP` (",
        ),
        ("PH-MAG", "`PH-MAG` (Magindanaw) is a code that ISO has withdrawn on 2023-11-23; write `PH-MGN` ("),
        ("IN-OR", "`IN-OR` (Odisha) is a code that ISO has withdrawn on 2023-11-23; write `IN-OD` ("),
    ] {
        let refused = Place::of_today(former).unwrap_err();
        assert!(refused.starts_with(told), "{refused}");
    }
}

#[test]
fn what_an_older_edition_named_never_grows() {
    // Renamed and split codes mean their successors. A code that was merged into something larger contains nothing new.
    for (inner, outer, lies) in [
        ("IN-OD", "IN-OR", true),
        ("IN-OR", "IN-OD", true),
        ("PH-MGN", "PH-MAG", true),
        ("PH-MAG", "PH-MGN", false),
        ("PH-MAG", "PH-MAG", true),
        ("PH-MAG", "M49:035", true),
        ("PK-TA", "PK-KP", true),
        ("PK-KP", "PK-TA", false),
        ("PK-TA", "PK-TA", false),
        ("PK-TA", "PK", true),
        ("PK", "PK-TA", false),
        ("IN-OR", "PK", false),
    ] {
        assert_eq!(place(inner).within(place(outer)), lies, "{inner} in {outer}");
    }
    assert_eq!(place("PH-MAG").today(), [place("PH-MGN"), place("PH-MGS")]);
}

#[test]
fn a_refusal_says_what_to_write() {
    for (wrong, right) in [
        ("bf", "`bf` is not a place; write `BF`"),
        (" BF", "` BF` is not a place; write `BF`"),
        ("BFA", "`BFA` is an ISO-3 code; write `BF`"),
        ("bfa", "`bfa` is an ISO-3 code; write `BF`"),
        ("Burkina Faso", "`Burkina Faso` is a name; write `BF`"),
        ("burma", "`burma` is a name; write `MM`"),
        ("Congo", "`Congo` is a name; write `CD` or `CG`"),
        ("Western Africa", "`Western Africa` is a name; write `M49:011`"),
        ("Soum", "`Soum` is a name; write `BF-SOM`"),
        ("Liptako", "`Liptako` is a name; write `BF-12`"),
        ("Karo-Peli", "`Karo-Peli` is a name; write `BF-SOM`"),
        ("Costa do Marfim", "`Costa do Marfim` is a name; write `CI`"),
        ("afrique occidentale", "`afrique occidentale` is a name; write `M49:011`"),
        ("RU-SEV", "`RU-SEV` is not a code of ISO 3166-2; write `UA-40` (Sevastopol)"),
        ("AN", "`AN` is a country code that ISO has withdrawn; write `BQ` or `CW` or `SX`"),
        ("TP", "`TP` is a country code that ISO has withdrawn; write `TL`"),
        ("CN-91", "`CN-91` has another code of its own; write `HK`"),
        ("bf-som", "`bf-som` is not a place; write `BF-SOM`"),
        ("m49:011", "`m49:011` is not a place; write `M49:011`"),
        ("011", "`011` is not a place; write `M49:011`"),
        ("M49:854", "`M49:854` is the number of a country; write `BF`"),
        ("M49:999", "`M49:999` is not a region of UN M49; write e.g. `M49:011` for Western Africa"),
        ("UK", "`UK` is not its ISO 3166-1 code; write `GB`"),
        ("XKX", "`XKX` is not its ISO 3166-1 code; write `XK`"),
        ("US-PR", "`US-PR` has another code of its own; write `PR`"),
        ("NL-BQ1", "`NL-BQ1` has another code of its own; write `BQ-BO`"),
        ("XK-01", "`XK-01` is not a place: ISO 3166-2 lists no parts of Kosovo; write `XK`"),
    ] {
        assert_eq!(refusal(wrong), right);
    }
    assert!(refusal("BF-SOUM").starts_with("`BF-SOUM` is not a part of Burkina Faso; near it are `BF-SOM` (Soum), "));
    for wrong in ["", "Atlantis", &"x".repeat(1_000_000)] {
        assert!(refusal(wrong).contains("write a country as `BF`") && refusal(wrong).len() < 300);
    }
    assert_eq!("BF-SOM".parse::<Country>().unwrap_err(), "`BF-SOM` is a part of a country; write `BF`");
    assert!("M49:011".parse::<Country>().is_err());
    assert_eq!(serde_json::from_str::<Place>("\"bf\"").unwrap_err().to_string(), "`bf` is not a place; write `BF`");
}

#[test]
fn codes_with_two_spellings_name_an_existing_one() {
    for code in ["CN-HK", "FI-01", "FR-974", "NL-BQ3", "NO-22", "US-VI"] {
        let own = Subdivision::twin(code).unwrap();
        assert!(own.parse::<Place>().is_ok(), "{own}");
        assert!(code.parse::<Place>().is_err(), "{code}");
    }
}

#[test]
fn every_countrys_own_name_is_found_in_a_sentence() {
    for country in Country::all() {
        let text = format!("reports from {}; unconfirmed", country.name());
        let named = states_named(&text, &[]);
        assert!(named.iter().any(|naming| naming.states.contains(&country)), "{text}: {named:?}");
    }
}

proptest! {
    #[test]
    fn no_text_is_taken_for_a_place_unless_it_is_its_one_spelling(text in "\\PC{0,12}") {
        match text.parse::<Place>() {
            Ok(place) => prop_assert_eq!(place.to_string(), text),
            Err(message) => prop_assert!(!message.is_empty() && !message.ends_with('.')),
        }
    }

    #[test]
    fn codes_a_letter_off_are_refused_or_another_code(text in "[A-Za-z]{2}(-[A-Za-z0-9]{0,4})?") {
        if let Ok(place) = text.parse::<Place>() {
            prop_assert_eq!(place.to_string(), text);
        }
    }

    #[test]
    fn names_are_slices_of_the_text(text in "(Congo|Mali|South|Sudan|Côte|d'Ivoire|مالي|苏丹|[ ,'’\\n-]|\\PC){0,12}") {
        for naming in states_named(&text, &[]) {
            prop_assert!(text.get(naming.text.clone()).is_some_and(|words| !words.is_empty()));
            prop_assert!(!naming.states.is_empty());
        }
    }
}

#[test]
fn people_know_parts_by_their_usual_names() {
    let rows: Vec<(&str, &str)> =
        rows(include_str!("../data/usual_names.tsv")).filter_map(|line| line.split_once('\t')).collect();
    assert!(rows.len() > 100 && rows.is_sorted_by(|a, b| a.0 < b.0));
    for (code, name) in rows {
        let part = Subdivision::by_code(code).unwrap_or_else(|| panic!("{code} is no code of today"));
        assert_eq!(part.usual_name(), name);
        assert_ne!(part.name(), name, "{code}: this is the name already");
    }
    let soum = Subdivision::by_code("BF-SOM").unwrap();
    assert_eq!(soum.usual_name(), soum.name());
    assert!(Place::of_today("South Kordofan").unwrap_err().contains("`SD-KS`"));
}
