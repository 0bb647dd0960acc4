//! Finds a country by a name that an author writes in place of its code. `named` finds countries in running text.

use std::{collections::HashMap, sync::LazyLock};

use super::{Country, rows};

/// A name as words, and the countries that it may mean. There are none for names that only look like a country's, such as New Mexico.
struct Name {
    words: Vec<&'static str>,
    countries: Vec<Country>,
}

/// Names by their first word in capitals.
static NAMES: LazyLock<HashMap<String, Vec<Name>>> = LazyLock::new(|| {
    let mut names: HashMap<String, Vec<Name>> = HashMap::new();
    let own = Country::all().map(|c| (c.name(), vec![c]));
    let aliases = rows(include_str!("../data/aliases.tsv")).filter_map(|line| {
        let (name, codes) = line.split_once('\t')?;
        Some((name, codes.split(',').filter_map(Country::by_code).collect()))
    });
    for (name, countries) in own.chain(aliases) {
        let words: Vec<&str> = words(name).collect();
        let Some(first) = words.first() else { continue };
        names.entry(first.to_uppercase()).or_default().push(Name { words, countries });
    }
    names
});

/// The countries of exactly that name, in any case.
pub(super) fn named(name: &str) -> Vec<Country> {
    let given: Vec<String> = words(name).map(str::to_lowercase).collect();
    let list = given.first().and_then(|first| NAMES.get(&first.to_uppercase()));
    list.into_iter()
        .flatten()
        .find(|name| name.words.iter().map(|word| word.to_lowercase()).eq(given.iter().cloned()))
        .map(|name| name.countries.clone())
        .unwrap_or_default()
}

/// The words of a name.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}
