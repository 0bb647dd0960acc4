//! `watchfire assess`: write, publish and read assessments.

mod accepted;
mod acknowledge;
mod answer;
mod attach;
mod before;
mod compose;
mod composed_file;
mod correct;
mod draft_files;
mod draft_portions;
mod dry_run;
mod endorse;
mod groups;
mod holders;
mod left_behind;
mod lint;
mod list;
mod mark;
mod new;
mod preview;
mod publish;
mod purge;
mod read;
mod recall;
mod release_again;
mod repeated;
mod request;
mod saved;
mod sign;
mod source;
mod traces;

use clap::Subcommand;

use super::{CliError, Global};

/// Write, publish and read assessments.
#[derive(Subcommand)]
pub enum Assess {
    /// Write a commented draft, or one with the text of a document
    New(new::New),
    /// Check a draft and name what is wrong or missing, with line numbers
    Lint(lint::Lint),
    /// Show the exact text that each partner would read, before anything is signed
    Preview(preview::Preview),
    /// Compose an assessment for a signature that is made elsewhere
    Compose(compose::Compose),
    /// Sign a composed assessment; needs no node
    Sign(sign::Sign),
    /// Sign a draft and publish it; prints who will get what, and why
    Publish(publish::Publish),
    /// List assessments, newest first
    List(list::List),
    /// List or delete the searches that you have saved
    #[command(subcommand)]
    Saved(saved::Saved),
    /// Read an assessment
    Show(read::Show),
    /// Mark an assessment as read or as not read by you
    Mark(mark::Mark),
    /// Save an attachment that an assessment names
    Fetch(attach::Fetch),
    /// Write a copy of a file that tells less about itself, to attach it
    Clean(traces::Clean),
    /// Endorse an assessment with a signed text, and print who gets it and why
    Endorse(endorse::Endorse),
    /// Ask the sender of an assessment for more of it
    Request(request::Request),
    /// List requests in both directions, with their state
    Requests(request::Requests),
    /// Answer a partner's request (officers only)
    Answer(answer::Answer),
    /// Publish the next version of an assessment
    Correct(correct::Correct),
    /// Recall an assessment from everybody who holds it
    Recall(recall::Recall),
    /// Show who holds an assessment, and their receipts
    Holders(holders::Holders),
    /// Release an assessment again to partners that were given it
    ReleaseAgain(release_again::ReleaseAgain),
    /// Tell the sender of an assessment that it is read, acted upon, or not acted upon
    Acknowledge(acknowledge::Acknowledge),
    /// Decide on a purge that another organisation asks for
    Purge(purge::Purge),
}

impl Assess {
    /// Whether it only shows something.
    pub fn only_shows(&self) -> bool {
        match self {
            Self::List(_) | Self::Show(_) | Self::Requests(_) | Self::Holders(_) => true,
            Self::Lint(_) | Self::Preview(_) => true,
            Self::New(new) => new.out.is_none(),
            _ => false,
        }
    }

    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::New(new) => new.run(global),
            Self::Preview(preview) => preview.run(global).await,
            Self::Compose(compose) => compose.run(global).await,
            Self::Sign(sign) => sign.run(global),
            Self::Lint(lint) => lint.run(global),
            Self::Publish(publish) => publish.run(global).await,
            Self::List(list) => list.run(global).await,
            Self::Saved(saved) => saved.run(global).await,
            Self::Show(show) => show.run(global).await,
            Self::Mark(mark) => mark.run(global).await,
            Self::Fetch(fetch) => fetch.run(global).await,
            Self::Clean(clean) => clean.run(global),
            Self::Endorse(endorse) => endorse.run(global).await,
            Self::Request(request) => request.run(global).await,
            Self::Requests(requests) => requests.run(global).await,
            Self::Answer(answer) => answer.run(global).await,
            Self::Correct(correct) => correct.run(global).await,
            Self::Recall(recall) => recall.run(global).await,
            Self::Holders(holders) => holders.run(global).await,
            Self::ReleaseAgain(again) => again.run(global).await,
            Self::Acknowledge(acknowledge) => acknowledge.run(global).await,
            Self::Purge(purge) => purge.run(global).await,
        }
    }
}
