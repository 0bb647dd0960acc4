//! Signatures over bytes that are not statements, and keyed hashes. The ledger uses them for its notes and heads.

use ring::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair},
};
use zeroize::Zeroizing;

use super::{
    keyed_hash::tag,
    random::{self, NoRandomness},
    sign::KeyError,
};

/// The length of an Ed25519 public key, bytes.
pub const PUBLIC_KEY_LEN: usize = 32;

/// The bytes before the 32 random bytes of an Ed25519 key in PKCS#8 version 1 (RFC 8410, section 7). ring writes version 2, which OpenSSL 3.0
/// and many other tools can't read.
const PKCS8_V1: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// An Ed25519 key without a certificate. It has no `Debug`, so that it can't get into logs.
pub struct RawKey(Ed25519KeyPair);

impl RawKey {
    /// Reads a key in PKCS#8 (DER).
    ///
    /// # Errors
    /// [`KeyError`], if it is not an Ed25519 key.
    pub fn new(pkcs8: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map(Self).map_err(|_| KeyError::Unusable)
    }

    /// Makes a fresh key. Returns it as PKCS#8 version 1 (DER).
    ///
    /// # Errors
    /// [`NoRandomness`], if the operating system has no random bytes.
    pub fn generate() -> Result<Zeroizing<Vec<u8>>, NoRandomness> {
        let secret = Zeroizing::new(random::bytes::<32>()?);
        Ok(Zeroizing::new([PKCS8_V1.as_slice(), secret.as_slice()].concat()))
    }

    /// The public key.
    pub fn public_key(&self) -> [u8; PUBLIC_KEY_LEN] {
        let mut key = [0; PUBLIC_KEY_LEN];
        // INVARIANT: an Ed25519 public key has 32 bytes, as `key` has.
        key.copy_from_slice(self.0.public_key().as_ref());
        key
    }

    /// Signs exactly these bytes. The caller must keep the purposes of a key apart.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

/// HMAC-SHA256 over the parts, one after the other.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    tag(&hmac::Key::new(hmac::HMAC_SHA256, key), parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyed_hash_is_that_of_rfc_4231() {
        // Test case 2.
        let tag = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex::encode(tag), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn a_fresh_key_reads_back_and_is_another_each_time() {
        let pkcs8 = RawKey::generate().unwrap();
        let (one, same) = (RawKey::new(&pkcs8).unwrap(), RawKey::new(&pkcs8).unwrap());
        assert_eq!(one.public_key(), same.public_key());
        assert_ne!(one.public_key(), RawKey::new(&RawKey::generate().unwrap()).unwrap().public_key());
        assert!(RawKey::new(b"no key").is_err());
    }

    #[test]
    fn the_form_of_a_fresh_key_is_that_of_rfc_8410_and_keys_in_the_later_form_are_read() {
        // Section 10.3: a key in version 1 with its public half, and the same key in version 2 with attributes.
        let v1 = "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842";
        let public = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
        let key = |text: &str| RawKey::new(&hex::decode(text).unwrap());
        assert_eq!(hex::encode(key(v1).unwrap().public_key()), public);
        assert_eq!(hex::encode(PKCS8_V1), v1[..32]);
        assert_eq!(RawKey::generate().unwrap().len() * 2, v1.len());
        // The form that ring writes.
        let v2 = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
        assert!(v2.as_ref()[4] == 1 && RawKey::new(v2.as_ref()).is_ok());
    }
}
