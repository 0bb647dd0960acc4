//! `watchfire assess publish`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{attach, checked, show};
use crate::{
    cli::{
        CliError, Exit, Global,
        context::{Context, WRITERS},
        decision::{self, Decision},
        output,
    },
    domain::{
        assessment::Portion,
        draft::{Draft, DraftPortion},
        ids::{AssessmentId, Handle, Salt},
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
    /// The draft (TOML, or JSON where it ends in .json)
    file: PathBuf,
    /// Publish in spite of this warning; may be given several times, and is recorded
    #[arg(long, value_name = "FINDING")]
    accept: Vec<String>,
}

#[derive(Serialize)]
struct Published {
    assessment: String,
    version: u32,
    manifest: String,
    decisions: Vec<Decision>,
}

impl Publish {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let (draft, findings) = checked(&self.file)?;
        self.refuse(global, &findings)?;
        let context = Context::load(global, WRITERS)?;
        let (envelope, portions) = seal(&context, &draft)?;
        let mut desk = context.connect().await?;
        attach::upload(global, &mut desk, &draft, &self.file).await?;
        let request = proto::PublishAssessmentRequest {
            manifest: Some(wire::envelope::to_proto(&envelope)),
            portions: portions.into_iter().map(Into::into).collect(),
            accepted_findings: self.accept.clone(),
        };
        let answer = desk.publish_assessment(request).await?.into_inner();
        let published = Published {
            assessment: hex::encode(&answer.assessment_id),
            version: answer.version,
            manifest: hex::encode(&answer.manifest_id),
            decisions: answer.decisions.into_iter().map(Decision::new).collect(),
        };
        output::result(global, &published, || {
            format!(
                "published {} (version {})\n\n{}",
                published.assessment,
                published.version,
                decision::table(&rows(&draft), &published.decisions)
            )
        });
        Ok(())
    }

    /// The node checks again; here the author gets all findings at once, with lines.
    fn refuse(&self, global: &Global, findings: &[Finding]) -> Result<(), CliError> {
        let blocking: Vec<Finding> = findings
            .iter()
            .filter(|f| f.severity == Severity::Error || !self.accept.iter().any(|a| a == f.code))
            .cloned()
            .collect();
        if blocking.is_empty() {
            return Ok(());
        }
        if !global.json {
            show(&self.file, &blocking);
        }
        let list: Vec<String> = blocking.iter().map(|f| f.code.to_owned()).collect();
        let warnings = blocking.iter().all(|f| f.severity == Severity::Warning);
        let hint = if warnings { "; mend them, or accept each with --accept" } else { "" };
        let what = format!("not published, because of {}{hint}", list.join(", "));
        Err(CliError::new(Exit::Failed, "LINT_FAILED", what))
    }
}

/// The draft's portions, as the matrix names them.
fn rows(draft: &Draft) -> Vec<Row> {
    let portions = |i: usize, p: &DraftPortion| Portion {
        salt: Salt([0; 32]),
        handle: Handle([0; 8]),
        order: u32::try_from(i).unwrap_or(u32::MAX),
        marking: p.marking.clone(),
        body: p.body.clone(),
    };
    let portions: Vec<Portion> = draft.portions.iter().enumerate().map(|(i, p)| portions(i, p)).collect();
    let names = render::portion_names(portions.iter());
    let lexicon = output::options().lexicon;
    let row = |(name, p): (String, &Portion)| Row { name, tlp: p.marking.tlp, text: render::beginning(p, lexicon) };
    names.into_iter().zip(&portions).map(row).collect()
}

/// A draft, sealed and signed with the author's own key.
fn seal(context: &Context, draft: &Draft) -> Result<(Envelope, Vec<Vec<u8>>), CliError> {
    let id: AssessmentId = new_assessment_id().map_err(|e| CliError::files(e.to_string()))?;
    let pieces = draft.portions.iter().map(|p| Piece {
        marking: p.marking.clone(),
        body: p.body.clone(),
        rests_on: draft.rests_on(p),
    });
    let head = Head {
        assessment: id,
        version: 1,
        previous: None,
        originator: context.config.organisation.domain.clone(),
        issued: SystemClock.now(),
        expires: draft.expires,
        exercise: draft.exercise,
    };
    let Composed { manifest, portions } = compose(head, pieces.collect())?;
    let key = context.person.load_key()?;
    let envelope = key.envelope(StatementKind::Manifest, wire::manifest::encode(&manifest));
    Ok((envelope.map_err(|e| CliError::files(e.to_string()))?, portions))
}
