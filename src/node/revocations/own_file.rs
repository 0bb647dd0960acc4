//! The file with this organisation's own revocation lists.

use std::path::PathBuf;

use tokio::sync::Mutex;

use crate::identity::crl::Crl;

/// What the node knows of its own file.
pub(in crate::node) struct OwnFile {
    /// Where the file is.
    pub(in crate::node) path: PathBuf,
    /// The lists that were in it when it was last read. A second process would have its own, from the file of its own host.
    pub(in crate::node) lists: std::sync::Mutex<Vec<Crl>>,
    /// The lists (DER) in it whose issuer is not known yet. A second process would have its own: a sign-in shows the issuer to one process
    /// only.
    pub(in crate::node) waiting: Mutex<Vec<Vec<u8>>>,
}

impl OwnFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path, lists: std::sync::Mutex::default(), waiting: Mutex::default() }
    }
}
