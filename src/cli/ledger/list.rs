//! `watchfire ledger list`.

use clap::Args;
use serde::Serialize;

use super::{AUDITORS, CliError, Context, Global, entry, output};
use crate::wire::proto;

/// Lists entries, the oldest first.
#[derive(Args)]
pub struct List {
    /// List only entries about this: an id or its beginning, a person (`alice` or `analyst/alice`), a partner, or a kind of event such as
    /// `released`
    #[arg(long, value_name = "WHAT")]
    about: Option<String>,
    /// The first index
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// The most entries to list
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
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

fn print_json(entries: &[proto::LedgerEntryView]) {
    for proto::LedgerEntryView { index, leaf, event } in entries {
        let event = serde_json::from_str(event).unwrap_or_default();
        output::print_json(&Entry { index: *index, leaf: hex::encode(leaf), event });
    }
}

fn print_words(entries: &[proto::LedgerEntryView]) {
    if entries.is_empty() {
        return output::print("no entry matches");
    }
    let rows: Vec<Vec<String>> = entries.iter().map(|e| entry::cells(e.index, &e.event)).collect();
    output::print(entry::list(&rows, output::table_width()).trim_end());
}

impl List {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, AUDITORS)?.connect().await?;
        let (mut left, mut page_token, mut entries) = (self.limit, String::new(), vec![]);
        while left > 0 {
            let request = proto::ListLedgerRequest {
                from: self.from,
                about: self.about.clone().unwrap_or_default(),
                page_size: i32::try_from(left).unwrap_or(i32::MAX),
                padding: self.padding,
                page_token,
            };
            let page = desk.ledger.list_ledger(request).await?.into_inner();
            left = left.saturating_sub(u32::try_from(page.entries.len()).unwrap_or(u32::MAX));
            match global.json {
                true => print_json(&page.entries),
                false => entries.extend(page.entries),
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        if !global.json {
            print_words(&entries);
        }
        Ok(())
    }
}
