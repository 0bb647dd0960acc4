//! Signs the ledger's checkpoints at intervals, and keeps a copy of the newest head in a file next to the store.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use super::{
    error::NodeFilesError,
    keys::{load_ledger_key, make_ledger_key},
};
use crate::{
    config::Config,
    identity::files::{Existing, to_pem, write_secret},
    node::{
        Node,
        ledger::parts::{KeepKey, LedgerParts},
    },
    seal::raw::RawKey,
};

/// The file with the newest head, in the store's directory.
const HEAD: &str = "ledger.head";
/// How often the node checks whether it may sign the first head.
const LOOK: Duration = Duration::from_millis(250);
/// The longest head that is read, bytes.
const LONGEST: u64 = 64 * 1024;

/// Collects what the ledger needs: its key, its intervals and its newest head. Creates a key if the node has none.
pub(super) fn parts(config: &Config, key: Option<RawKey>) -> Result<LedgerParts, NodeFilesError> {
    let key = match key {
        Some(key) => key,
        None => make_ledger_key(&config.ledger.key)?,
    };
    let head: PathBuf = config.store.with_file_name(HEAD);
    let next = beside(&config.ledger.key);
    Ok(LedgerParts {
        key,
        next_key: load_ledger_key(&next)?,
        keep_key: keep_key(&config.ledger.key, &next),
        quantum: config.ledger.quantum,
        found_head: read(&head),
        keep_head: Arc::new(move |note| write_secret(&head, note, Existing::Replace).map_err(|e| e.to_string())),
    })
}

/// Where the key of the next epoch is until it replaces the current one.
fn beside(key: &Path) -> PathBuf {
    let mut name = key.as_os_str().to_owned();
    name.push(".next");
    name.into()
}

fn keep_key(key: &Path, next: &Path) -> KeepKey {
    let (to, from, prepared) = (key.to_owned(), next.to_owned(), next.to_owned());
    let prepare = move |pkcs8: &[u8]| {
        let pem = zeroize::Zeroizing::new(to_pem("PRIVATE KEY", pkcs8));
        write_secret(&prepared, pem.as_bytes(), Existing::Replace).map_err(|e| e.to_string())
    };
    let commit = move || {
        std::fs::rename(&from, &to).map_err(|e| format!("{} can't be put in place: {e}", from.display()))?;
        let parent = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(parent).and_then(|dir| dir.sync_all()).map_err(|e| e.to_string())
    };
    KeepKey { prepare: Arc::new(prepare), commit: Arc::new(commit) }
}

fn read(head: &Path) -> Option<Vec<u8>> {
    match std::fs::metadata(head) {
        Ok(meta) if meta.len() <= LONGEST => std::fs::read(head).ok(),
        _ => None,
    }
}

/// Signs a checkpoint at once and then at each interval, until `stop`. The rhythm never changes, so that it reveals nothing about what happens.
pub(super) async fn sign(node: Arc<Node>, seconds: u32, stop: CancellationToken) {
    let mut turns = tokio::time::interval(Duration::from_secs(seconds.into()));
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    turns.tick().await;
    // The first one as soon as partners have said what they hold.
    while !matches!(node.ledger.sign_first_checkpoint().await, Ok(true)) && !node.ledger.is_behind() {
        if stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
            return;
        }
    }
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = turns.tick() => {}
        }
        node.refusals.tell_what_was_refused().await;
        if let Err(fault) = node.ledger.sign_checkpoint().await {
            tracing::error!(reason = %fault.reason, "no checkpoint could be signed; it is tried again");
        }
    }
}
