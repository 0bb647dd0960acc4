//! `watchfire bundle`: the organisation's own roots, and how they change.

mod propose;
mod status;

pub(super) use status::roots_of;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    CliError, Exit, Global,
    armour::read_all_armoured,
    context::{ADMINS, Context},
    output,
};
use crate::{
    domain::{
        ids::shorten,
        statement::{Envelope, StatementKind},
    },
    render::text::one_line,
    wire::{self, field::present, proto},
};

/// Change the organisation's own root certificates. Two administrators sign; partners adopt the change by themselves.
#[derive(Subcommand)]
pub enum BundleCommand {
    /// Propose other roots: a PEM file with all roots that count from now on, old and new
    Propose(propose::Propose),
    /// Sign what another administrator has proposed; it is then in force, and all partners are told
    Sign(Sign),
    /// Show the roots in force, the proposals, and which partners have adopted them
    Status(status::Status),
    /// Propose the same roots without one of them
    Retire(propose::Retire),
    /// Load new roots of another organisation from a file that it has written with `bundle status --out`
    Take(Take),
}

/// Shows what changes, asks, and signs.
#[derive(Args)]
pub struct Sign {
    /// The beginning of the proposal's id, as `bundle propose` has printed it; required if several proposals are open, and with --yes
    id: Option<String>,
}

/// That organisation's own administrators have signed the bundles, so it does not matter how the file arrived.
#[derive(Args)]
pub struct Take {
    /// The file, or a mail that contains it
    file: PathBuf,
}

impl BundleCommand {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Propose(propose) => propose.run(global).await,
            Self::Sign(sign) => sign.run(global).await,
            Self::Status(status) => status.run(global).await,
            Self::Retire(retire) => retire.run(global).await,
            Self::Take(take) => take.run(global).await,
        }
    }
}

impl Sign {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        let status = desk.get_bundle(proto::GetBundleRequest {}).await?.into_inner();
        let proposed = self.meant(&status.proposed)?;
        let change = status::proposal(&status.roots, proposed);
        let who = proposed.by.join(", ");
        output::note(global, &format!("{who} proposes bundle {}:\n{change}", status.sequence + 1));
        if global.yes && self.id.is_none() {
            return Err(CliError::usage("with --yes, give the beginning of the id of the proposal"));
        }
        if !output::confirm(global, "Have you agreed on exactly this with them?") {
            let what = "not signed; confirm, or give --yes if nobody can be asked";
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", what));
        }
        let envelope = wire::envelope::from_proto(present("bundle", proposed.bundle.clone())?)?;
        let mine = signed(&context, envelope.payload)?;
        desk.sign_bundle(proto::SignBundleRequest { bundle: Some(wire::envelope::to_proto(&mine)) }).await?;
        let made = serde_json::json!({ "sequence": status.sequence + 1, "fingerprint": proposed.fingerprint });
        output::result(global, &made, || {
            format!(
                "bundle {} is in force; partners are told. `watchfire bundle status` shows who has adopted it",
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
            _ => Err(CliError::usage("several proposals are open; give the beginning of the id of one")),
        }
    }
}

impl Take {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let all = read_all_armoured(&self.file)?;
        if let Some(other) = all.iter().find(|envelope| envelope.kind != StatementKind::Bundle) {
            let what = format!(
                "{} contains a {}; the partner writes its roots with `watchfire bundle status --out FILE`",
                self.file.display(),
                other.kind
            );
            return Err(CliError::files(what));
        }
        let mut desk = Context::load(global, ADMINS)?.connect().await?;
        let bundles = all.iter().map(wire::envelope::to_proto).collect();
        let answer = desk.take_bundles(proto::TakeBundlesRequest { bundles }).await?.into_inner();
        let partner = answer.partner.unwrap_or_default();
        let view = serde_json::json!({ "domain": partner.domain, "sequence": partner.bundle_sequence, "state": partner.state });
        output::result(global, &view, || {
            format!("{}: bundle {} is held, {}", one_line(&partner.domain), partner.bundle_sequence, partner.state)
        });
        Ok(())
    }
}

/// Signs a bundle that another person has proposed.
fn signed(context: &Context, payload: Vec<u8>) -> Result<Envelope, CliError> {
    let envelope = context.signing_key()?.envelope(StatementKind::Bundle, payload);
    envelope.map_err(|e| CliError::files(e.to_string()))
}

/// Signs a new bundle of the person who gives the command.
fn said(context: &Context, content: Vec<u8>) -> Result<Envelope, CliError> {
    let envelope = context.signing_key()?.statement(StatementKind::Bundle, content);
    envelope.map_err(|e| CliError::files(e.to_string()))
}
