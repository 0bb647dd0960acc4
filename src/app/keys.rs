//! Reads the keys of a node and of the persons in its directory.

use std::path::Path;

use zeroize::Zeroizing;

use super::error::NodeFilesError;
use crate::{
    config::Config,
    identity::{
        certificate::Leaf,
        files::{Existing, read_chain, read_pkcs8, read_secret, to_pem, write_secret},
    },
    seal::{
        raw::RawKey,
        sign::{KeyError, SigningKey},
    },
};

/// The node's signing key with its chain.
///
/// # Errors
/// [`NodeFilesError`], if the certificate or the key can't be used.
pub fn load_key(config: &Config) -> Result<SigningKey, NodeFilesError> {
    signing_key(&config.signing.certificate, &config.signing.key)
}

/// A signing key with its chain, from files.
///
/// # Errors
/// [`NodeFilesError`], if the certificate or the key can't be used.
pub fn signing_key(certificate: &Path, key: &Path) -> Result<SigningKey, NodeFilesError> {
    let chain: Vec<Vec<u8>> = read_chain(certificate)?.iter().map(|c| c.to_vec()).collect();
    let leaf = chain.first().map(|der| Leaf::parse(der)).transpose();
    let leaf = leaf.map_err(|fault| NodeFilesError::Trust { file: certificate.to_owned(), fault })?;
    let pkcs8 = read_pkcs8(key)?;
    let mismatch = || NodeFilesError::Key { file: key.to_owned(), error: KeyError::Mismatch };
    let leaf = leaf.ok_or_else(mismatch)?;
    SigningKey::new(&pkcs8, chain, &leaf.public_key, leaf.id)
        .map_err(|error| NodeFilesError::Key { file: key.to_owned(), error })
}

/// The ledger's key. `None` if the node has none yet.
pub(super) fn load_ledger_key(path: &Path) -> Result<Option<RawKey>, NodeFilesError> {
    if !path.exists() {
        return Ok(None);
    }
    let pkcs8 = read_pkcs8(path)?;
    RawKey::new(&pkcs8).map(Some).map_err(|_| NodeFilesError::LedgerKey(path.to_owned()))
}

/// Creates the ledger's key, for a node that has none.
///
/// # Errors
/// [`NodeFilesError`], if the key can't be made or written.
pub fn make_ledger_key(path: &Path) -> Result<RawKey, NodeFilesError> {
    let pkcs8 = RawKey::generate().map_err(|_| NodeFilesError::LedgerKey(path.to_owned()))?;
    write_secret(path, to_pem("PRIVATE KEY", &pkcs8).as_bytes(), Existing::Keep)?;
    RawKey::new(&pkcs8).map_err(|_| NodeFilesError::LedgerKey(path.to_owned()))
}

/// The key under which the store's content is encrypted.
pub(super) fn load_storage_key(path: &Path) -> Result<Zeroizing<[u8; 32]>, NodeFilesError> {
    let text = read_secret(path)?;
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim_ascii(), &mut *key).map_err(|_| NodeFilesError::StorageKey(path.to_owned()))?;
    Ok(key)
}
