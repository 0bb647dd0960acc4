//! `watchfire assess sign`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::composed_file::ComposedFile;
use crate::{
    cli::{
        CliError, Exit, Global,
        context::{Context, WRITERS},
        files::{FOR_OWNER, NewFile},
        output,
    },
    domain::statement::{Envelope, Signature, SpeakerId, StatementKind},
    identity::{certificate::Leaf, files::read_chain},
    render::{self, AssessmentText},
    seal::statement::id,
    wire,
};

/// Signs a composed assessment with your own key, after you have read it. No node is needed.
#[derive(Args)]
pub struct Sign {
    /// The file of `watchfire assess compose`
    file: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A signature that a smart card or another program has made over the bytes of `compose --to-sign`
    #[arg(long, value_name = "FILE", requires = "certificate")]
    signature: Option<PathBuf>,
    /// The certificate of the key that has made it, with its chain (PEM)
    #[arg(long, value_name = "FILE", requires = "signature")]
    certificate: Option<PathBuf>,
}

/// The longest signature that is read, bytes.
const LONGEST_SIGNATURE: u64 = 512;

impl Sign {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let composed = ComposedFile::read(&self.file)?;
        let (manifest, portions) = composed.opened()?;
        let text = render::assessment(
            &AssessmentText {
                manifest: &manifest,
                portions: &portions,
                signatures: &[],
                endorsements: &[],
                state: "not published",
                via: &[],
                is_own: true,
                language: None,
                acknowledge: None,
            },
            &output::options(),
        );
        output::note(global, text.trim_end());
        let statement = id(&composed.envelope);
        output::note(global, &format!("SHA-256 of what is signed: {statement}"));
        let signature = match (&self.signature, &self.certificate) {
            (Some(signature), Some(certificate)) => made_elsewhere(&composed.envelope, signature, certificate)?,
            _ => self.signed_here(global, &composed.envelope)?,
        };
        let Envelope { payload, .. } = composed.envelope;
        let envelope = Envelope::new(StatementKind::Manifest, payload, vec![signature]);
        let signed = ComposedFile { envelope, portions: composed.portions };
        let mut file = NewFile::begin(&self.out, FOR_OWNER)?;
        file.add(signed.encoded()?.as_bytes())?;
        file.finish()?;
        let (assessment, version) = (manifest.assessment, manifest.version);
        let json = serde_json::json!({
            "file": self.out, "assessment": assessment, "version": version, "manifest": statement,
        });
        output::result(global, &json, || {
            let at = self.out.display();
            format!("signed {assessment} (version {version}) in {at}\nNext: `watchfire assess publish --signed {at}`")
        });
        Ok(())
    }

    fn signed_here(&self, global: &Global, envelope: &Envelope) -> Result<Signature, CliError> {
        let context = Context::load(global, WRITERS)?;
        require_speaker(envelope, &context.person.id.to_string())?;
        if !output::confirm(global, "Sign this?") {
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was signed; confirm, or pass --yes"));
        }
        let key = context.signing_key()?;
        key.sign(envelope.kind, &envelope.payload).map_err(|e| CliError::files(e.to_string()))
    }
}

/// The signature of another program. The node verifies it when it is published.
fn made_elsewhere(envelope: &Envelope, signature: &Path, certificate: &Path) -> Result<Signature, CliError> {
    let failed = |e: std::io::Error| CliError::files(format!("{} can't be read: {e}", signature.display()));
    if std::fs::metadata(signature).map_err(failed)?.len() > LONGEST_SIGNATURE {
        return Err(CliError::files(format!("{} is longer than any signature", signature.display())));
    }
    let value = std::fs::read(signature).map_err(failed)?;
    let chain = read_chain(certificate).map_err(|e| CliError::files(e.to_string()))?;
    let certificates: Vec<Vec<u8>> = chain.iter().map(|der| der.to_vec()).collect();
    let wrong = |what: &str| CliError::files(format!("{}: {what}", certificate.display()));
    let leaf = Leaf::parse(certificates.first().map(Vec::as_slice).unwrap_or_default())?;
    let suite = leaf.suite.ok_or_else(|| wrong("the key signs no statements"))?;
    require_speaker(envelope, &leaf.id.to_string())?;
    Ok(Signature { suite, certificates, value })
}

/// Requires that the statement was composed for this person.
fn require_speaker(envelope: &Envelope, person: &str) -> Result<(), CliError> {
    let speaker = wire::speaker::decode(&envelope.payload)?;
    match &speaker.id {
        SpeakerId::Author(author) if author.to_string() == person => Ok(()),
        other => {
            let what = format!("it was composed for {other}, and {person} can't sign it; compose it anew");
            Err(CliError::new(Exit::Denied, "WRONG_DOMAIN", what))
        }
    }
}
