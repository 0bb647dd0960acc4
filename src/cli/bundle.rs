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

/// Change the organisation's own root certificates. Two administrators sign; partners follow by themselves.
#[derive(Subcommand)]
pub enum BundleCommand {
    /// Propose other roots: a PEM file with all that are to count from now on, old and new
    Propose(propose::Propose),
    /// Sign what another administrator has proposed; from then on it is in force, and all partners are told
    Sign(Sign),
    /// Show the roots in force, what is proposed, and which partner has taken them
    Status(status::Status),
    /// Propose the same roots without one of them
    Retire(propose::Retire),
    /// Take new roots of another organisation from a file that it has made with `bundle status --out`
    Take(Take),
}

/// Asks first, and shows what changes.
#[derive(Args)]
pub struct Sign {
    /// The beginning of the proposal's id, as `bundle propose` has printed it; needed where several are open, and with --yes
    id: Option<String>,
}

/// The bundles are signed by that organisation's own administrators, so that it does not matter how the file came.
#[derive(Args)]
pub struct Take {
    /// The file, or a mail that holds it
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
        let status = desk.trust.get_bundle(proto::GetBundleRequest {}).await?.into_inner();
        let proposed = self.meant(&status.proposed)?;
        let change = status::proposal(&status.roots, proposed);
        let who = proposed.by.join(", ");
        output::note(global, &format!("{who} proposes bundle {}:\n{change}", status.sequence + 1));
        if global.yes && self.id.is_none() {
            return Err(CliError::usage("with --yes, say which proposal is meant by the beginning of its id"));
        }
        if !output::confirm(global, "Have you agreed on exactly this with them?") {
            let what = "not signed; `--yes` where nobody can be asked";
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", what));
        }
        let envelope = wire::envelope::from_proto(present("bundle", proposed.bundle.clone())?)?;
        let mine = signed(&context, envelope.payload)?;
        desk.trust.sign_bundle(proto::SignBundleRequest { bundle: Some(wire::envelope::to_proto(&mine)) }).await?;
        let made = serde_json::json!({ "sequence": status.sequence + 1, "fingerprint": proposed.fingerprint });
        output::result(global, &made, || {
            format!(
                "bundle {} is in force; partners are told. `watchfire bundle status` shows who has taken it",
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

impl Take {
    async fn run(&self, global: &Global) -> Result<(), CliError> {
        let all = read_all_armoured(&self.file)?;
        if let Some(other) = all.iter().find(|envelope| envelope.kind != StatementKind::Bundle) {
            let what = format!(
                "{} holds a {}; a partner's roots are written by `watchfire bundle status --out FILE` there",
                self.file.display(),
                other.kind
            );
            return Err(CliError::files(what));
        }
        let mut desk = Context::load(global, ADMINS)?.connect().await?;
        let bundles = all.iter().map(wire::envelope::to_proto).collect();
        let answer = desk.trust.take_bundles(proto::TakeBundlesRequest { bundles }).await?.into_inner();
        let partner = answer.partner.unwrap_or_default();
        let view = serde_json::json!({ "domain": partner.domain, "sequence": partner.bundle_sequence, "state": partner.state });
        output::result(global, &view, || {
            format!("{}: bundle {} is held, {}", one_line(&partner.domain), partner.bundle_sequence, partner.state)
        });
        Ok(())
    }
}

/// One that another person has proposed.
fn signed(context: &Context, payload: Vec<u8>) -> Result<Envelope, CliError> {
    let envelope = context.signing_key()?.envelope(StatementKind::Bundle, payload);
    envelope.map_err(|e| CliError::files(e.to_string()))
}

/// A new bundle, by the person who gives the command.
fn said(context: &Context, content: Vec<u8>) -> Result<Envelope, CliError> {
    let envelope = context.signing_key()?.statement(StatementKind::Bundle, content);
    envelope.map_err(|e| CliError::files(e.to_string()))
}
