//! `watchfire partner crl`: revocation lists by hand.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::super::{
    CliError, Global,
    approval::approve,
    context::{ADMINS, Context},
    output,
};
use crate::{
    domain::approval::Matter,
    identity::files::{certificates, read_crl_file},
    render::text::one_line,
    seal::subject,
    wire::{field::time, proto},
};

/// The largest piece in which a list is sent to the node.
const PIECE: usize = 256 << 10;

/// Loads each list in the file, of any organisation that is known here, including this one. The key that issued a list determines whose it is.
/// Several organisations may share a CA. The file may also contain the certificate of an issuing CA.
#[derive(Args)]
pub struct GiveList {
    /// The revocation lists, PEM or DER
    file: PathBuf,
    /// Accept a list although one with a higher number is held, because its CA lost its number; needs as many administrators as an agreement,
    /// each with the same file
    #[arg(long)]
    replace: bool,
}

/// The result for a list, as `--json` prints it.
#[derive(Serialize)]
struct Output {
    issuer: String,
    issuing_key: String,
    number: String,
    next_update: Option<String>,
    organisations: Vec<At>,
    approvals: u32,
    needed: u32,
}

#[derive(Serialize)]
struct At {
    domain: String,
    outcome: String,
}

impl Output {
    fn new(answer: proto::GiveRevocationListResponse) -> Self {
        let at = |o: proto::GivenRevocationList| At { domain: o.domain, outcome: o.outcome };
        Self {
            issuer: answer.issuer,
            issuing_key: hex::encode(&answer.issuing_key),
            number: hex::encode(&answer.number),
            next_update: time("next_update", answer.next_update).ok().map(|t| t.to_string()),
            organisations: answer.organisations.into_iter().map(at).collect(),
            approvals: answer.approvals,
            needed: answer.needed,
        }
    }

    fn words(&self) -> String {
        let due = self.next_update.as_deref().unwrap_or("unknown");
        let head =
            format!("the list of {} (number {} in hexadecimal, next due {due})", one_line(&self.issuer), self.number);
        let line = |at: &At| match at.outcome.as_str() {
            "taken" => format!("\n  {}: in force now", at.domain),
            "held" => format!("\n  {}: was in force already", at.domain),
            _ => format!(
                "\n  {}: waits: {} of {} administrators have approved that it replaces the list with the higher number; another one \
                 runs the same command with the same file",
                at.domain, self.approvals, self.needed
            ),
        };
        self.organisations.iter().map(line).fold(head, |text, line| text + &line)
    }
}

impl GiveList {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let (lists, pem) = read_crl_file(&self.file).map_err(|e| CliError::files(e.to_string()))?;
        let beside = certificates(&pem).unwrap_or_default();
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        for der in lists {
            let issuers: Vec<_> = beside.iter().map(|c| c.as_ref().to_vec().into()).collect();
            let approval = || approve(&context, Matter::RevocationList, subject::bytes(&der));
            let mut replace = self.replace.then(approval).transpose()?;
            let pieces: Vec<_> = der
                .chunks(PIECE)
                .enumerate()
                .map(|(n, data)| proto::GiveRevocationListRequest {
                    data: data.to_vec().into(),
                    issuers: if n == 0 { issuers.clone() } else { vec![] },
                    replace: replace.take(),
                })
                .collect();
            let answer = desk.trust.give_revocation_list(futures_util::stream::iter(pieces)).await?.into_inner();
            let view = Output::new(answer);
            output::result(global, &view, || view.words());
        }
        Ok(())
    }
}
