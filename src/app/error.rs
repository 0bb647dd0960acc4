//! What is wrong with a node's own files: errors that keep it from starting, and notices about what somebody has to mend.

use std::path::{Path, PathBuf};

use crate::{
    domain::{
        fault::Fault,
        ids::{SpiffeId, TrustDomain},
        rules::RuleFault,
    },
    identity::files::FileError,
    seal::sign::KeyError,
    transport::tls_config::TlsConfigError,
};

/// Why a node's own files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum NodeFilesError {
    /// A file is missing, unreadable or open to others.
    #[error(transparent)]
    File(#[from] FileError),
    /// The TLS certificate or its key.
    #[error(transparent)]
    Tls(#[from] TlsConfigError),
    /// The bundle, a revocation list or a certificate.
    #[error("{file}: {fault}")]
    Trust {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The signing key.
    #[error("{file}: {error}")]
    Key {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        error: KeyError,
    },
    /// The storage key.
    #[error("{0} holds no storage key: 64 hexadecimal digits; `watchfire init` makes one, a store can't change it")]
    StorageKey(PathBuf),
    /// A certificate of an organisation other than the configured one.
    #[error(
        "{file}: the certificate is of `{of}`, and watchfire.toml says domain = \"{domain}\"; have the node's, the \
         people's and the root certificates issued for `{domain}`, or write domain = \"{of}\" again"
    )]
    OtherDomain {
        /// Which file.
        file: PathBuf,
        /// Whose certificate it is.
        of: TrustDomain,
        /// The configured organisation.
        domain: TrustDomain,
    },
    /// A certificate that is not a node's.
    #[error("{file}: the certificate is of `{id}`; a node's id is written spiffe://DOMAIN/node/NAME")]
    NoNode {
        /// Which file.
        file: PathBuf,
        /// Whose it is.
        id: SpiffeId,
    },
    /// The ledger's key.
    #[error("{0} holds no Ed25519 key in PKCS#8; put the ledger's key back: partners raise an alarm where it changes")]
    LedgerKey(PathBuf),
    /// The house rules have mistakes.
    #[error("{}", all_faults(.0, .1))]
    Rules(PathBuf, Vec<RuleFault>),
}

/// Each mistake on a line of its own.
fn all_faults(directory: &Path, faults: &[RuleFault]) -> String {
    let lines: Vec<String> = faults.iter().map(|f| format!("{}/{f}", directory.display())).collect();
    lines.join("\n")
}

/// A fault with which a node can start, but does not work fully until somebody mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which file.
    pub file: PathBuf,
    /// What is wrong, and what to do.
    pub message: String,
    /// Whether a certificate set with this notice is unusable, so that it must not replace one without it.
    pub is_unusable: bool,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.message)
    }
}
