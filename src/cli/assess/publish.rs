//! `watchfire assess publish`.

use std::{collections::HashMap, path::PathBuf};

use clap::Args;
use serde::Serialize;

use super::{attach, draft_files::DraftFiles, groups, lint};
use crate::{
    cli::{
        CliError, Exit, Global,
        context::{Context, WRITERS},
        decision::{self, Decision},
        feed::can_t_verify,
        output,
    },
    desk::client::DeskClient,
    domain::{
        assessment::Portion,
        draft::{Draft, DraftPortion},
        group::Group,
        ids::{AssessmentId, Handle, Salt, StatementId},
        lint::{Finding, Severity},
        statement::{Envelope, StatementKind},
        time::Clock,
    },
    render::{self, Row},
    seal::compose::{Composed, Head, Piece, compose, new_assessment_id},
    telemetry::SystemClock,
    wire::{self, proto},
};

/// Signs a draft with the author's own key and publishes it.
#[derive(Args)]
pub struct Publish {
    /// The draft (TOML, or JSON if its name ends in .json)
    pub(super) file: PathBuf,
    /// Publish in spite of this warning; may be given several times; it is recorded
    #[arg(long, value_name = "FINDING")]
    pub(super) accept: Vec<String>,
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
}

#[derive(Serialize)]
struct LeftBehind {
    partner: String,
    version: u32,
}

/// The version that a new version follows.
pub(super) struct Before {
    /// The assessment.
    pub assessment: AssessmentId,
    /// The latest version so far.
    pub version: u32,
    /// Its manifest.
    pub manifest: StatementId,
}

impl Publish {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let (draft, findings) = lint::checked(global, &self.file)?;
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
        let (envelope, portions) = seal(context, draft, before)?;
        let files = DraftFiles { draft: &self.file, node: Some(&context.config) };
        attach::upload(global, desk, draft, files).await?;
        let request = proto::PublishAssessmentRequest {
            manifest: Some(wire::envelope::to_proto(&envelope)),
            portions: portions.into_iter().map(Into::into).collect(),
            accepted_findings: self.accept.clone(),
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
            left_behind: answer
                .left_behind
                .into_iter()
                .map(|l| LeftBehind { partner: l.partner, version: l.version })
                .collect(),
            groups: groups::spelled_in(draft).into_iter().cloned().collect(),
        };
        output::result(global, &published, || {
            let table = decision::table(&rows(draft), &published.decisions);
            let behind = published.left_behind.iter().map(|l| l.words(published.version)).collect::<String>();
            format!("published {} (version {})\n\n{table}{behind}", published.assessment, published.version)
        });
        self.warn(global, desk, &published.decisions).await
    }

    /// Reports which of the recipients could not verify what they were sent last. They may not be able to read this one either.
    async fn warn(&self, global: &Global, desk: &mut DeskClient, decisions: &[Decision]) -> Result<(), CliError> {
        let withheld = desk.node.get_node(proto::GetNodeRequest::default()).await?.into_inner().withheld;
        if !withheld.is_empty() {
            output::note(global, &format!("ATTENTION: nobody gets it yet: {withheld}"));
        }
        for Decision { partner, unread, .. } in decisions.iter().filter(|d| d.decision == "release") {
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
        let blocking: Vec<Finding> = findings
            .iter()
            .filter(|f| f.severity == Severity::Error || !self.accept.iter().any(|a| a == f.code))
            .cloned()
            .collect();
        if blocking.is_empty() {
            return Ok(());
        }
        if !global.json {
            lint::show(&self.file, &blocking);
        }
        let list: Vec<String> = blocking.iter().map(|f| f.code.to_owned()).collect();
        let warnings = blocking.iter().all(|f| f.severity == Severity::Warning);
        let hint = if warnings { "; correct them, or accept each with --accept" } else { "" };
        let what = format!("not published, because of {}{hint}", list.join(", "));
        Err(CliError::new(Exit::Failed, "LINT_FAILED", what))
    }
}

impl LeftBehind {
    fn words(&self, version: u32) -> String {
        let Self { partner, version: held } = self;
        format!(
            "\n\n{partner} holds version {held} and gets nothing of version {version}; `watchfire assess recall` recalls it"
        )
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
    let portion = |p: &DraftPortion| Portion::new(Salt([0; 32]), Handle([0; 8]), p.marking.clone(), p.body.clone());
    let portions: Vec<Portion> = draft.portions.iter().map(portion).collect();
    let names = render::portion_names(portions.iter());
    let lexicon = output::options().lexicon;
    let row = |(name, p): (String, &Portion)| Row { name, tlp: p.marking.tlp, text: render::beginning(p, lexicon) };
    names.into_iter().zip(&portions).map(row).collect()
}

/// A draft with its manifest, signed with the author's own key.
fn seal(context: &Context, draft: &Draft, before: Option<Before>) -> Result<(Envelope, Vec<Vec<u8>>), CliError> {
    let (id, version, previous) = match before {
        Some(Before { assessment, version, manifest }) => (assessment, version.saturating_add(1), Some(manifest)),
        None => (new_assessment_id().map_err(|e| CliError::files(e.to_string()))?, 1, None),
    };
    let pieces = draft.portions.iter().map(|p| Piece {
        marking: p.marking.clone(),
        body: p.body.clone(),
        rests_on: draft.rests_on(p),
        language: p.language.clone(),
        translates: draft.translates(p),
    });
    let issued = SystemClock.now();
    let head = Head {
        assessment: id,
        version,
        previous,
        originator: context.config.organisation.domain.clone(),
        issued,
        expires: draft.expires.of(issued),
        exercise: draft.exercise,
    };
    let Composed { manifest, portions } = compose(head, pieces.collect())?;
    let key = context.signing_key()?;
    let envelope = key.statement(StatementKind::Manifest, wire::manifest::encode(&manifest));
    Ok((envelope.map_err(|e| CliError::files(e.to_string()))?, portions))
}
