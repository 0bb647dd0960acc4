//! `watchfire assess publish`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use clap::{Args, ValueHint};
use serde::Serialize;

use super::{
    accepted::Accepted,
    attach,
    before::{Before, version_before},
    compose::unsigned,
    composed_file::ComposedFile,
    draft_portions::rows,
    dry_run::{DryRun, changes_in_words},
    groups,
    left_behind::LeftBehind,
    repeated,
    source::{OpenSource, Source, Written},
    traces,
};
use crate::{
    cli::{
        CliError, Global,
        context::{Context, WRITERS},
        decision::{self, Decision},
        feed::can_t_verify,
        output, terminal,
    },
    desk::client::DeskClient,
    domain::{draft::Draft, group::Group, statement::Envelope},
    render::{Change, Row},
    wire::{self, proto},
};

/// Signs a draft with the author's own key and publishes it. On a terminal it first shows who gets what, and asks.
#[derive(Args)]
pub struct Publish {
    #[command(flatten)]
    pub(super) source: Source,
    /// A file of `watchfire assess sign`, in place of a draft
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "file_option", "draft"], value_hint = ValueHint::FilePath)]
    pub(super) signed: Option<PathBuf>,
    #[command(flatten)]
    pub(super) accepted: Accepted,
    /// Show who would get what, and why; publish nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Serialize)]
struct Published {
    assessment: String,
    version: u32,
    manifest: String,
    decisions: Vec<Decision>,
    /// Partners that hold an earlier version and get nothing of this one.
    left_behind: Vec<LeftBehind>,
    /// The members of the groups that markings name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
    /// What it changes compared with the version before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
}

/// What an author saw before it was published.
struct Shown {
    /// Who would get what; `None` if nobody was asked.
    run: Option<DryRun>,
    /// What it changes in the version before.
    changes: Vec<Change>,
}

