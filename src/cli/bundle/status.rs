//! `watchfire bundle status`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        CliError, Exit, Global,
        armour::armour,
        context::{ADMINS, Context},
        files::{FOR_ALL, write_new},
        output,
    },
    identity::{files::to_pem, validity::Validity},
    render::text::one_line,
    seal::hash::sha256,
    wire::{self, field::time, proto},
};

/// With `--out`, also writes what partners need that were offline.
#[derive(Args)]
pub struct Status {
    /// Write the statements that lead to the bundle in force, for a partner that can't be reached; it runs `bundle take FILE`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the roots in force as PEM
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
}

#[derive(Serialize)]
struct Root {
    name: String,
    sha256: String,
}

#[derive(Serialize)]
struct Proposed {
    id: String,
    fingerprint: String,
    roots: Vec<Root>,
    by: Vec<String>,
    lapses_at: Option<String>,
}

#[derive(Serialize)]
struct Holder {
    partner: String,
    /// The number that the partner has reported. `None` until it has done so since this node's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
}

#[derive(Serialize)]
struct Output {
    sequence: u64,
    fingerprint: String,
    since: Option<String>,
    roots: Vec<Root>,
    file_differs: bool,
    proposed: Vec<Proposed>,
    partners: Vec<Holder>,
}

impl Root {
    fn all(views: &[proto::RootView]) -> Vec<Self> {
        views.iter().map(|v| Self { name: one_line(&v.name), sha256: v.sha256.clone() }).collect()
    }
}

impl Output {
    fn new(status: &proto::GetBundleResponse) -> Self {
        let at = |name, value| time(name, value).ok().map(|at| at.to_string());
        let proposed = status.proposed.iter().map(|p| Proposed {
            id: p.id.clone(),
            fingerprint: p.fingerprint.clone(),
            roots: Root::all(&p.roots),
            by: p.by.clone(),
            lapses_at: at("lapses_at", p.lapses_at),
        });
        let holder = |p: &proto::BundleHolder| Holder {
            partner: p.partner.clone(),
            sequence: Some(p.sequence).filter(|sequence| *sequence > 0),
        };
        Self {
            sequence: status.sequence,
            fingerprint: status.fingerprint.clone(),
            since: at("since", status.since),
            roots: Root::all(&status.roots),
            file_differs: status.file_differs,
            proposed: proposed.collect(),
            partners: status.partners.iter().map(holder).collect(),
        }
    }

    fn words(&self, status: &proto::GetBundleResponse) -> String {
        let since = self.since.as_deref().unwrap_or("-");
        let mut out = format!("bundle {} since {since}\n  fingerprint  {}", self.sequence, self.fingerprint);
        for root in &self.roots {
            out += &format!("\n  root         {}  {}", root.sha256.get(..16).unwrap_or_default(), root.name);
        }
        if self.file_differs {
            out += "\n  ATTENTION: the file that organisation.bundle in watchfire.toml names contains other roots; `bundle status --roots \
                    FILE` writes the roots in force";
        }
        for (proposed, of) in self.proposed.iter().zip(&status.proposed) {
            let until = proposed.lapses_at.as_deref().unwrap_or("-");
            let (by, short) = (proposed.by.join(", "), proposed.id.get(..12).unwrap_or_default());
            out += &format!(
                "\nproposed by {by}, until {until}; another administrator runs `watchfire bundle sign {short}`\n{}",
                proposal(&status.roots, of)
            );
        }
        for holder in &self.partners {
            let what = match holder.sequence {
                Some(sequence) if sequence == self.sequence => "has adopted it".to_owned(),
                Some(sequence) => format!("holds bundle {sequence}"),
                None => "not heard from since this node's start".to_owned(),
            };
            out += &format!("\n  {:<28} {what}", holder.partner);
        }
        out
    }
}

impl Status {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ADMINS)?.connect().await?;
        let status = desk.trust.get_bundle(proto::GetBundleRequest {}).await?.into_inner();
        if let Some(out) = &self.out {
            if status.chain.is_empty() {
                let what = "no bundle that two administrators have signed leads to these roots; give partners a new invitation";
                return Err(CliError::new(Exit::Failed, "NOT_FOUND", what));
            }
            let all = status.chain.iter().cloned().map(wire::envelope::from_proto).collect::<Result<Vec<_>, _>>()?;
            write_new(out, FOR_ALL, &all.iter().map(armour).collect::<String>())?;
            let words = format!("wrote {}; the partner runs `watchfire bundle take FILE` with it", out.display());
            output::note(global, &words);
        }
        if let Some(file) = &self.roots {
            let pem: String = status.roots.iter().map(|root| to_pem("CERTIFICATE", &root.certificate)).collect();
            write_new(file, FOR_ALL, &pem)?;
            output::note(global, &format!("wrote {}", file.display()));
        }
        let view = Output::new(&status);
        output::result(global, &view, || view.words(&status));
        Ok(())
    }
}

/// The names and digests of roots, in the form of the node's answer.
pub(in crate::cli) fn roots_of(roots: &[Vec<u8>]) -> Vec<proto::RootView> {
    let view = |der: &Vec<u8>| proto::RootView {
        name: Validity::of_certificate(der).map(|v| v.name).unwrap_or_default(),
        sha256: hex::encode(sha256(&[der])),
        certificate: der.clone().into(),
    };
    roots.iter().map(view).collect()
}

/// Everything that a proposal changes.
pub(super) fn proposal(before: &[proto::RootView], of: &proto::ProposedBundle) -> String {
    let doubtful = of.compromised.iter().map(|root| {
        let name = hex::encode(&root.sha256);
        format!(
            "\n  COMPROMISED {}: what was first logged under it after {} is marked as doubtful, here and for every reader",
            name.get(..16).unwrap_or_default(),
            one_line(&root.since)
        )
    });
    change(before, &of.roots) + &doubtful.collect::<String>()
}

/// The roots that are new, stay, or are retired.
pub(super) fn change(before: &[proto::RootView], after: &[proto::RootView]) -> String {
    let is_in = |all: &[proto::RootView], root: &proto::RootView| all.iter().any(|r| r.sha256 == root.sha256);
    let line = |what: &str, root: &proto::RootView| {
        format!("  {what:<8} {}  {}", root.sha256.get(..16).unwrap_or_default(), one_line(&root.name))
    };
    let gone = before.iter().filter(|root| !is_in(after, root)).map(|root| line("retires", root));
    let here = after.iter().map(|root| line(if is_in(before, root) { "stays" } else { "comes" }, root));
    here.chain(gone).collect::<Vec<_>>().join("\n")
}
