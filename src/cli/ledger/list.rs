//! `watchfire ledger list`.

use clap::Args;
use serde::Serialize;

use super::{AUDITORS, CliError, Context, Global, entry, output};
use crate::wire::proto;

/// Lists the newest entries, the newest last, as `journalctl -n` and `kubectl logs --tail` do; with `--from`, those from there on.
#[derive(Args)]
pub struct List {
    /// List only entries about this: an id or its beginning, a person (`alice` or `analyst/alice`), a partner, or a kind of event such as
    /// `released`
    #[arg(long, value_name = "WHAT")]
    about: Option<String>,
    /// List from this index on, 0 for the first entry, instead of the newest
    #[arg(long, value_name = "N")]
    from: Option<u64>,
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
        let (mut left, mut page_token, mut entries, mut before) = (self.limit, String::new(), vec![], 0);
        while left > 0 {
            let request = proto::ListLedgerRequest {
                from: self.from.unwrap_or_default(),
                about: self.about.clone().unwrap_or_default(),
                page_size: i32::try_from(left).unwrap_or(i32::MAX),
                padding: self.padding,
                page_token,
                newest: if self.from.is_none() { self.limit } else { 0 },
            };
            let page = desk.ledger.list_ledger(request).await?.into_inner();
            left = left.saturating_sub(u32::try_from(page.entries.len()).unwrap_or(u32::MAX));
            before = before.max(page.before);
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
        if before > 0 {
            self.tell_of_older(global, before);
        }
        Ok(())
    }

    /// Says that the list does not begin at the beginning.
    fn tell_of_older(&self, global: &Global, before: u64) {
        let entries = if before == 1 { "entry of the ledger is" } else { "entries of the ledger are" };
        let about = self.about.as_ref().map(|about| format!(" --about {about}")).unwrap_or_default();
        let padding = if self.padding { " --padding" } else { "" };
        let how = format!("`watchfire ledger list{about}{padding} --from 0`");
        output::note(global, &format!("{before} {entries} older than these; {how} begins with the first one"));
    }
}
