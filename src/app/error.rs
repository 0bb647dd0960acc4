//! Why a node does not start, and what is wrong with its own files: errors, and notices about what somebody has to correct.

use std::path::{Path, PathBuf};

use crate::{
    domain::{
        fault::Fault,
        ids::{SpiffeId, TrustDomain},
        rules::RuleFault,
    },
    identity::files::FileError,
    seal::sign::KeyError,
    store::StoreError,
    transport::tls_config::TlsConfigError,
};

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Keys, certificates, bundle or revocation lists can't be used.
    #[error(transparent)]
    Files(#[from] NodeFilesError),
    /// The TLS settings are invalid.
    #[error(transparent)]
    Tls(#[from] TlsConfigError),
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The node can't work with what the store contains.
    #[error("the node can't start: {0}")]
    Node(#[from] Fault),
    /// An address is taken or not available.
    #[error("can't listen on {address} ({key} in watchfire.toml): {error}")]
    Listen {
        /// The address.
        address: String,
        /// The key that names it in `watchfire.toml`.
        key: &'static str,
        /// What the operating system said.
        error: std::io::Error,
    },
}

/// Why a node's own files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum NodeFilesError {
    /// A file is missing, unreadable or open to others.
    #[error(transparent)]
    File(#[from] FileError),
    /// The TLS certificate or its key can't be used.
    #[error(transparent)]
    Tls(#[from] TlsConfigError),
    /// The bundle, a revocation list or a certificate is invalid.
    #[error("{file}: {fault}")]
    Trust {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The signing key can't be used.
    #[error("{file}: {error}")]
    Key {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: KeyError,
    },
    /// The storage key can't be read.
    #[error(
        "{0} contains no storage key (64 hexadecimal digits); restore the file, since the key of a store can't be changed"
    )]
    StorageKey(PathBuf),
    /// A certificate is of another organisation than the configured one.
    #[error(
        "{file}: the certificate is of `{of}`, and watchfire.toml says domain = \"{domain}\"; have the node's, the \
         people's and the root certificates issued for `{domain}`, or write domain = \"{of}\" again"
    )]
    OtherDomain {
        /// The file.
        file: PathBuf,
        /// The organisation that the certificate names.
        of: TrustDomain,
        /// The configured organisation.
        domain: TrustDomain,
    },
    /// The certificate is not a node's.
    #[error("{file}: the certificate is of `{id}`; a node's id is written spiffe://DOMAIN/node/NAME")]
    NoNode {
        /// The file.
        file: PathBuf,
        /// The id in the certificate.
        id: SpiffeId,
    },
    /// The ledger's key can't be read.
    #[error(
        "{0} contains no Ed25519 key in PKCS#8; restore the ledger's key, because partners raise an alarm if it changes"
    )]
    LedgerKey(PathBuf),
    /// The house rules contain mistakes.
    #[error("{}", all_faults(.0, .1))]
    Rules(PathBuf, Vec<RuleFault>),
}

/// Lists each mistake on a line of its own.
fn all_faults(directory: &Path, faults: &[RuleFault]) -> String {
    let lines: Vec<String> = faults.iter().map(|f| format!("{}/{f}", directory.display())).collect();
    lines.join("\n")
}

/// A fault that does not keep a node from starting, but limits what it can do until somebody corrects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartupNotice {
    /// The file.
    pub file: PathBuf,
    /// What is wrong, and what to do.
    pub message: String,
    /// Whether a certificate set with this notice is unusable. Such a set must not replace one without this notice.
    pub is_unusable: bool,
}

impl std::fmt::Display for StartupNotice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.message)
    }
}
