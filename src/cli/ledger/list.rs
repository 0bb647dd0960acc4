//! `watchfire ledger list`.

use clap::Args;
use serde::Serialize;

use super::{AUDITORS, CliError, Context, Global, output};
use crate::{render::text::one_line, wire::proto};

/// Lists entries, the oldest first.
#[derive(Args)]
pub struct List {
    /// List only entries that name this: the beginning of an id, a person, a partner, or a kind of event such as `released`
    #[arg(long, value_name = "ID")]
    about: Option<String>,
    /// The first index
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// The most entries to list
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// Also list padding: entries without content, which hide how much happens
    #[arg(long)]
    padding: bool,
}

#[derive(Serialize)]
struct Entry {
    index: u64,
    leaf: String,
    event: serde_json::Value,
}

fn print(global: &Global, entry: &proto::LedgerEntryView) {
    let proto::LedgerEntryView { index, leaf, event } = entry;
    if global.json {
        let event = serde_json::from_str(event).unwrap_or_default();
        output::print_json(&Entry { index: *index, leaf: hex::encode(leaf), event });
    } else {
        output::print(&format!("{index:>8}  {}", one_line(event)));
    }
}

impl List {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, AUDITORS)?.connect().await?;
        let (mut left, mut page_token) = (self.limit, String::new());
        while left > 0 {
            let request = proto::ListLedgerRequest {
                from: self.from,
                about: self.about.clone().unwrap_or_default(),
                page_size: i32::try_from(left).unwrap_or(i32::MAX),
                padding: self.padding,
                page_token,
            };
            let page = desk.ledger.list_ledger(request).await?.into_inner();
            page.entries.iter().for_each(|entry| print(global, entry));
            left = left.saturating_sub(u32::try_from(page.entries.len()).unwrap_or(u32::MAX));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        Ok(())
    }
}
