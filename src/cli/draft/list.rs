//! `watchfire draft list`.

use clap::Args;

use super::view::{DraftRow, person};
use crate::{
    cli::{
        CliError, Global,
        context::{Context, WRITERS},
        output,
    },
    render::{self, Heading},
};

/// The columns. Ids and persons are never cut, because two that are cut may look alike; a title may be.
const COLUMNS: [Heading; 7] = [
    Heading::whole("ID", 0),
    Heading { title: "NAME", least: 16, rank: 0 },
    Heading::whole("AUTHOR", 1),
    Heading::whole("REVISION", 4),
    Heading::whole("SAVED", 5),
    Heading::whole("BY", 3),
    Heading::whole("STATE", 2),
];

/// Lists the drafts that you may see.
#[derive(Args)]
pub struct List {}

impl List {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, WRITERS)?;
        let mut desk = context.connect().await?;
        let all = desk.all_drafts().await?;
        let mut rows = all.into_iter().map(|view| DraftRow::new(Some(view))).collect::<Result<Vec<_>, _>>()?;
        let latest = |row: &DraftRow| row.revisions.iter().map(|r| r.at.clone()).max();
        rows.sort_by_key(|row| std::cmp::Reverse(latest(row)));
        if global.json {
            rows.iter().for_each(output::print_json);
            return Ok(());
        }
        if rows.is_empty() {
            output::print("there are no drafts that you may see; `watchfire draft save FILE` keeps one");
            return Ok(());
        }
        let own = context.person.id.to_string();
        let cells = |row: &DraftRow| {
            let saved = row.current().map(|r| (r.at.clone(), person(&r.by))).unwrap_or_default();
            let beside = if row.beside.is_empty() { String::new() } else { format!("{} versions", row.heads().len()) };
            let handed = if row.handed_to.contains(&own) { "handed to you" } else { "" };
            let state = [handed.to_owned(), beside, if row.published { "published".to_owned() } else { String::new() }];
            let state = state.into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ");
            vec![row.id.to_string(), row.title(), person(&row.author), row.current.to_string(), saved.0, saved.1, state]
        };
        let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
        output::print(render::fitted(&COLUMNS, &cells, output::table_width()).trim_end());
        Ok(())
    }
}
