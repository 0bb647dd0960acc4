//! `watchfire assess compose`, and the composition of a draft into what is signed.

use std::path::PathBuf;

use clap::Args;

use super::{
    attach,
    before::{Before, version_before},
    composed_file::ComposedFile,
    groups,
    source::{OpenSource, Source, Written},
    traces,
};
use crate::{
    cli::{
        CliError, Global, complete,
        context::Context,
        files::{FOR_OWNER, NewFile},
        output,
    },
    domain::{
        statement::{Envelope, Speaker, StatementKind},
        time::Clock,
    },
    seal::{
        compose::{Composed, ManifestHead, UnsealedPortion, compose, new_assessment_id},
        statement::{id, pre_authentication_encoding},
    },
    telemetry::SystemClock,
    wire::{self, speaker::spoken_by},
};

/// Composes an assessment for a signature that is made elsewhere: gives it its id and its time of issue, and writes it to a file. What
/// `assess preview --composed` shows of the file is exactly what partners will read.
#[derive(Args)]
pub struct Compose {
    #[command(flatten)]
    source: Source,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// It is the next version of this assessment
    #[arg(long, value_name = "ASSESSMENT", add = complete::assessments())]
    corrects: Option<String>,
    /// Also write the exact bytes that are signed, for a smart card or another program
    #[arg(long, value_name = "FILE")]
    to_sign: Option<PathBuf>,
}

impl Compose {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let opened = self.source.open(global, |written| written.refuse_errors(global, "not composed")).await?;
        let OpenSource { written, context, mut desk } = opened;
        groups::tell(global, "as the draft says", groups::spelled_in(&written.draft));
        traces::tell(global, &written.draft, written.files(&context))?;
        let before = match &self.corrects {
            Some(id) => Some(version_before(&context, &mut desk, id).await?),
            None => None,
        };
        // Whoever publishes the file has no attachments beside it.
        attach::upload(global, &mut desk, &written.draft, written.files(&context)).await?;
        let composed = ComposedFile::new(unsigned(&context, &written, before.as_ref())?);
        write(&self.out, composed.encoded()?.as_bytes())?;
        let (kind, payload) = (StatementKind::Manifest, &composed.envelope.payload);
        if let Some(path) = &self.to_sign {
            write(path, &pre_authentication_encoding(kind, payload))?;
        }
        let manifest = wire::manifest::decode(payload)?;
        let (assessment, version, statement) = (manifest.assessment, manifest.version, id(&composed.envelope));
        let json = serde_json::json!({
            "file": self.out, "assessment": assessment, "version": version, "manifest": statement,
            "warnings": written.warnings(), "to_sign": self.to_sign,
        });
        output::result(global, &json, || {
            let at = self.out.display();
            format!(
                "composed {assessment} (version {version}) in {at}\nSHA-256 of what is signed: {statement}\n\
                 Next: `watchfire assess preview --composed {at}`, `watchfire assess sign {at} --out FILE`, then \
                 `watchfire assess publish --signed FILE`"
            )
        });
        Ok(())
    }
}

fn write(path: &std::path::Path, bytes: &[u8]) -> Result<(), CliError> {
    let mut file = NewFile::begin(path, FOR_OWNER)?;
    file.add(bytes)?;
    file.finish()
}

/// A draft as the person who runs the command would sign it, without a signature, and its portions.
pub(super) fn unsigned(
    context: &Context,
    written: &Written,
    before: Option<&Before>,
) -> Result<(Envelope, Vec<Vec<u8>>), CliError> {
    let Composed { manifest, portions } = composed(context, written, before)?;
    let speaker = Speaker { id: context.person.id.clone().into(), cosigners: 0 };
    let payload = spoken_by(&speaker, wire::manifest::encode(&manifest));
    Ok((Envelope::new(StatementKind::Manifest, payload, vec![]), portions))
}

/// A draft's manifest and portions.
fn composed(context: &Context, written: &Written, before: Option<&Before>) -> Result<Composed, CliError> {
    let draft = &written.draft;
    let (assessment, version, previous) = match (before, written.assessment) {
        (Some(Before { assessment, version, manifest, .. }), _) => {
            (*assessment, version.saturating_add(1), Some(*manifest))
        }
        (None, Some(kept)) => (kept, 1, None),
        (None, None) => (new_assessment_id().map_err(|e| CliError::files(e.to_string()))?, 1, None),
    };
    let pieces = draft.portions.iter().map(|p| UnsealedPortion {
        marking: p.marking.clone(),
        body: p.body.clone(),
        rests_on: draft.rests_on(p),
        language: p.language.clone(),
        translates: draft.translates(p),
    });
    let issued = SystemClock.now();
    let head = ManifestHead {
        assessment,
        version,
        previous,
        originator: context.config.organisation.domain.clone(),
        issued,
        expires: draft.expires.of(issued),
        exercise: draft.exercise,
    };
    Ok(compose(head, pieces.collect())?)
}
