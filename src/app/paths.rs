//! Classifies paths that `watchfire.toml` names.

use std::path::{Path, PathBuf};

use super::persons::PERSONS;
use crate::config::Config;

/// Whether the directory contains any of a node's files. If not, it is a directory on a person's own machine.
pub fn is_node_here(config: &Config) -> bool {
    let files = [
        &config.tls.certificate,
        &config.tls.key,
        &config.signing.certificate,
        &config.signing.key,
        &config.store,
        &config.storage_key,
    ];
    files.into_iter().any(|file| file.exists())
}

/// Whether a file is secret: one of the node's keys, its store, or a file in the directories of its people or its CA. `real` is its canonical
/// path.
pub fn is_secret(config: &Config, real: &Path) -> bool {
    let Config { dir, tls, signing, ledger, storage_key, store, .. } = config;
    let within = |place: PathBuf| place.canonicalize().is_ok_and(|place| real.starts_with(place));
    // The names of the next ledger key and of the store's other files begin with the name of the main file.
    let is_beside = |file: &PathBuf| {
        let named = |path: &Path| path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
        let home = file.parent().and_then(|parent| parent.canonicalize().ok());
        home.is_some_and(|home| real.parent() == Some(&home)) && named(real).starts_with(&named(file))
    };
    [&tls.key, &signing.key, &ledger.key, storage_key, store].into_iter().any(is_beside)
        || [dir.join(PERSONS), dir.join("ca")].into_iter().any(within)
}
