//! Looks places up by their names in several languages, or by their codes.

use std::{cmp::Reverse, collections::HashSet, sync::LazyLock};

use super::{Country, Place, Region, Subdivision, rows};
use crate::domain::{fold::folded_words, spelling::distance};

/// How a place was found, the best way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// By its code of ISO 3166 or UN M49.
    Code,
    /// By exactly this name.
    Name,
    /// By the beginning of a name.
    Beginning,
    /// By words of a name, or their beginnings.
    Words,
    /// By a name that differs in one or two letters.
    Similar,
}

/// A place that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundPlace {
    /// The place, in today's codes.
    pub place: Place,
    /// The name by which it was found.
    pub name: &'static str,
    /// The language of that name, such as `fr`. `None` if it is not recorded.
    pub language: Option<&'static str>,
    /// How it was found.
    pub fit: Fit,
}

/// A name of a place.
struct Name {
    /// Its folded words, with a space between them.
    folded: String,
    place: Place,
    name: &'static str,
    language: Option<&'static str>,
}

/// The longest name that is looked up, in bytes. No name is nearly as long, and a long one must not cause much work.
const LONGEST: usize = 100;

static NAMES: LazyLock<Vec<Name>> = LazyLock::new(|| {
    let english = Country::all().map(Place::Country).chain(Region::all().map(Place::Region));
    let english = english.map(|place| (place, place.name(), Some("en")));
    let own = Subdivision::all().map(Place::Subdivision).map(|place| (place, place.name(), None));
    let translated = rows(include_str!("../data/place_names.tsv")).filter_map(|line| {
        let mut cells = line.split('\t');
        let (code, language, name) = (cells.next()?, cells.next()?, cells.next()?);
        Some((Place::by_code(code)?, name, Some(language)))
    });
    let parts = rows(include_str!("../data/part_aliases.tsv")).filter_map(|line| {
        let (name, code) = line.split_once('\t')?;
        Some((Place::by_code(code)?, name, None))
    });
    let aliases = rows(include_str!("../data/aliases.tsv")).flat_map(|line| {
        let (name, codes) = line.split_once('\t').unwrap_or((line, ""));
        let places = codes.split(',').filter_map(Country::by_code);
        places.map(move |country| (Place::Country(country), name, Some("en")))
    });
    let all = english.chain(own).chain(translated).chain(parts).chain(aliases);
    all.map(|(place, name, language)| Name { folded: folded_words(name).join(" "), place, name, language }).collect()
});

/// The places that have this code or this name in one of the languages of the tables, the best first, each once. Case and diacritics do not
/// count. If no name has these words, places with a similar name are found.
pub fn find_places(text: &str, most: usize) -> Vec<FoundPlace> {
    let wanted = folded_words(text);
    if text.len() > LONGEST || wanted.is_empty() {
        return vec![];
    }
    let joined = wanted.join(" ");
    let mut found: Vec<FoundPlace> = by_code(text.trim());
    found.extend(NAMES.iter().filter_map(|name| Some(name.found(fit(&name.folded, &joined, &wanted)?))));
    // Countries and regions come before parts, and then short names, because they are the nearest to what was written.
    found.sort_by_key(|found| (found.fit, matches!(found.place, Place::Subdivision(_)), found.name.len()));
    if found.is_empty() {
        found = similar(&joined);
    }
    let mut seen = HashSet::new();
    found.retain(|found| seen.insert(found.place));
    found.truncate(most);
    found
}

/// The places with a name that differs in one or two letters, the most similar first.
fn similar(joined: &str) -> Vec<FoundPlace> {
    let letters = joined.chars().count();
    let most = if letters < 6 { 1 } else { 2 };
    let of_length = |name: &&Name| name.folded.chars().count().abs_diff(letters) <= most;
    let near = NAMES.iter().filter(of_length).map(|name| (distance(&name.folded, joined), name));
    let mut near: Vec<(usize, &Name)> = near.filter(|(edits, _)| *edits <= most).collect();
    near.sort_by_key(|(edits, name)| (*edits, matches!(name.place, Place::Subdivision(_)), name.name.len()));
    near.into_iter().map(|(_, name)| name.found(Fit::Similar)).collect()
}

/// How a name fits what is wanted.
fn fit(name: &str, joined: &str, wanted: &[String]) -> Option<Fit> {
    if name == joined {
        return Some(Fit::Name);
    }
    if name.starts_with(joined) {
        return Some(Fit::Beginning);
    }
    let begins = |wanted: &String| name.split(' ').any(|word| word.starts_with(wanted.as_str()));
    wanted.iter().all(begins).then_some(Fit::Words)
}

