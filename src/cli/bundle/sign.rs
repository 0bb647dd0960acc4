//! `watchfire bundle sign`, and signatures on bundles.

use clap::Args;

use super::status;
use crate::{
    cli::{
        CliError, Exit, Global,
        context::{ADMINS, Context},
        output,
    },
    domain::{
        ids::shorten,
        statement::{Envelope, StatementKind},
    },
    wire::{self, field::present, proto},
};

/// Shows what changes, and asks before it signs.
#[derive(Args)]
pub struct Sign {
    /// The beginning of the proposal's id, as `bundle propose` has printed it; required if several are open, and with --yes
    id: Option<String>,
}

impl Sign {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        let status = desk.trust.get_bundle(proto::GetBundleRequest {}).await?.into_inner();
        let proposed = self.meant(&status.proposed)?;
        let change = status::proposal(&status.roots, proposed);
        let who = proposed.by.join(", ");
        output::note(global, &format!("{who} proposes bundle {}:\n{change}", status.sequence + 1));
        if global.yes && self.id.is_none() {
            return Err(CliError::usage("with --yes, say which proposal is meant by the beginning of its id"));
        }
        if !output::confirm(global, "Have you agreed on exactly this with them?") {
            let what = "not signed; without a terminal, use `--yes`";
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", what));
        }
        let envelope = wire::envelope::from_proto(present("bundle", proposed.bundle.clone())?)?;
        let mine = cosign(&context, envelope.payload)?;
        desk.trust.sign_bundle(proto::SignBundleRequest { bundle: Some(wire::envelope::to_proto(&mine)) }).await?;
        let made = serde_json::json!({ "sequence": status.sequence + 1, "fingerprint": proposed.fingerprint });
        output::result(global, &made, || {
            format!(
                "bundle {} is in force and is sent to partners. `watchfire bundle status` shows who has adopted it",
                status.sequence + 1
            )
        });
        Ok(())
    }

    fn meant<'a>(&self, open: &'a [proto::ProposedBundle]) -> Result<&'a proto::ProposedBundle, CliError> {
        let beginning = self.id.as_deref().unwrap_or_default().to_lowercase();
        let found: Vec<_> = open.iter().filter(|p| p.id.starts_with(&beginning)).collect();
        match (found.as_slice(), open) {
            ([one], _) => Ok(one),
            ([], []) => Err(CliError::new(Exit::Failed, "NOT_FOUND", "nobody has proposed other roots")),
            ([], _) => {
                let what =
                    format!("no proposal's id begins with `{}`; see `watchfire bundle status`", shorten(&beginning));
                Err(CliError::new(Exit::Failed, "NOT_FOUND", what))
            }
            _ => Err(CliError::usage("several proposals are open; say which, by the beginning of its id")),
        }
    }
}

/// This person's signature on a bundle that another person has proposed.
fn cosign(context: &Context, payload: Vec<u8>) -> Result<Envelope, CliError> {
    let envelope = context.signing_key()?.envelope(StatementKind::Bundle, payload);
    envelope.map_err(|e| CliError::files(e.to_string()))
}

/// Signs a new bundle with the key of the person who runs the command.
pub(super) fn sign_new(context: &Context, content: Vec<u8>) -> Result<Envelope, CliError> {
    let envelope = context.signing_key()?.statement(StatementKind::Bundle, content);
    envelope.map_err(|e| CliError::files(e.to_string()))
}
