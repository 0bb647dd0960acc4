//! `watchfire assess correct`.

use clap::Args;

use super::{
    accepted::Accepted,
    before::version_before,
    publish::Publish,
    source::{OpenSource, Source},
};
use crate::{
    cli::{CliError, Global, complete},
    domain::{
        body::{Body, Kind},
        draft::{Draft, DraftPortion},
    },
};

/// Publishes the next version of an assessment. It replaces the version before it at everybody who may have it. On a terminal it first shows
/// what changes and who gets what, and asks.
#[derive(Args)]
pub struct Correct {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    accepted: Accepted,
    /// Why it is corrected; readers get it as a further limitation, marked as the headline is
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show what would change and who would get what, and why; publish nothing
    #[arg(long)]
    dry_run: bool,
}

impl Correct {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let Self { source, accepted, dry_run, .. } = self;
        accepted.check()?;
        let publish = Publish { source: source.clone(), signed: None, accepted: accepted.clone(), dry_run: *dry_run };
        let opened = publish.source.open(global, |written| publish.refuse(global, written)).await?;
        let OpenSource { mut written, context, mut desk } = opened;
        if !dry_run {
            written.refuse_unseen(global, &context)?;
        }
        let before = version_before(&context, &mut desk, &self.id).await?;
        if let Some(reason) = &self.reason {
            written.add(limitation(&written.draft, before.version, reason)?);
            publish.refuse(global, &written)?;
        }
        publish.send(global, &context, &mut desk, &written, Some(before)).await
    }
}

/// The reason as a portion, so that it is marked, decided about and released as every other text is.
fn limitation(draft: &Draft, version: u32, reason: &str) -> Result<DraftPortion, CliError> {
    let reason = super::endorse::draft_text(reason);
    if reason.is_empty() {
        return Err(CliError::usage("--reason is empty; write why the assessment is corrected"));
    }
    let headlines = draft.of_kind(Kind::Headline).map(|(_, headline)| headline);
    let marking = headlines.max_by_key(|h| h.marking.tlp).map(|h| h.marking.clone());
    Ok(DraftPortion {
        key: None,
        marking: marking.ok_or_else(|| CliError::usage("the draft has no headline"))?,
        body: Body::Limitation { text: format!("Corrects version {version}: {reason}") },
        rests_on_keys: vec![],
        language: None,
        translates_key: None,
        file: None,
        line: None,
    })
}