impl Publish {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        self.accepted.check()?;
        if let Some(file) = &self.signed {
            return self.publish_signed(global, file).await;
        }
        let opened = self.source.open(global, |written| self.refuse(global, written)).await?;
        let OpenSource { written, context, mut desk } = opened;
        if !self.dry_run {
            written.refuse_unseen(global, &context)?;
        }
        self.send(global, &context, &mut desk, &written, None).await
    }

    /// Publishes what was signed before.
    async fn publish_signed(&self, global: &Global, file: &Path) -> Result<(), CliError> {
        let signed = ComposedFile::read(file)?;
        let (manifest, portions) = signed.opened()?;
        let written = Written::reopened(Draft::reopened(&manifest, &portions), file);
        self.refuse(global, &written)?;
        let context = Context::load(global, WRITERS)?;
        let mut desk = context.connect().await?;
        let before = match manifest.version {
            1 => None,
            _ => Some(version_before(&context, &mut desk, &manifest.assessment.to_string()).await?),
        };
        // A version that was published already is compared with nothing.
        let before = before.filter(|before| before.version.checked_add(1) == Some(manifest.version));
        let shown = self.show_first(global, (&context, &mut desk), (&signed, &written.draft), before.as_ref()).await?;
        if self.dry_run {
            return Ok(());
        }
        self.hand_in(global, &mut desk, &written.draft, (signed.envelope, signed.portions), shown).await
    }

    /// Refuses a draft with findings that block. The node checks it again.
    pub(super) fn refuse(&self, global: &Global, written: &Written) -> Result<(), CliError> {
        written.refuse_unaccepted(global, "not published", &self.accepted.names)
    }

    /// Publishes a draft without blocking findings, as the first version or the next one.
    pub(super) async fn send(
        &self,
        global: &Global,
        context: &Context,
        desk: &mut DeskClient,
        written: &Written,
        before: Option<Before>,
    ) -> Result<(), CliError> {
        let draft = &written.draft;
        groups::tell(global, "as the draft says", groups::spelled_in(draft));
        traces::tell(global, draft, written.files(context))?;
        let composed = ComposedFile::new(unsigned(context, written, before.as_ref())?);
        let shown = self.show_first(global, (context, desk), (&composed, draft), before.as_ref()).await?;
        if self.dry_run {
            return Ok(());
        }
        let ComposedFile { envelope, portions } = composed;
        let signed = context.signing_key()?.envelope(envelope.kind, envelope.payload);
        let signed = signed.map_err(|e| CliError::files(e.to_string()))?;
        attach::upload(global, desk, draft, written.files(context)).await?;
        self.hand_in(global, desk, draft, (signed, portions), shown).await
    }

    /// Hands a signed assessment to the node, and says who gets what.
    async fn hand_in(
        &self,
        global: &Global,
        desk: &mut DeskClient,
        draft: &Draft,
        (envelope, portions): (Envelope, Vec<Vec<u8>>),
        Shown { run, changes }: Shown,
    ) -> Result<(), CliError> {
        let request = proto::PublishAssessmentRequest {
            manifest: Some(wire::envelope::to_proto(&envelope)),
            portions: portions.into_iter().map(Into::into).collect(),
            accepted_findings: self.accepted.names.clone(),
        };
        let answer = desk.assessments.publish_assessment(request).await?.into_inner();
        // It is published already, so an error of the following calls is not an error of the command.
        let unread = unread(desk).await.unwrap_or_default();
        let decisions = answer
            .decisions
            .into_iter()
            .map(|d| Decision { unread: unread.get(&d.partner).cloned(), ..Decision::new(d) })
            .collect();
        let published = Published {
            assessment: hex::encode(&answer.assessment_id),
            version: answer.version,
            manifest: hex::encode(&answer.manifest_id),
            decisions,
            left_behind: answer.left_behind.into_iter().map(LeftBehind::new).collect(),
            groups: groups::spelled_in(draft).into_iter().cloned().collect(),
            changes,
        };
        output::result(global, &published, || published.words(&rows(draft), run.as_ref()));
        self.warn(global, desk, &published.decisions).await
    }

    /// Shows what changes and who would get what, for `--dry-run` or before a question.
    async fn show_first(
        &self,
        global: &Global,
        (context, desk): (&Context, &mut DeskClient),
        (composed, draft): (&ComposedFile, &Draft),
        before: Option<&Before>,
    ) -> Result<Shown, CliError> {
        let changes = before.map(|before| before.changes(draft)).unwrap_or_default();
        if !self.dry_run && !terminal::can_ask(global) {
            return Ok(Shown { run: None, changes });
        }
        let run = DryRun::ask((context, desk), composed, &changes).await?;
        if self.dry_run {
            output::result(global, &run, || format!("dry run, nothing is published: {}", run.words(&rows(draft))));
        } else {
            output::show(&run.words(&rows(draft)));
            repeated::refuse(&run.findings, &self.accepted.names, context.person.id.role())?;
            output::ask(global, run.question(), "nothing was published")?;
        }
        Ok(Shown { run: Some(run), changes })
    }

    /// Reports which of the recipients could not verify what they were sent last. They may not be able to read this one either.
    async fn warn(&self, global: &Global, desk: &mut DeskClient, decisions: &[Decision]) -> Result<(), CliError> {
        let withheld = desk.node.get_node(proto::GetNodeRequest::default()).await?.into_inner().withheld;
        if !withheld.is_empty() {
            output::note(global, &format!("ATTENTION: nobody gets it yet: {withheld}"));
        }
        for Decision { partner, unread, .. } in decisions.iter().filter(|d| d.goes()) {
            let Some(reason) = unread else { continue };
            let words = format!(
                "ATTENTION: {partner} could not verify what it was sent last ({reason}), and may not be able to read this either; see \
                 `watchfire feed status` and `watchfire expiry list`"
            );
            output::note(global, &words);
        }
        Ok(())
    }
}

impl Published {
    /// What was published. What was shown before the question is not repeated.
    fn words(&self, rows: &[Row], shown: Option<&DryRun>) -> String {
        let Self { assessment, version, decisions, .. } = self;
        let head = format!("published {assessment} (version {version})");
        match shown {
            Some(run) if run.decided(decisions) => head,
            Some(_) => {
                let table = decision::table(rows, decisions);
                format!("{head}\n\nIt was decided otherwise than shown before:\n\n{table}{}", self.behind())
            }
            None => {
                let nobody = if decisions.iter().any(Decision::goes) { "" } else { "NOBODY GETS THIS\n\n" };
                let table = decision::table(rows, decisions);
                format!("{head}\n\n{}{nobody}{table}{}", changes_in_words(&self.changes), self.behind())
            }
        }
    }

    fn behind(&self) -> String {
        self.left_behind.iter().map(|l| l.words(self.version)).collect()
    }
}

/// Why partners can't verify what they were sent last, by partner.
async fn unread(desk: &mut DeskClient) -> Result<HashMap<String, String>, CliError> {
    let feeds = desk.all_feeds().await?;
    let newest = feeds.into_iter().filter(|f| f.outgoing).filter_map(|f| {
        let there = f.quarantined_newest.into_iter().next().filter(|there| can_t_verify(&there.reason))?;
        Some((f.partner, there.reason))
    });
    Ok(newest.collect())
}
