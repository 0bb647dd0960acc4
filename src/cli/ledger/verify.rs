//! `watchfire ledger verify`.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{AUDITORS, CliError, Context, Exit, Global, output};
use crate::{
    domain::time::Time,
    ledger::{
        export::{ExportFault, Verifier},
        note::LogKey,
    },
    wire::proto,
};

/// The longest line of an export, bytes. An entry about a publication names each portion.
const LONGEST_LINE: u64 = 64 << 20;

/// Verifies that nothing was changed. If something was, it reports the place and ends with exit code 6.
#[derive(Args)]
pub struct Verify {
    /// An export that `ledger export` has written; without it, the running node verifies every row of its own ledger
    file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Outcome {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    size: u64,
    root: Option<String>,
    fault: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witnesses: Option<Vec<Cosignature>>,
}

#[derive(Serialize)]
struct At {
    index: Option<u64>,
    what: String,
}

/// A witness that has cosigned the head, and when.
#[derive(Serialize, Clone)]
pub(super) struct Cosignature {
    name: String,
    at: String,
    key: String,
}

impl Cosignature {
    pub(super) fn new(key: &LogKey, seconds: u64) -> Self {
        let at = i64::try_from(seconds).ok().and_then(|s| Time::from_parts(s, 0));
        let at = at.map_or_else(|| seconds.to_string(), |t| t.to_string());
        Self { name: key.name.clone(), at, key: key.to_string() }
    }

    pub(super) fn words(&self) -> String {
        format!("cosigned as {} at {} by the key {}", self.name, self.at, self.key)
    }
}

impl Verify {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let outcome = match &self.file {
            Some(file) => in_file(file, &bar(global))?,
            None => at_the_node(global).await?,
        };
        output::result(global, &outcome, || outcome.words());
        match outcome.fault {
            None => Ok(()),
            Some(At { what, .. }) => Err(CliError::unverified(format!("the ledger does not verify: {what}"))),
        }
    }
}

impl Outcome {
    fn words(&self) -> String {
        let root = self.root.as_deref().unwrap_or("-");
        let Some(fault) = &self.fault else {
            let mut text = format!("{} entries verify; the root is {root}", self.size);
            if let Some(key) = &self.key {
                text.push_str(&format!(
                    "\nsigned by the key {key}, which the file names; compare it with the organisation's own"
                ));
            }
            for cosignature in self.witnesses.iter().flatten() {
                text.push_str(&format!("\n{}", cosignature.words()));
            }
            return text;
        };
        match fault.index {
            Some(index) => format!("FAULT at entry {index}: {}", fault.what),
            None => format!("NOT WELL: {}", fault.what),
        }
    }
}

fn bar(global: &Global) -> ProgressBar {
    if global.quiet || global.json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {pos} entries verified, {per_sec}");
    ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

async fn at_the_node(global: &Global) -> Result<Outcome, CliError> {
    let mut desk = Context::load(global, AUDITORS)?.connect().await?;
    let mut steps = desk.ledger.verify_ledger(proto::VerifyLedgerRequest {}).await?.into_inner();
    let bar = bar(global);
    while let Some(step) = steps.message().await? {
        bar.set_position(step.size);
        if step.done {
            bar.finish_and_clear();
            let proto::VerifyLedgerResponse { size, root, fault, fault_index, .. } = step;
            let fault = (!fault.is_empty()).then_some(At { index: fault_index, what: fault });
            let (ok, root) = (fault.is_none(), Some(hex::encode(root)));
            return Ok(Outcome { ok, origin: None, size, root, fault, key: None, witnesses: None });
        }
    }
    Err(CliError::new(Exit::Failed, "UNAVAILABLE", "the node stopped before the verification was complete; try again"))
}

fn in_file(path: &Path, bar: &ProgressBar) -> Result<Outcome, CliError> {
    let unreadable = |e: std::io::Error| CliError::files(format!("{} can't be read: {e}", path.display()));
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(unreadable)?);
    let mut verifier = Verifier::default();
    let (mut line, mut fault) = (vec![], None);
    while fault.is_none() {
        line.clear();
        if (&mut file).take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        fault = verifier.line(&line).err();
        if verifier.entries().is_multiple_of(1024) {
            bar.set_position(verifier.entries());
        }
    }
    bar.finish_and_clear();
    let size = verifier.entries();
    let verified = match fault {
        Some(fault) => Err(fault),
        None => verifier.finish(),
    };
    Ok(match verified {
        Ok(verified) => Outcome {
            ok: true,
            origin: Some(verified.note.checkpoint.origin.clone()),
            size,
            root: Some(hex::encode(verified.note.checkpoint.root)),
            fault: None,
            key: Some(verified.key.to_string()),
            witnesses: Some(verified.witnesses.iter().map(|(key, seconds)| Cosignature::new(key, *seconds)).collect()),
        },
        Err(ExportFault { index, what }) => Outcome {
            ok: false,
            origin: None,
            size,
            root: None,
            fault: Some(At { index, what }),
            key: None,
            witnesses: None,
        },
    })
}
