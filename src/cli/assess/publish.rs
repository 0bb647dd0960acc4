//! `watchfire assess publish`.

use std::{collections::HashMap, path::PathBuf};

use clap::Args;
use serde::Serialize;

use super::{
    attach,
    before::Before,
    compose::composed,
    composed_file::ComposedFile,
    groups,
    source::{OpenSource, Source, Written},
};
use crate::{
    cli::{
        CliError, Global,
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
        ids::{Handle, Salt},
        statement::{Envelope, StatementKind},
    },
    render::{self, Row},
    seal::compose::Composed,
    wire::{self, proto},
};

/// Signs a draft with the author's own key and publishes it.
#[derive(Args)]
pub struct Publish {
    #[command(flatten)]
    pub(super) source: Source,
    /// A file of `watchfire assess sign`, in place of a draft
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "draft"])]
    pub(super) signed: Option<PathBuf>,
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

impl Publish {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        if let Some(file) = &self.signed {
            let signed = ComposedFile::read(file)?;
            let (manifest, portions) = signed.opened()?;
            let mut desk = Context::load(global, WRITERS)?.connect().await?;
            let draft = Draft::reopened(&manifest, &portions);
            return self.hand_in(global, &mut desk, &draft, (signed.envelope, signed.portions)).await;
        }
        let opened = self.source.open(global, |written| self.refuse(global, written)).await?;
        let OpenSource { written, context, mut desk } = opened;
        self.send(global, &context, &mut desk, &written, None).await
    }

    /// Refuses a draft with findings that block. The node checks it again.
    pub(super) fn refuse(&self, global: &Global, written: &Written) -> Result<(), CliError> {
        written.refuse_unaccepted(global, "not published", &self.accept)
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
        let sealed = seal(context, written, before)?;
        attach::upload(global, desk, draft, written.files(context)).await?;
        self.hand_in(global, desk, draft, sealed).await
    }

    /// Hands a signed assessment to the node, and says who gets what.
    async fn hand_in(
        &self,
        global: &Global,
        desk: &mut DeskClient,
        draft: &Draft,
        (envelope, portions): (Envelope, Vec<Vec<u8>>),
    ) -> Result<(), CliError> {
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
fn seal(context: &Context, written: &Written, before: Option<Before>) -> Result<(Envelope, Vec<Vec<u8>>), CliError> {
    let Composed { manifest, portions } = composed(context, written, before)?;
    let key = context.signing_key()?;
    let envelope = key.statement(StatementKind::Manifest, wire::manifest::encode(&manifest));
    Ok((envelope.map_err(|e| CliError::files(e.to_string()))?, portions))
}
