//! What each rule is for. How well they work together is measured on labelled sentences in `tests/names.rs`.

use super::{Country, OwnName, OwnNames, Strength, fold, states_named, states_named_with, words};

fn named_to(text: &str, subjects: &str) -> Vec<String> {
    let subjects: Vec<Country> = subjects.split(',').filter_map(Country::by_code).collect();
    let told = |naming: super::Naming| {
        let states: Vec<&str> = naming.states.iter().map(|state| state.code()).collect();
        let mark = if naming.strength == Strength::Weak { "?" } else { "" };
        format!("{}{mark} {}", states.join("/"), text.get(naming.text).unwrap_or_default())
    };
    states_named(text, &subjects).into_iter().map(told).collect()
}

fn named(text: &str) -> Vec<String> {
    named_to(text, "")
}

const NOBODY: [&str; 0] = [];

#[test]
fn states_are_found_under_every_kind_of_name() {
    assert_eq!(named("El Fasher, N’Djaména and Bangui"), ["SD El Fasher", "TD N’Djaména", "CF Bangui"]);
    assert_eq!(named("Khartoum has ordered it"), ["SD Khartoum"]);
    assert_eq!(named("les Forces de soutien rapide au Soudan"), ["SD Forces de soutien rapide", "SD Soudan"]);
    assert_eq!(named("وصلوا من السودان"), ["SD السودان"]);
    assert_eq!(named("суданские войска севернее Хартума"), ["SD суданские", "SD Хартума"]);
    assert_eq!(named("苏丹军队在喀土穆"), ["SD 苏丹", "SD 喀土穆"]);
}

#[test]
fn accents_hyphens_and_articles_may_be_missing_but_not_added() {
    assert_eq!(named("Al-Fasher, EL FASHER, Ndjamena"), ["SD Al-Fasher", "SD EL FASHER", "TD Ndjamena"]);
    assert_eq!(named("the Senegal coast, la côte du Sénégal"), ["SN Senegal", "SN Sénégal"]);
    assert!(fold::spelled_as("Malé", "Malé") && fold::spelled_as("Male", "Malé") && !fold::spelled_as("Malé", "Male"));
}

#[test]
fn longer_names_hide_shorter_ones() {
    assert_eq!(named("South Sudan and Guinea-Bissau"), ["SS South Sudan", "GW Guinea-Bissau"]);
    assert_eq!(named("reports from French Guiana"), ["GF French Guiana"]);
    assert_eq!(named("the Niger Delta"), ["NG Niger Delta"]);
    assert_eq!(named("New Mexico, Guinea worm, the Gulf of Guinea, the Congo River"), NOBODY);
}

#[test]
fn what_a_subject_explains_names_nobody() {
    assert_eq!(named_to("Khartoum and Port Sudan", "SD"), NOBODY);
    assert_eq!(named_to("Congolese soldiers", "CD"), NOBODY);
    assert_eq!(named("Congolese soldiers"), ["CD/CG Congolese"]);
    assert_eq!(named_to("en Armenia, Quindío", "CO"), NOBODY);
}

#[test]
fn an_actor_abroad_is_shown_and_does_not_stop() {
    assert_eq!(named_to("Boko Haram came at night", "CM"), ["NG? Boko Haram"]);
    assert_eq!(named_to("Boko Haram came at night", "NG"), NOBODY);
}

#[test]
fn persons_streets_instruments_and_languages_name_nobody() {
    for text in [
        "Chad Williams said so",
        "شارع بغداد",
        "the Kampala Convention and the Arusha process",
        "Les tracts sont en français et en anglais.",
        "فتحت الشرطة خرطوم المياه",
        "الناشط خالد المصري",
    ] {
        assert_eq!(named(text), NOBODY, "{text}");
    }
    assert_eq!(named("in Chad Idriss Itno"), ["TD Chad"]);
}

#[test]
fn addresses_and_codes_are_no_prose() {
    assert_eq!(named("https://example.org/sudan/Khartoum SD-KS sudan@example.org"), NOBODY);
    assert!(words::words("M49:011").is_empty());
}

#[test]
fn a_namesake_in_the_subject_explains_what_is_not_sure() {
    assert_eq!(named_to("Voters in Georgia received letters", "US"), NOBODY);
    assert_eq!(named("Voters in Georgia received letters"), ["GE Georgia"]);
    assert_eq!(named_to("They fled to Niger", "NG"), ["NE Niger"]);
    assert_eq!(named("El comandante Santiago Lima negó los hechos"), NOBODY);
}

#[test]
fn a_name_that_languages_share_is_found_in_each() {
    assert_eq!(named("O Exército do Mali"), ["ML Mali"]);
    assert_eq!(named("Seul le chef est au courant"), NOBODY);
    assert_eq!(named("He was treated at a Cairo hospital"), ["EG Cairo"]);
}

#[test]
fn the_organisation_s_own_words_are_found_and_win_over_the_tables() {
    let rows = ["Thistle|the grey house\tSD\ta deployment", "ثعلب\tSD\ta nickname", "Mali Hills\t-\ta farm"];
    let own: OwnNames = rows.iter().map(|row| OwnName::read(row).unwrap()).collect();
    let named = |text: &str, subjects: &[Country]| -> Vec<(String, String)> {
        let told = |n: super::Naming| (text[n.text].to_owned(), n.what.unwrap_or_default().to_string());
        states_named_with(text, subjects, &own).into_iter().map(told).collect()
    };
    let sudan = Country::by_code("SD").unwrap();
    assert_eq!(named("as Thistle said", &[]), [("Thistle".to_owned(), "a deployment".to_owned())]);
    assert_eq!(
        named("In THE grey\nHouse, a thistle", &[]),
        [("THE grey\nHouse".to_owned(), "a deployment".to_owned())]
    );
    assert_eq!(named("قال لثعلب", &[]), [("لثعلب".to_owned(), "a nickname".to_owned())]);
    assert_eq!(named("Thistle on the Mali Hills", &[sudan]), []);
    assert_eq!(named("the Mali border", &[]), [("Mali".to_owned(), String::new())]);
}
