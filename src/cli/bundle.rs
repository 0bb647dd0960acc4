//! `watchfire bundle`: the organisation's own roots, and how they change.

mod propose;
mod sign;
mod status;

pub(super) use status::roots_of;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    CliError, Global,
    armour::read_all_armoured,
    context::{ADMINS, Context},
    output,
};
use crate::{
    domain::statement::StatementKind,
    render::text::one_line,
    wire::{self, proto},
};

/// Change the organisation's own root certificates. Two administrators sign; partners adopt the change automatically.
#[derive(Subcommand)]
pub enum BundleCommand {
    /// Propose other roots: a PEM file with all roots that count from now on, old and new
    Propose(propose::Propose),
    /// Sign what another administrator has proposed; it is then in force and is sent to all partners
    Sign(sign::Sign),
    /// Show the roots in force, what is proposed, and which partners have adopted them
    Status(status::Status),
    /// Propose the same roots without one of them
    Retire(propose::Retire),
    /// Load new roots of another organisation from a file that it has written with `bundle status --out`
    Take(Take),
}

/// The bundles are signed by that organisation's own administrators, so it does not matter how the file arrived.
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
        let answer = desk.trust.take_bundles(proto::TakeBundlesRequest { bundles }).await?.into_inner();
        let partner = answer.partner.unwrap_or_default();
        let view = serde_json::json!({ "domain": partner.domain, "sequence": partner.bundle_sequence, "state": partner.state });
        output::result(global, &view, || {
            format!("{}: bundle {} is held, {}", one_line(&partner.domain), partner.bundle_sequence, partner.state)
        });
        Ok(())
    }
}
