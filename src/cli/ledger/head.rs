//! `watchfire ledger head`.

use serde::Serialize;

use super::{AUDITORS, CliError, Context, Global, output};
use crate::wire::{field::time, proto};

#[derive(Serialize)]
struct Head {
    origin: String,
    size: u64,
    root: String,
    note: String,
    key: String,
    entries: u64,
    behind: bool,
    witnesses: Vec<Witness>,
}

#[derive(Serialize)]
struct Witness {
    partner: String,
    cosigned_size: u64,
    cosigned_at: Option<String>,
    held_size: u64,
    key: String,
}

impl From<proto::LedgerWitness> for Witness {
    fn from(message: proto::LedgerWitness) -> Self {
        let proto::LedgerWitness { partner, cosigned_size, cosigned_at, held_size, key } = message;
        let cosigned_at = time("cosigned_at", cosigned_at).ok().map(|t| t.to_string());
        Self { partner, cosigned_size, cosigned_at, held_size, key }
    }
}

pub(super) async fn run(global: &Global) -> Result<(), CliError> {
    let mut desk = Context::load(global, AUDITORS)?.connect().await?;
    let answer = desk.ledger.get_ledger_head(proto::GetLedgerHeadRequest {}).await?.into_inner();
    let proto::GetLedgerHeadResponse { note, origin, size, root, entries, key, witnesses, behind } = answer;
    let witnesses = witnesses.into_iter().map(Witness::from).collect();
    let (root, behind) = (hex::encode(root), !behind.is_empty());
    let head = Head { origin, size, root, note, key, entries, behind, witnesses };
    output::result(global, &head, || head.words());
    Ok(())
}

impl Head {
    fn words(&self) -> String {
        let mut text = format!("{}\nkey {}\n{} entries by now\n", self.note, self.key, self.entries);
        if self.behind {
            text.push_str(
                "\nENTRIES ARE LOST that this node has signed, and it serves nothing: watchfire ledger settle --reason \"...\"\n",
            );
        }
        let cell = |size: u64| if size == 0 { "-".to_owned() } else { size.to_string() };
        let row = |w: &Witness| {
            let at = w.cosigned_at.clone().unwrap_or_else(|| "-".to_owned());
            vec![w.partner.clone(), cell(w.cosigned_size), at, cell(w.held_size)]
        };
        let rows: Vec<_> = self.witnesses.iter().map(row).collect();
        let heading = ["partner", "has cosigned", "at", "its own ledger here"];
        text.push('\n');
        text.push_str(output::table(&heading, &rows).trim_end());
        text
    }
}
