//! `watchfire place`: looks up the codes of places.

use clap::Args;
use serde::Serialize;

use super::{CliError, Exit, Global, output};
use crate::domain::place::{Fit, FoundPlace, Place, find_places, names_of};

/// Looks up the codes of countries, parts of countries and UN regions by their names, in the languages of the United Nations and of the African
/// Union: Arabic, Chinese, English, French, Portuguese, Russian, Spanish and Swahili. Parts of countries have English and local names. It asks
/// no node.
#[derive(Args)]
pub struct PlaceCommand {
    /// A name or a code, e.g. `ivory coast`, `Afrique occidentale`, BFA or 011; case and accents do not count
    #[arg(value_name = "NAME", required = true, num_args = 1..)]
    name: Vec<String>,
    /// The most places to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

#[derive(Serialize)]
struct Row {
    code: String,
    name: &'static str,
    /// `country`, `part` or `region`.
    kind: &'static str,
    /// The place around it: the region of a country or region, the country of a part.
    within: Option<String>,
    within_name: Option<&'static str>,
    found_by: &'static str,
    language: Option<&'static str>,
    /// Whether only a similar name was found.
    similar: bool,
    names: Vec<Named>,
}

#[derive(Serialize)]
struct Named {
    language: Option<&'static str>,
    name: &'static str,
}

impl Row {
    fn new(found: &FoundPlace) -> Self {
        let (kind, within) = match found.place {
            Place::Country(country) => ("country", country.region().map(Place::Region)),
            Place::Subdivision(part) => ("part", Some(Place::Country(part.country()))),
            Place::Region(region) => ("region", region.parent().map(Place::Region)),
        };
        let names = names_of(found.place).into_iter().map(|(language, name)| Named { language, name });
        Self {
            code: found.place.to_string(),
            name: found.place.name(),
            kind,
            within: within.map(|place| place.to_string()),
            within_name: within.map(Place::name),
            found_by: found.name,
            language: found.language,
            similar: found.fit == Fit::Similar,
            names: names.collect(),
        }
    }

    fn cells(&self) -> Vec<String> {
        let language = self.language.map(|tag| format!(" ({tag})")).unwrap_or_default();
        let found_by = if self.found_by == self.name { String::new() } else { format!("{}{language}", self.found_by) };
        let within = self.within.iter().zip(self.within_name).map(|(code, name)| format!("{name} ({code})"));
        vec![self.code.clone(), self.name.to_owned(), within.collect(), found_by]
    }
}

impl PlaceCommand {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let name = self.name.join(" ");
        let found = find_places(&name, usize::from(self.limit));
        if found.is_empty() {
            let what = format!("no place is known by `{name}`; write a name, a code of ISO 3166 or a UN M49 region");
            return Err(CliError::new(Exit::Failed, "NOT_FOUND", what));
        }
        let rows: Vec<Row> = found.iter().map(Row::new).collect();
        if global.json {
            rows.iter().for_each(output::print_json);
            return Ok(());
        }
        if rows.iter().all(|row| row.similar) {
            output::note(global, &format!("no place is called `{name}`; these names are similar"));
        }
        let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
        output::print(output::table(&["CODE", "NAME", "IN", "FOUND BY"], &cells).trim_end());
        Ok(())
    }
}
