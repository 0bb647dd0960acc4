//! The node as people run it: real processes, real TLS, real stores, and hostile peers.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "node/acknowledge.rs"]
mod acknowledge;
#[path = "node/agreements.rs"]
mod agreements;
#[path = "node/approvals.rs"]
mod approvals;
#[path = "node/another_way.rs"]
mod another_way;
#[path = "shared/asked.rs"]
mod asked;
#[path = "node/attachment.rs"]
mod attachment;
#[path = "node/behind.rs"]
mod behind;
#[path = "node/bundles.rs"]
mod bundles;
#[path = "node/canaries.rs"]
mod canaries;
#[path = "node/chain.rs"]
mod chain;
#[path = "node/change.rs"]
mod change;
#[path = "node/console.rs"]
mod console;
#[path = "node/console_kit.rs"]
mod console_kit;
#[path = "node/control.rs"]
mod control;
#[path = "node/crash.rs"]
mod crash;
#[path = "node/damage.rs"]
mod damage;
#[path = "node/doors.rs"]
mod doors;
#[path = "node/drafts.rs"]
mod drafts;
#[path = "node/endorse.rs"]
mod endorse;
#[path = "node/endorse_back.rs"]
mod endorse_back;
#[path = "node/equivocation.rs"]
mod equivocation;
#[path = "node/existence.rs"]
mod existence;
#[path = "node/expiry.rs"]
mod expiry;
#[path = "node/explain.rs"]
mod explain;
#[path = "node/explain_hub.rs"]
mod explain_hub;
#[path = "shared/extremes.rs"]
mod extremes;
#[path = "node/feed_kit.rs"]
mod feed_kit;
#[path = "node/finding.rs"]
mod finding;
#[path = "node/files.rs"]
mod files;
#[path = "node/floods.rs"]
mod floods;
#[path = "node/hostile.rs"]
mod hostile;
#[path = "node/hostile_hub.rs"]
mod hostile_hub;
#[path = "node/hostile_kit.rs"]
mod hostile_kit;
#[path = "node/hub_withholds.rs"]
mod hub_withholds;
#[path = "node/hubs.rs"]
mod hubs;
#[path = "node/introductions.rs"]
mod introductions;
#[path = "node/issuing_ca.rs"]
mod issuing_ca;
#[path = "node/kit.rs"]
mod kit;
#[path = "node/ledger.rs"]
mod ledger;
#[path = "node/limits.rs"]
mod limits;
#[path = "node/lists.rs"]
mod lists;
#[path = "node/naming.rs"]
mod naming;
#[path = "node/on_a_terminal.rs"]
mod on_a_terminal;
#[path = "node/operating.rs"]
mod operating;
#[path = "node/own_machine.rs"]
mod own_machine;
#[path = "node/pages.rs"]
mod pages;
#[path = "node/passed_on.rs"]
mod passed_on;
#[path = "node/people.rs"]
mod people;
#[path = "node/poison.rs"]
mod poison;
#[path = "node/previews.rs"]
mod previews;
#[path = "node/quarantine.rs"]
mod quarantine;
#[path = "node/questions.rs"]
mod questions;
#[path = "node/received.rs"]
mod received;
#[path = "node/recall.rs"]
mod recall;
#[path = "node/recall_flood.rs"]
mod recall_flood;
#[path = "node/recall_list.rs"]
mod recall_list;
#[path = "node/recall_waits.rs"]
mod recall_waits;
#[path = "node/readings.rs"]
mod readings;
#[path = "node/receipts.rs"]
mod receipts;
#[path = "node/released_again.rs"]
mod released_again;
#[path = "node/repeating.rs"]
mod repeating;
#[path = "node/requests.rs"]
mod requests;
#[path = "node/rollback.rs"]
mod rollback;
#[path = "node/rules.rs"]
mod rules;
#[path = "node/runbooks.rs"]
mod runbooks;
#[path = "node/searches.rs"]
mod searches;
#[path = "node/scripts.rs"]
mod scripts;
#[path = "node/sentences.rs"]
mod sentences;
#[path = "node/simulate.rs"]
mod simulate;
#[path = "node/slow_link.rs"]
mod slow_link;
#[path = "shared/splitmix.rs"]
mod splitmix;
#[path = "node/statements.rs"]
mod statements;
#[path = "node/surroundings.rs"]
mod surroundings;
#[path = "node/terminal_kit.rs"]
mod terminal_kit;
#[path = "node/three_hops.rs"]
mod three_hops;
#[path = "node/times.rs"]
mod times;
#[path = "node/today.rs"]
mod today;
#[path = "node/twins.rs"]
mod twins;
#[path = "node/urgency.rs"]
mod urgency;
#[path = "shared/system.rs"]
#[allow(dead_code, reason = "some of it is for real faults only")]
mod system;
