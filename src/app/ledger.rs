//! The ledger's rhythm, and its newest head beside the store.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::own::{OwnError, make_ledger_key};
use crate::{
    config::Config,
    identity::files::{Existing, write_secret},
    node::{Node, ledger::LedgerParts},
    seal::raw::RawKey,
};

/// Where the newest head is written, beside the store.
const HEAD: &str = "ledger.head";
/// No head is longer.
const LONGEST: u64 = 64 * 1024;

/// What the ledger is made of; a node without a key gets one.
pub(super) fn parts(config: &Config, key: Option<RawKey>) -> Result<LedgerParts, OwnError> {
    let key = match key {
        Some(key) => key,
        None => make_ledger_key(&config.ledger.key)?,
    };
    let head: PathBuf = config.store.with_file_name(HEAD);
    Ok(LedgerParts {
        key,
        quantum: config.ledger.quantum,
        found_head: read(&head),
        keep_head: Arc::new(move |note| write_secret(&head, note, Existing::Replace).map_err(|e| e.to_string())),
    })
}

fn read(head: &Path) -> Option<Vec<u8>> {
    match std::fs::metadata(head) {
        Ok(meta) if meta.len() <= LONGEST => std::fs::read(head).ok(),
        _ => None,
    }
}

/// Signs a checkpoint at once and then at each interval, until `stop`. Whatever happens, at the same pace.
pub(super) async fn sign(node: Arc<Node>, seconds: u32, stop: CancellationToken) {
    let mut turns = tokio::time::interval(Duration::from_secs(seconds.into()));
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first one was signed before anybody could ask for it.
    turns.tick().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turns.tick() => {}
        }
        if let Err(fault) = node.sign_checkpoint().await {
            tracing::error!(reason = %fault.reason, "no checkpoint could be signed; it is tried again");
        }
    }
}
