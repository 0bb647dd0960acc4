//! Approvals: statements with which a person approves exactly one thing.

use super::{CliError, context::Context};
use crate::{
    domain::{
        approval::{Approval, Matter},
        ids::Sha256,
        statement::StatementKind,
        time::Clock,
    },
    telemetry::SystemClock,
    wire::{self, proto},
};

/// Signs the person's approval of one thing.
pub fn approve(context: &Context, matter: Matter, subject: Sha256) -> Result<proto::Envelope, CliError> {
    let domain = context.person.id.domain().clone();
    let approval = Approval { domain, matter, subject, issued: SystemClock.now() };
    let signed = context.signing_key()?.statement(StatementKind::Approval, wire::approval::encode(&approval));
    Ok(wire::envelope::to_proto(&signed.map_err(|e| CliError::files(e.to_string()))?))
}
