//! `watchfire ledger check`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{ANYBODY, CliError, Context, Exit, Global, output, verify::Cosignature};
use crate::{
    ledger::proof::{Proof, Proved},
    render::text::one_line,
    wire::proto,
};

/// Checks that an entry is in the ledger that a proof names. If this node runs, it also says whether the key is the partner's, and whether it has
/// seen that head itself. Otherwise the check uses the key in the file.
#[derive(Args)]
pub struct Check {
    /// A proof that `ledger prove` has written
    file: PathBuf,
}

#[derive(Serialize)]
struct Outcome {
    ok: bool,
    index: u64,
    event: serde_json::Value,
    origin: String,
    size: u64,
    root: String,
    key: String,
    /// Whether this node knows the key as that organisation's. `None` if it was not asked, or does not know the organisation.
    key_known: Option<bool>,
    /// Whether this node holds exactly that head.
    head_known: Option<bool>,
    witnesses: Vec<Cosignature>,
}

impl Check {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let at = self.file.display();
        let text = std::fs::read(&self.file).map_err(|e| CliError::files(format!("{at} can't be read: {e}")))?;
        let proof = Proof::parse(&text)?;
        let proved = proof.check().map_err(|f| CliError { exit: Exit::Unverified, ..f.into() })?;
        let known = self.known(global, &proof).await;
        let outcome = Outcome::new(&proof, &proved, known.as_ref());
        output::result(global, &outcome, || outcome.words());
        let whose = &outcome.origin;
        match known {
            Some(known) if !known.organisation.is_empty() && !known.is_key_known => {
                let what = format!(
                    "the key is not the one that this node knows for {whose}; anybody may have written this proof"
                );
                Err(CliError::unverified(what))
            }
            Some(known) if known.is_forked => Err(CliError::unverified(format!(
                "this node holds another head of that size of {whose}, so two were signed"
            ))),
            _ => Ok(()),
        }
    }

    /// What the node knows, if it runs.
    async fn known(&self, global: &Global, proof: &Proof) -> Option<proto::CheckLedgerNoteResponse> {
        let mut desk = Context::load(global, ANYBODY).ok()?.connect().await.ok()?;
        let request = proto::CheckLedgerNoteRequest { note: proof.note.clone(), key: proof.key.clone() };
        Some(desk.ledger.check_ledger_note(request).await.ok()?.into_inner())
    }
}

impl Outcome {
    fn new(proof: &Proof, proved: &Proved, known: Option<&proto::CheckLedgerNoteResponse>) -> Self {
        let head = &proved.note.checkpoint;
        let known = known.filter(|k| !k.organisation.is_empty());
        Self {
            ok: known.is_none_or(|k| k.is_key_known && !k.is_forked),
            index: proof.index,
            event: serde_json::from_str(&proof.event).unwrap_or_default(),
            origin: head.origin.clone(),
            size: head.size,
            root: hex::encode(head.root),
            key: proved.key.to_string(),
            key_known: known.map(|k| k.is_key_known),
            head_known: known.map(|k| k.is_head_known),
            witnesses: proved.witnesses.iter().map(|(key, seconds)| Cosignature::new(key, *seconds)).collect(),
        }
    }

    fn words(&self) -> String {
        let mut text = format!(
            "entry {} is in {}, of {} entries:\n{}\n\n",
            self.index,
            self.origin,
            self.size,
            one_line(&self.event.to_string())
        );
        text.push_str(match (self.key_known, self.head_known) {
            (Some(true), Some(true)) => "signed by the key that this node knows; this node holds exactly that head",
            (Some(true), _) => {
                "signed by the key that this node knows; this node does not hold that head; ask for a proof under a later one"
            }
            (Some(false), _) => "NOT signed by the key that this node knows",
            (None, _) => "checked with the key in the file only; compare the key with the organisation's own",
        });
        text.push_str(&format!("\nkey {}", self.key));
        for seen in &self.witnesses {
            text.push_str(&format!("\n{}", seen.words()));
        }
        text
    }
}
