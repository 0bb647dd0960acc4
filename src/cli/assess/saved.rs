//! Saved searches of `watchfire assess list`.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{Context, WRITERS},
        output,
    },
    desk::client::DeskClient,
    domain::{ids::shorten, spelling},
    wire::{field::time, proto},
};

/// Lists and deletes the searches that you have saved with `assess list --save NAME`.
#[derive(Subcommand)]
pub enum Saved {
    /// List your saved searches
    List,
    /// Delete a saved search
    Delete(Delete),
}

/// Deletes a saved search.
#[derive(Args)]
pub struct Delete {
    /// Its name
    #[arg(add = complete::saved_searches())]
    name: String,
}

#[derive(Serialize)]
struct Row {
    name: String,
    saved_at: Option<String>,
    options: String,
}

/// The options of `assess list` that make the same search.
pub fn options(search: &proto::ListAssessmentsRequest) -> String {
    let mut all = vec![];
    let mut add = |name: &str, values: &[String]| {
        if !values.is_empty() {
            all.push(format!("--{name} {}", values.join(",")));
        }
    };
    if !search.originator.is_empty() {
        add("from", std::slice::from_ref(&search.originator));
    }
    let filter = search.filter.clone().unwrap_or_default();
    add("place", &filter.places);
    add("level", &filter.levels.iter().map(ToString::to_string).collect::<Vec<_>>());
    add("kind", &filter.crimes);
    add("topic", &filter.topics);
    add("marking", &filter.markings);
    add("state", &filter.states);
    let day = |at, before: bool| {
        let at = time("", at).ok()?;
        Some(if before { at.last_day() } else { at.day() }.to_string())
    };
    add("since", day(filter.issued_from, false).as_slice());
    add("until", day(filter.issued_before, true).as_slice());
    add("expires-before", day(filter.expires_before, false).as_slice());
    let quoted: Vec<String> = filter.words.iter().map(|words| format!("--words \"{words}\"")).collect();
    let flags = [
        (filter.exercise == Some(true), "--exercise"),
        (filter.exercise == Some(false), "--no-exercise"),
        (search.all_versions, "--all-versions"),
        (search.quarantined, "--quarantined"),
        (search.unread, "--unread"),
    ];
    let flags = flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag.to_owned());
    all.into_iter().chain(quoted).chain(flags).collect::<Vec<_>>().join(" ")
}

impl Saved {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        match self {
            Self::List => list(global, &mut desk).await,
            Self::Delete(Delete { name }) => {
                let request = proto::DeleteSavedSearchRequest { name: name.clone() };
                desk.personal.delete_saved_search(request).await?;
                output::result(global, &serde_json::json!({ "deleted": name }), || format!("deleted `{name}`"));
                Ok(())
            }
        }
    }
}

async fn list(global: &Global, desk: &mut DeskClient) -> Result<(), CliError> {
    let rows: Vec<Row> = all(desk).await?.into_iter().map(row).collect();
    if global.json {
        rows.iter().for_each(output::print_json);
    } else if rows.is_empty() {
        output::print("you have saved no search; save one with `watchfire assess list ... --save NAME`");
    } else {
        let cells: Vec<_> = rows.iter().map(|row| vec![row.name.clone(), row.options.clone()]).collect();
        output::print(output::table(&["NAME", "OPTIONS"], &cells).trim_end());
    }
    Ok(())
}

fn row(saved: proto::SavedSearchView) -> Row {
    let proto::SavedSearchView { name, search, saved_at } = saved;
    let options = search.as_ref().map(options).unwrap_or_default();
    Row { name, options, saved_at: time("saved_at", saved_at).ok().map(|at| at.to_string()) }
}

async fn all(desk: &mut DeskClient) -> Result<Vec<proto::SavedSearchView>, CliError> {
    Ok(desk.personal.list_saved_searches(proto::ListSavedSearchesRequest {}).await?.into_inner().searches)
}

/// The search that the caller has saved under this name.
pub async fn find(desk: &mut DeskClient, name: &str) -> Result<proto::ListAssessmentsRequest, CliError> {
    let all = all(desk).await?;
    if let Some(search) = all.iter().find(|saved| saved.name == name).and_then(|saved| saved.search.clone()) {
        return Ok(search);
    }
    let near = spelling::meant(name, all.iter().map(|saved| saved.name.as_str()));
    let hint =
        near.map_or_else(|| "see `watchfire assess saved list`".to_owned(), |near| format!("is `{near}` meant?"));
    let what = format!("you have saved no search as `{}`; {hint}", shorten(name));
    Err(CliError::new(Exit::Failed, "NOT_FOUND", what))
}

/// Saves a search under a name.
pub async fn save(desk: &mut DeskClient, name: &str, search: proto::ListAssessmentsRequest) -> Result<(), CliError> {
    let request = proto::SaveSearchRequest { name: name.to_owned(), search: Some(search) };
    desk.personal.save_search(request).await?;
    Ok(())
}
