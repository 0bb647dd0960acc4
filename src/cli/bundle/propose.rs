//! `watchfire bundle propose` and `retire`.

use std::path::PathBuf;

use clap::Args;

use super::{sign::sign_new, status};
use crate::{
    cli::{
        CliError, Exit, Global,
        context::{ADMINS, Context},
        output,
    },
    domain::{
        bundle::{Bundle, Compromised},
        ids::{Sha256, shorten},
        statement::StatementKind,
        time::{Clock, Day},
    },
    identity::bundle::TrustBundle,
    seal::{hash::sha256, statement::id_of},
    telemetry::SystemClock,
    wire::{self, field::bytes, proto},
};

/// Needs a second administrator, who runs `bundle sign` within 7 days.
#[derive(Args)]
pub struct Propose {
    /// The PEM file with every root that counts from now on
    file: PathBuf,
    /// Leave out a root less than 7 days after its successor was sent to partners; partners that were away then need a file or an invitation
    #[arg(long)]
    now: bool,
}

/// First have the certificates of nodes and people issued by a CA that remains.
#[derive(Args)]
pub struct Retire {
    /// The root: its name, or the beginning of its SHA-256
    root: String,
    /// Its key may be known to others: what was first logged under it after this day (YYYY-MM-DD) is doubtful
    #[arg(long, value_name = "DAY")]
    compromised_since: Option<Day>,
    /// Retire it less than 7 days after its successor was sent to partners; partners that were away then need a file or an invitation
    #[arg(long)]
    now: bool,
}

impl Propose {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let at = self.file.display();
        let pem = std::fs::read(&self.file).map_err(|e| CliError::files(format!("{at} can't be read: {e}")))?;
        let roots = TrustBundle::from_pem(context.config.organisation.domain.clone(), &pem);
        let roots = roots.map_err(|fault| CliError::files(format!("{at}: {fault}")))?;
        let mut desk = context.connect().await?;
        let status = desk.trust.get_bundle(proto::GetBundleRequest {}).await?.into_inner();
        propose(global, &context, &status, roots, vec![], self.now).await
    }
}

impl Retire {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ADMINS)?;
        let mut desk = context.connect().await?;
        let status = desk.trust.get_bundle(proto::GetBundleRequest {}).await?.into_inner();
        let gone = self.meant(&status.roots)?;
        let behind: Vec<&str> =
            status.partners.iter().filter(|p| p.sequence != status.sequence).map(|p| p.partner.as_str()).collect();
        if !behind.is_empty() {
            let words = format!(
                "ATTENTION: {} have not confirmed that they hold bundle {}: after the root is retired they may not recognise this node, and \
                 need a file of `bundle status --out FILE`",
                behind.join(", "),
                status.sequence
            );
            output::note(global, &words);
        }
        let own = std::fs::read(&context.config.bundle);
        let own =
            own.map_err(|e| CliError::files(format!("{} can't be read: {e}", context.config.bundle.display())))?;
        let domain = context.config.organisation.domain.clone();
        let here = TrustBundle::from_pem(domain.clone(), &own).map_err(|f| CliError::files(f.to_string()))?;
        let stay = here.roots().iter().filter(|root| Sha256(sha256(&[root])) != gone).cloned().collect();
        let roots = TrustBundle::new(domain, stay).map_err(|_| {
            let what = "that is the only root; propose its successor first (`watchfire bundle propose`)";
            CliError::new(Exit::Failed, "CONFLICT", what)
        })?;
        let compromised = self.compromised_since.map(|since| Compromised { root: gone, since }).into_iter().collect();
        propose(global, &context, &status, roots, compromised, self.now).await
    }

    fn meant(&self, roots: &[proto::RootView]) -> Result<Sha256, CliError> {
        let wanted = self.root.to_lowercase();
        let is_meant = |root: &&proto::RootView| root.name.to_lowercase() == wanted || root.sha256.starts_with(&wanted);
        let found: Vec<&proto::RootView> = roots.iter().filter(is_meant).collect();
        match found.as_slice() {
            [one] => {
                let digest = hex::decode(&one.sha256).unwrap_or_default();
                Ok(bytes("root", &digest)?)
            }
            [] => {
                let what =
                    format!("no root in force has the name `{}`; see `watchfire bundle status`", shorten(&self.root));
                Err(CliError::new(Exit::Failed, "NOT_FOUND", what))
            }
            _ => Err(CliError::usage("several roots have this name; give the beginning of the SHA-256")),
        }
    }
}

async fn propose(
    global: &Global,
    context: &Context,
    status: &proto::GetBundleResponse,
    roots: TrustBundle,
    compromised: Vec<Compromised>,
    at_once: bool,
) -> Result<(), CliError> {
    let before = hex::decode(&status.fingerprint).unwrap_or_default();
    let bundle = Bundle {
        domain: roots.domain().clone(),
        sequence: status.sequence + 1,
        roots: roots.roots().iter().map(|root| root.to_vec()).collect(),
        issued: SystemClock.now(),
        previous: bytes("previous", &before)?,
        compromised,
    };
    let views = status::roots_of(&bundle.roots);
    let change = status::change(&status.roots, &views);
    output::note(global, &format!("bundle {}:\n{change}", bundle.sequence));
    let envelope = sign_new(context, wire::bundle::encode(&bundle))?;
    let mut desk = context.connect().await?;
    let request = proto::ProposeBundleRequest { bundle: Some(wire::envelope::to_proto(&envelope)), at_once };
    desk.trust.propose_bundle(request).await?;
    let fingerprint = roots.fingerprint().to_string();
    let id = id_of(StatementKind::Bundle, &envelope.payload).to_string();
    let short = id.get(..12).unwrap_or_default().to_owned();
    let made = serde_json::json!({ "sequence": bundle.sequence, "fingerprint": fingerprint, "id": id });
    output::result(global, &made, || {
        format!(
            "proposed; another administrator runs `watchfire bundle sign {short}` within 7 days, otherwise it lapses"
        )
    });
    Ok(())
}
