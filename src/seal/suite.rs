//! The closed set of signature suites.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A signature suite, named in each signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// Ed25519, RFC 8032, 64-byte signatures. The default.
    Ed25519,
    /// ECDSA on P-256 with SHA-256, ASN.1 DER signatures (RFC 3279).
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384, ASN.1 DER signatures (RFC 3279).
    EcdsaP384Sha384,
}

impl Suite {
    /// The name in `--json` and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Suite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Ed25519, Self::EcdsaP256Sha256, Self::EcdsaP384Sha384]
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| format!("`{}` is no signature suite", crate::domain::ids::shorten(text)))
    }
}
