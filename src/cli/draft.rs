//! `watchfire draft`: drafts that the node keeps, for their author, those to whom they are handed over, and officers.

mod delete;
mod descendants;
mod diff;
mod edit;
mod history;
mod list;
mod name;
mod save;
mod share;
mod show;
pub mod view;

use clap::Subcommand;

use super::{CliError, Global};

/// Keep drafts on the node, with their history, and hand them over.
#[derive(Subcommand)]
pub enum DraftCommand {
    /// Keep a file as a new draft, or save it as the next text of one
    Save(save::Save),
    /// Edit a draft with the program that VISUAL or EDITOR names, and save it on exit
    Edit(edit::Edit),
    /// List the drafts that you may see, the latest change first
    List(list::List),
    /// Print the text of a draft
    Show(show::Show),
    /// List who saved which revision, and when
    History(history::History),
    /// Compare two revisions, or the current one with those beside it
    Diff(diff::Diff),
    /// Give a draft another name
    Rename(name::Rename),
    /// Hand a draft over to a colleague, who may read and change it from then on
    HandOver(share::HandOver),
    /// Take a draft back from somebody to whom it was handed over
    TakeBack(share::TakeBack),
    /// Delete a draft with all its revisions
    Delete(delete::Delete),
}

impl DraftCommand {
    /// Whether it only shows something.
    pub fn only_shows(&self) -> bool {
        matches!(self, Self::List(_) | Self::Show(_) | Self::History(_) | Self::Diff(_))
    }

    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Save(command) => command.run(global).await,
            Self::Edit(command) => command.run(global).await,
            Self::List(command) => command.run(global).await,
            Self::Show(command) => command.run(global).await,
            Self::History(command) => command.run(global).await,
            Self::Diff(command) => command.run(global).await,
            Self::Rename(command) => command.run(global).await,
            Self::HandOver(command) => command.run(global).await,
            Self::TakeBack(command) => command.run(global).await,
            Self::Delete(command) => command.run(global).await,
        }
    }
}
