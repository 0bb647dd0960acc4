//! The console's own words, in the reader's language. What people and partners wrote is shown as it is.
//!
//! The texts are in Fluent catalogues, one for each language. A test compares them with each other and with the ids that pages use, so a text
//! can't be missing.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_langneg::{NegotiationStrategy, negotiate_languages, parse_accepted_languages};
use unic_langid::LanguageIdentifier;

/// The catalogues, the first of which is used if the reader's languages are not among them.
const CATALOGUES: &[(&str, &str)] = &[("en", include_str!("texts/en.ftl")), ("fr", include_str!("texts/fr.ftl"))];

/// The texts of one language.
pub struct Texts {
    language: LanguageIdentifier,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    fn new(language: &str, source: &str) -> Option<Self> {
        let language: LanguageIdentifier = language.parse().ok()?;
        let mut bundle = FluentBundle::new_concurrent(vec![language.clone()]);
        // Values from elsewhere stand in elements of their own, which isolate their direction.
        bundle.set_use_isolating(false);
        let resource = FluentResource::try_new(source.to_owned()).ok()?;
        bundle.add_resource(resource).ok()?;
        Some(Self { language, bundle })
    }

    fn empty() -> Self {
        let language = LanguageIdentifier::default();
        let bundle = FluentBundle::new_concurrent(vec![language.clone()]);
        Self { language, bundle }
    }

    /// The language's tag.
    pub fn language(&self) -> String {
        self.language.to_string()
    }

    /// A text.
    pub fn say(&self, id: &str) -> String {
        self.format(id, None)
    }

    /// A text with a word in it.
    pub fn with(&self, id: &str, name: &str, value: &impl ToString) -> String {
        let mut values = FluentArgs::new();
        values.set(name.to_owned(), value.to_string());
        self.format(id, Some(&values))
    }

    /// A text with two words in it.
    pub fn with_two(
        &self,
        id: &str,
        first: &str,
        value: &impl ToString,
        second: &str,
        other: &impl ToString,
    ) -> String {
        let mut values = FluentArgs::new();
        values.set(first.to_owned(), value.to_string());
        values.set(second.to_owned(), other.to_string());
        self.format(id, Some(&values))
    }

    /// A text with a number in it, by which its words bend.
    pub fn count(&self, id: &str, number: &(impl TryInto<i64> + Copy)) -> String {
        let mut values = FluentArgs::new();
        values.set("count", FluentValue::from((*number).try_into().unwrap_or(i64::MAX)));
        self.format(id, Some(&values))
    }

    /// A text with a number and a word in it.
    pub fn count_with(
        &self,
        id: &str,
        number: &(impl TryInto<i64> + Copy),
        name: &str,
        value: &impl ToString,
    ) -> String {
        let mut values = FluentArgs::new();
        values.set("count", FluentValue::from((*number).try_into().unwrap_or(i64::MAX)));
        values.set(name.to_owned(), value.to_string());
        self.format(id, Some(&values))
    }

    fn format(&self, id: &str, values: Option<&FluentArgs<'_>>) -> String {
        let pattern = self.bundle.get_message(id).and_then(|message| message.value());
        let Some(pattern) = pattern else { return id.to_owned() };
        self.bundle.format_pattern(pattern, values, &mut vec![]).into_owned()
    }
}

/// The texts of all languages.
pub struct Catalogue {
    /// The texts of readers whose languages are not there.
    first: Texts,
    others: Vec<Texts>,
}

impl Catalogue {
    /// Reads the catalogues, which are part of the program.
    pub fn new() -> Self {
        let mut all = CATALOGUES.iter().filter_map(|(language, source)| Texts::new(language, source));
        // Without a catalogue, which a test excludes, pages would show the ids of their texts.
        let first = all.next().unwrap_or_else(Texts::empty);
        Self { first, others: all.collect() }
    }

    /// The texts in the language that fits an `Accept-Language` header best.
    pub fn best(&self, accepted: &str) -> &Texts {
        let wanted = parse_accepted_languages(accepted);
        let here: Vec<&LanguageIdentifier> = self.all().map(|texts| &texts.language).collect();
        let best = negotiate_languages(&wanted, &here, here.first(), NegotiationStrategy::Lookup);
        let best = best.first().map(|language| (**language).clone());
        self.all().find(|texts| Some(&texts.language) == best.as_ref()).unwrap_or(&self.first)
    }

    fn all(&self) -> impl Iterator<Item = &Texts> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use super::*;

    /// The ids of a catalogue, each with the names of its values.
    fn ids(source: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut all = BTreeMap::new();
        let mut id = String::new();
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
                id = name.to_owned();
                all.insert(id.clone(), BTreeSet::new());
            }
            for value in line.split('$').skip(1) {
                let name: String = value.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
                all.get_mut(&id).unwrap().insert(name);
            }
        }
        all
    }

    /// All files of the console.
    fn sources(folder: &Path, into: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "html") && !path.ends_with("texts.rs") {
                into.push(fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_language_has_every_text_with_the_same_values() {
        assert_eq!(Catalogue::new().all().count(), CATALOGUES.len(), "a catalogue has a mistake");
        let first = ids(CATALOGUES[0].1);
        assert!(first.len() > 20);
        for (language, source) in CATALOGUES {
            assert_eq!(ids(source), first, "{language}");
            let texts = Texts::new(language, source).unwrap();
            for id in first.keys() {
                assert_ne!(texts.say(id), *id, "{language}: {id}");
            }
        }
    }

    #[test]
    fn pages_use_texts_that_exist_and_every_text_is_used() {
        let mut files = vec![];
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console"), &mut files);
        let all = ids(CATALOGUES[0].1);
        let mut used = BTreeSet::new();
        for file in &files {
            for call in [".say(\"", ".with(\"", ".with_two(\"", ".count(\"", ".count_with(\""] {
                for rest in file.split(call).skip(1) {
                    let id = rest.split('"').next().unwrap().to_owned();
                    assert!(all.contains_key(&id), "no text `{id}`");
                    used.insert(id);
                }
            }
            // Ids that are chosen by a value are written out in full, each as a string of its own.
            used.extend(all.keys().filter(|id| file.contains(&format!("\"{id}\""))).cloned());
        }
        let idle: Vec<_> = all.keys().filter(|id| !used.contains(*id)).collect();
        assert!(idle.is_empty(), "texts that no page uses: {idle:?}");
    }

    #[test]
    fn the_reader_s_language_is_taken_where_it_is_there() {
        let catalogue = Catalogue::new();
        let best = |accepted: &str| catalogue.best(accepted).language();
        for (accepted, expected) in [
            ("fr-CI,fr;q=0.9,en;q=0.8", "fr"),
            ("en-GB", "en"),
            ("ja", "en"),
            ("", "en"),
            ("\u{0}=;;,,q", "en"),
            ("de, fr", "fr"),
        ] {
            assert_eq!(best(accepted), expected, "{accepted}");
        }
    }

    #[test]
    fn numbers_bend_words() {
        let catalogue = Catalogue::new();
        let english = catalogue.best("en");
        assert_ne!(english.count("time-in-hours", &1), english.count("time-in-hours", &2).replace('2', "1"));
    }
}