/// The places with that code: a place's own code, an alpha-3 code, or three digits. A former code finds its successors.
fn by_code(code: &str) -> Vec<FoundPlace> {
    let upper = code.to_uppercase();
    let country = || Country::all().find(|c| c.iso3() == Some(&upper) || c.m49() == Some(&upper)).map(Place::Country);
    let region = || Region::by_code(&upper).map(Place::Region);
    let place = Place::by_code(&upper).or_else(country).or_else(region);
    let found = |place: Place| {
        let language = (!matches!(place, Place::Subdivision(_))).then_some("en");
        FoundPlace { place, name: place.name(), language, fit: Fit::Code }
    };
    place.into_iter().flat_map(Place::today).map(found).collect()
}

impl Name {
    fn found(&self, fit: Fit) -> FoundPlace {
        let Self { place, name, language, .. } = *self;
        FoundPlace { place, name, language, fit }
    }
}

/// All names of a place, each with its language, the longest first within a language.
pub fn names_of(place: Place) -> Vec<(Option<&'static str>, &'static str)> {
    let mut names: Vec<_> = NAMES.iter().filter(|n| n.place == place).map(|n| (n.language, n.name)).collect();
    names.sort_by_key(|(language, name)| (*language, Reverse(name.len())));
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<String> {
        find_places(text, 1).first().map(|found| found.place.to_string())
    }

    #[test]
    fn a_name_in_each_language_finds_its_place() {
        for (name, code) in [
            ("Ivory Coast", "CI"),
            ("cote d'ivoire", "CI"),
            ("Costa do Marfim", "CI"),
            ("ساحل العاج", "CI"),
            ("أفغانستان", "AF"),
            ("افغانستان", "AF"),
            ("ethiopie", "ET"),
            ("Мали", "ML"),
            ("马里", "ML"),
            ("Afrique occidentale", "M49:011"),
            ("غرب أفريقيا", "M49:011"),
            ("west africa", "M49:011"),
            ("Burma", "MM"),
            ("DRC", "CD"),
            ("South Kurdufan", "SD-KS"),
            ("janub kurdufan", "SD-KS"),
            ("soum", "BF-SOM"),
            ("Liptako", "BF-12"),
            ("bfa", "BF"),
            ("bf-som", "BF-SOM"),
            ("011", "M49:011"),
            ("466", "ML"),
        ] {
            assert_eq!(first(name).as_deref(), Some(code), "{name}");
        }
    }

    #[test]
    fn words_of_a_name_find_it_and_a_misspelt_name_finds_the_similar_ones() {
        let codes = |text: &str| find_places(text, 50).iter().map(|f| f.place.to_string()).collect::<Vec<_>>();
        assert!(["CG", "CD"].iter().all(|code| codes("congo").contains(&(*code).to_owned())));
        assert!(codes("korea").iter().filter(|code| ["KP", "KR"].contains(&code.as_str())).count() == 2);
        assert_eq!(codes("republic of tanzania united"), ["TZ"]);
        assert_eq!(codes("South Kordofan"), ["SD", "SD-KS"], "a part that has a country's alias is found, too");
        for (misspelt, code) in [("Burkina Fasso", "BF"), ("Somalya", "SO"), ("South Kurdufam", "SD-KS")] {
            let found = find_places(misspelt, 5);
            assert!(found.iter().any(|f| f.place.to_string() == code), "{misspelt}: {found:?}");
            assert!(found.iter().all(|f| f.fit == Fit::Similar), "{misspelt}: {found:?}");
        }
        assert!(codes("Niger")[0] == "NE" && codes("Niger").contains(&"NG".to_owned()));
        for nothing in ["", "—", "no place is called so", &"x".repeat(1_000_000)] {
            assert_eq!(codes(nothing), Vec::<String>::new());
        }
    }

    #[test]
    fn every_row_of_the_table_names_a_place_of_today() {
        let mut languages = HashSet::new();
        for line in rows(include_str!("../data/place_names.tsv")) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 3, "{line}");
            let place = Place::by_code(cells[0]).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(place.today(), [place], "{line}");
            assert!(!folded_words(cells[2]).is_empty(), "{line}");
            languages.insert(cells[1]);
        }
        assert_eq!(languages.len(), 8);
        for country in Country::all() {
            let known = names_of(Place::Country(country));
            assert!(known.iter().any(|(language, _)| *language == Some("ar")), "{country}");
        }
    }
}
