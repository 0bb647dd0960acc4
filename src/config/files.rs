//! Files that the configuration names.

use std::path::PathBuf;

/// A certificate chain and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// PEM, leaf first.
    pub certificate: PathBuf,
    /// PEM, PKCS#8, mode 0600.
    pub key: PathBuf,
}
