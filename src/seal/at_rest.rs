//! Encryption at rest: AES-256-GCM under a random key per assessment, itself wrapped by the node's storage key.
//! Every ciphertext is bound to its row, so that nobody who can write to the store can swap rows.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::{Zeroize, Zeroizing};

use super::random::{self, NoRandomness};

/// Length of a key, bytes.
pub const KEY_LEN: usize = 32;

/// Why stored bytes can't be encrypted or decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AtRestError {
    /// The bytes were changed or moved, or were encrypted under another key.
    #[error("stored bytes do not decrypt: they were changed, moved, or belong to another storage key")]
    Corrupt,
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// A key for data at rest. It has no `Debug`, so that it can't get into logs.
///
/// A key for one assessment encrypts only a few rows, so random 96-bit nonces don't repeat. The storage key may wrap 2^32 keys before the chance
/// of a repeat reaches 2^-32 (NIST SP 800-38D §8.3).
pub struct RestKey(LessSafeKey);

impl RestKey {
    /// Makes a key from its bytes.
    pub fn new(bytes: &[u8; KEY_LEN]) -> Self {
        // INVARIANT: AES-256-GCM keys have 32 bytes, so `new` can't fail.
        #[expect(clippy::expect_used, reason = "the length is a constant of the type")]
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("32 bytes make an AES-256 key");
        Self(LessSafeKey::new(key))
    }

    /// Fresh bytes for a key.
    ///
    /// # Errors
    /// [`NoRandomness`], if the operating system has no random bytes.
    pub fn generate() -> Result<Zeroizing<[u8; KEY_LEN]>, NoRandomness> {
        random::bytes().map(Zeroizing::new)
    }

    /// Encrypts, and binds the ciphertext to `row`. Returns nonce || ciphertext || tag.
    ///
    /// # Errors
    /// [`AtRestError::NoRandomness`], if the operating system has no random bytes.
    pub fn seal(&self, row: &[u8], plain: &[u8]) -> Result<Vec<u8>, AtRestError> {
        let nonce: [u8; NONCE_LEN] = random::bytes()?;
        let mut out = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plain);
        let body = out.get_mut(NONCE_LEN..).ok_or(AtRestError::Corrupt)?;
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(row), body)
            .map_err(|_| AtRestError::Corrupt)?;
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Decrypts what [`Self::seal`] has encrypted under the same key for the same row.
    ///
    /// # Errors
    /// [`AtRestError::Corrupt`], if the bytes were changed or moved, or belong to another key.
    pub fn open(&self, row: &[u8], sealed: &[u8]) -> Result<Vec<u8>, AtRestError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(AtRestError::Corrupt)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| AtRestError::Corrupt)?;
        let mut body = body.to_vec();
        let length = match self.0.open_in_place(nonce, Aad::from(row), &mut body) {
            Ok(plain) => plain.len(),
            Err(_) => {
                body.zeroize();
                return Err(AtRestError::Corrupt);
            }
        };
        body.truncate(length);
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_nonces_are_fresh_each_time() {
        let (one, other) = (RestKey::generate().unwrap(), RestKey::generate().unwrap());
        assert!(*one != *other && *one != [0; KEY_LEN] && *other != [0; KEY_LEN]);
        let key = RestKey::new(&one);
        let (first, second) = (key.seal(b"row", b"plain").unwrap(), key.seal(b"row", b"plain").unwrap());
        assert_ne!(first[..NONCE_LEN], second[..NONCE_LEN]);
    }

    proptest::proptest! {
        #[test]
        fn what_was_sealed_opens_for_its_row_only(row: Vec<u8>, other: Vec<u8>, plain: Vec<u8>, at: usize) {
            let key = RestKey::new(&[7; 32]);
            let sealed = key.seal(&row, &plain).unwrap();
            proptest::prop_assert_eq!(key.open(&row, &sealed).unwrap(), plain);
            if other != row {
                proptest::prop_assert_eq!(key.open(&other, &sealed), Err(AtRestError::Corrupt));
            }
            let mut flipped = sealed.clone();
            let at = at % flipped.len();
            flipped[at] ^= 1;
            proptest::prop_assert_eq!(key.open(&row, &flipped), Err(AtRestError::Corrupt));
            proptest::prop_assert!(RestKey::new(&[8; 32]).open(&row, &sealed).is_err());
        }
    }
}
