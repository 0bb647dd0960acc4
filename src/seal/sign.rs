//! Signing: keys with their chains, and the statements that they sign.

use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    },
};
use zeroize::Zeroizing;

use super::statement::pre_authentication_encoding;
use crate::{
    domain::{
        ids::SpiffeId,
        statement::{Envelope, Signature, Speaker, StatementKind, Suite},
    },
    wire::speaker::spoken_by,
};

/// Why a key can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key is of no known suite.
    #[error("the signing key is not an Ed25519, ECDSA P-256 or ECDSA P-384 key in PKCS#8")]
    Unusable,
    /// The certificate is of another key.
    #[error("the signing key does not belong to its certificate")]
    Mismatch,
    /// Signing failed.
    #[error("the operating system gives no random bytes to sign with")]
    NoRandomness,
}

enum AnyKeyPair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(Suite, EcdsaKeyPair),
}

/// A signing key with the chain that proves whose it is. It has no `Debug`, so that it can't get into logs.
pub struct SigningKey {
    pair: AnyKeyPair,
    chain: Vec<Vec<u8>>,
    id: SpiffeId,
}

impl SigningKey {
    /// Takes a key in PKCS#8 (DER) and its chain in DER, leaf first. `leaf_key` is the public key in the leaf, and `id` is the id in it.
    ///
    /// # Errors
    /// [`KeyError`], if no suite reads the key, or if the leaf has another key.
    pub fn new(
        pkcs8: &Zeroizing<Vec<u8>>,
        chain: Vec<Vec<u8>>,
        leaf_key: &[u8],
        id: SpiffeId,
    ) -> Result<Self, KeyError> {
        let pair = read(pkcs8)?;
        let public = match &pair {
            AnyKeyPair::Ed25519(pair) => pair.public_key().as_ref(),
            AnyKeyPair::Ecdsa(_, pair) => pair.public_key().as_ref(),
        };
        if public != leaf_key {
            return Err(KeyError::Mismatch);
        }
        Ok(Self { pair, chain, id })
    }

    /// The suite with which it signs.
    pub fn suite(&self) -> Suite {
        match &self.pair {
            AnyKeyPair::Ed25519(_) => Suite::Ed25519,
            AnyKeyPair::Ecdsa(suite, _) => *suite,
        }
    }

    /// The chain that proves whose key it is.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// Signs a payload as a statement of that kind.
    ///
    /// # Errors
    /// [`KeyError`], if the operating system has no random bytes (ECDSA only).
    pub fn sign(&self, kind: StatementKind, payload: &[u8]) -> Result<Signature, KeyError> {
        let message = pre_authentication_encoding(kind, payload);
        let value = match &self.pair {
            AnyKeyPair::Ed25519(pair) => pair.sign(&message).as_ref().to_vec(),
            AnyKeyPair::Ecdsa(_, pair) => {
                pair.sign(&SystemRandom::new(), &message).map_err(|_| KeyError::NoRandomness)?.as_ref().to_vec()
            }
        };
        Ok(Signature { suite: self.suite(), certificates: self.chain.clone(), value })
    }

    /// Makes a statement in which the key's owner speaks, without cosigners, and signs it.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn statement(&self, kind: StatementKind, content: Vec<u8>) -> Result<Envelope, KeyError> {
        self.envelope(kind, self.payload(content))
    }

    /// Makes the payload of a statement in which the key's owner speaks, without cosigners.
    pub fn payload(&self, content: Vec<u8>) -> Vec<u8> {
        spoken_by(&Speaker { id: self.id.clone().into(), cosigners: 0 }, content)
    }

    /// An envelope with a payload and this key's signature.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn envelope(&self, kind: StatementKind, payload: Vec<u8>) -> Result<Envelope, KeyError> {
        let signature = self.sign(kind, &payload)?;
        Ok(Envelope::new(kind, payload, vec![signature]))
    }
}

fn read(pkcs8: &[u8]) -> Result<AnyKeyPair, KeyError> {
    // Other programs write Ed25519 keys as PKCS#8 version 1, without the public key. Both versions are read.
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8) {
        return Ok(AnyKeyPair::Ed25519(pair));
    }
    let random = SystemRandom::new();
    for (suite, algorithm) in [
        (Suite::EcdsaP256Sha256, &ECDSA_P256_SHA256_ASN1_SIGNING),
        (Suite::EcdsaP384Sha384, &ECDSA_P384_SHA384_ASN1_SIGNING),
    ] {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &random) {
            return Ok(AnyKeyPair::Ecdsa(suite, pair));
        }
    }
    Err(KeyError::Unusable)
}
