//! `watchfire assess publish`.

use std::collections::HashMap;

use clap::Args;
use serde::Serialize;

use super::{
    accepted::Accepted,
    attach,
    draft_files::DraftFiles,
    dry_run::{DryRun, changes_in_words},
    groups,
    left_behind::LeftBehind,
    lint,
};
use crate::{
    cli::{
        CliError, Exit, FaultLine, Global,
        context::{Context, WRITERS},
        decision::{self, Decision},
        feed::can_t_verify,
        input::{self, Input},
        output, terminal,
    },
    desk::client::DeskClient,
    domain::{
        assessment::{Manifest, Portion},
        draft::{Draft, DraftPortion},
        group::Group,
        ids::{AssessmentId, Handle, Salt, StatementId},
        lint::Severity,
        lint::{Finding, blocking},
        statement::{Envelope, StatementKind},
        time::Clock,
    },
    render::{self, Change, Row},
    seal::compose::{Composed, Head, Piece, compose, new_assessment_id},
    telemetry::SystemClock,
    wire::{self, proto},
};

/// Signs a draft with the author's own key and publishes it. On a terminal it first shows who gets what, and asks.
#[derive(Args)]
pub struct Publish {
    #[command(flatten)]
    pub(super) input: Input,
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

/// The version that a new version follows.
pub(super) struct Before {
    /// The assessment.
    pub assessment: AssessmentId,
    /// The latest version so far.
    pub version: u32,
    /// Its manifest.
    pub manifest: StatementId,
    /// Its portions.
    pub portions: Vec<Portion>,
}

impl Publish {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        self.accepted.check()?;
        let (draft, findings) = lint::checked(global, self.input.path())?;
        self.refuse(global, &findings)?;
        let context = Context::load(global, WRITERS)?;
        let mut desk = context.connect().await?;
        self.send(global, &context, &mut desk, &draft, None).await
    }

    /// Publishes a draft without blocking findings, as the first version or the next one.
    pub(super) async fn send(
        &self,
        global: &Global,
        context: &Context,
        desk: &mut DeskClient,
        draft: &Draft,
        before: Option<Before>,
    ) -> Result<(), CliError> {
        groups::tell(global, "as the draft says", groups::spelled_in(draft));
        let changes = before.as_ref().map(|b| changes_since(b, draft)).unwrap_or_default();
        let Composed { manifest, portions } = composed(context, draft, before.as_ref())?;
        let corrected = before.as_ref().map(|b| b.assessment);
        let shown = self.show_first(global, desk, draft, (corrected, &manifest, portions.as_slice()), &changes).await?;
        if self.dry_run {
            return Ok(());
        }
        let envelope = signed(context, &manifest)?;
        let files = DraftFiles { draft: self.input.path(), node: Some(&context.config) };
        attach::upload(global, desk, draft, files).await?;
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
        output::result(global, &published, || published.words(&rows(draft), shown.as_ref()));
        self.warn(global, desk, &published.decisions).await
    }

    /// Shows who would get what, for `--dry-run` or before a question. Returns what was shown.
    async fn show_first(
        &self,
        global: &Global,
        desk: &mut DeskClient,
        draft: &Draft,
        (corrected, manifest, portions): (Option<AssessmentId>, &Manifest, &[Vec<u8>]),
        changes: &[Change],
    ) -> Result<Option<DryRun>, CliError> {
        if !self.dry_run && !terminal::can_ask(global) {
            return Ok(None);
        }
        let request = proto::DryRunPublicationRequest {
            manifest: wire::manifest::encode(manifest).into(),
            portions: portions.iter().map(|p| p.clone().into()).collect(),
            accepted_findings: self.accepted.names.clone(),
        };
        let run = DryRun::ask(desk, request, (corrected, manifest.version), changes).await?;
        if self.dry_run {
            output::result(global, &run, || format!("dry run, nothing is published: {}", run.words(&rows(draft))));
        } else {
            output::show(&run.words(&rows(draft)));
            output::ask(global, run.question(), "nothing was published")?;
        }
        Ok(Some(run))
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

    /// Reports all findings at once, with lines. The node checks the draft again.
    pub(super) fn refuse(&self, global: &Global, findings: &[Finding]) -> Result<(), CliError> {
        let found: Vec<Finding> = blocking(findings, &self.accepted.names).into_iter().cloned().collect();
        if found.is_empty() {
            return Ok(());
        }
        let file = self.input.path();
        if !global.json {
            lint::show(file, &found);
        }
        let list: Vec<&str> = found.iter().map(|f| f.code).collect();
        let warnings = found.iter().all(|f| f.severity == Severity::Warning);
        let hint = if warnings { "; correct them, or accept each with --accept" } else { "" };
        let what = format!("not published, because of {}{hint}", list.join(", "));
        let fault = |f: &Finding| FaultLine {
            file: input::name(file),
            line: f.line,
            field: f.portion.map(|place| format!("portion[{place}]")),
            code: Some(f.code),
            message: format!("{}; {}", f.message, f.help),
        };
        let faults = found.iter().map(fault).collect();
        Err(CliError { faults, ..CliError::new(Exit::Failed, "LINT_FAILED", what) })
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

/// The draft's portions, as the matrix names them.
fn rows(draft: &Draft) -> Vec<Row> {
    let portions = portions_of(draft);
    let names = render::portion_names(portions.iter());
    let lexicon = output::options().lexicon;
    let row = |(name, p): (String, &Portion)| Row { name, tlp: p.marking.tlp, text: render::beginning(p, lexicon) };
    names.into_iter().zip(&portions).map(row).collect()
}

/// The draft's portions, as far as readers see them.
fn portions_of(draft: &Draft) -> Vec<Portion> {
    let portion = |p: &DraftPortion| Portion {
        language: p.language.clone(),
        ..Portion::new(Salt([0; 32]), Handle([0; 8]), p.marking.clone(), p.body.clone())
    };
    draft.portions.iter().map(portion).collect()
}

/// What a draft changes in the latest version.
fn changes_since(before: &Before, draft: &Draft) -> Vec<Change> {
    render::changes(&before.portions, &portions_of(draft), output::options().lexicon)
}

/// The unsigned manifest of a draft, and its portions.
fn composed(context: &Context, draft: &Draft, before: Option<&Before>) -> Result<Composed, CliError> {
    let (assessment, version, previous) = match before {
        Some(Before { assessment, version, manifest, .. }) => (*assessment, version.saturating_add(1), Some(*manifest)),
        None => (new_assessment_id().map_err(|e| CliError::files(e.to_string()))?, 1, None),
    };
    let pieces = draft.portions.iter().map(|p| Piece {
        marking: p.marking.clone(),
        body: p.body.clone(),
        rests_on: draft.rests_on(p),
        language: p.language.clone(),
        translates: draft.translates(p),
    });
    let head = Head {
        assessment,
        version,
        previous,
        originator: context.config.organisation.domain.clone(),
        issued: SystemClock.now(),
        expires: draft.expires,
        exercise: draft.exercise,
    };
    Ok(compose(head, pieces.collect())?)
}

/// The manifest, signed with the author's own key.
fn signed(context: &Context, manifest: &Manifest) -> Result<Envelope, CliError> {
    let key = context.signing_key()?;
    let envelope = key.statement(StatementKind::Manifest, wire::manifest::encode(manifest));
    envelope.map_err(|e| CliError::files(e.to_string()))
}
