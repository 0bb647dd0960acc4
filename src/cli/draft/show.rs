//! `watchfire draft show`.

use std::path::PathBuf;

use clap::Args;

use super::view::{find, person, text};
use crate::{
    cli::{
        CliError, Global, complete,
        context::{Context, WRITERS},
        files::{FOR_OWNER, NewFile},
        output,
    },
    render::text::harmless,
};

/// Prints the text of a draft, and on stderr whose it is.
#[derive(Args)]
pub struct Show {
    /// The draft's id, or its beginning
    #[arg(add = complete::drafts())]
    id: String,
    /// The revision; default: the current one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    revision: u32,
    /// Write the text, byte for byte, to this file, which only you can read
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Show {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = find(&mut desk, &self.id).await?;
        let (row, revision, text) = text(&mut desk, &id, self.revision).await?;
        if let Some(path) = &self.out {
            let mut file = NewFile::begin(path, FOR_OWNER)?;
            file.add(text.as_bytes())?;
            file.finish()?;
        }
        let saved = row.revisions.iter().find(|r| r.number == revision).map(|r| r.words()).unwrap_or_default();
        let is_current = if revision == row.current { "the current one" } else { "not the current one" };
        let handed: Vec<String> = row.handed_to.iter().map(|id| person(id)).collect();
        let handed = if handed.is_empty() { String::new() } else { format!(", handed over to {}", handed.join(", ")) };
        let (title, author) = (row.title(), person(&row.author));
        output::note(
            global,
            &format!("draft {id}, {title}, by {author}{handed}\n{saved}, {is_current}{}", row.beside_words()),
        );
        let json = serde_json::json!({ "draft": row, "revision": revision, "text": text });
        output::result(global, &json, || match &self.out {
            Some(path) => format!("wrote {}", path.display()),
            // A colleague has typed it, and a terminal must not obey it.
            None => harmless(&text).trim_end().to_owned(),
        });
        Ok(())
    }
}
