//! HMAC-SHA256 under keys that are derived from the storage key, each for one purpose.

use ring::{
    hkdf::{HKDF_SHA256, Salt},
    hmac::{self, HMAC_SHA256},
};

use super::at_rest::KEY_LEN;

/// Separates the derived keys from any other use of HKDF.
const DOMAIN: &[u8] = b"watchfire.keyed-hash.v1";

/// A derived key for HMAC. It has no `Debug`, so that it can't get into logs.
pub struct KeyedHash(hmac::Key);

impl KeyedHash {
    /// Derives the key for a purpose by HKDF-SHA256 (RFC 5869).
    pub fn derive(storage_key: &[u8; KEY_LEN], purpose: &str) -> Self {
        let info = [purpose.as_bytes()];
        let key = Salt::new(HKDF_SHA256, DOMAIN).extract(storage_key);
        // INVARIANT: HKDF expands to at most 255 digests, and this is one.
        #[expect(clippy::expect_used, reason = "the length is that of one digest")]
        let material = key.expand(&info, HMAC_SHA256).expect("one digest is short enough");
        Self(hmac::Key::from(material))
    }

    /// The HMAC of the parts, one after the other. The caller sees to it that different parts don't join to the same bytes.
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        tag(&self.0, parts)
    }
}

/// HMAC-SHA256 over the parts, one after the other.
pub(super) fn tag(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 32];
    // INVARIANT: a tag of HMAC-SHA256 has 32 bytes, as `out` has.
    out.copy_from_slice(context.sign().as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_and_each_storage_key_has_a_key_of_its_own() {
        let hash = |key: u8, purpose: &str, text: &[u8]| KeyedHash::derive(&[key; KEY_LEN], purpose).hash(&[text]);
        assert_eq!(hash(1, "words", b"x"), hash(1, "words", b"x"));
        for other in [hash(2, "words", b"x"), hash(1, "names", b"x"), hash(1, "words", b"y")] {
            assert_ne!(hash(1, "words", b"x"), other);
        }
    }

    #[test]
    fn the_hash_is_hmac_under_the_key_of_hkdf() {
        // The same by Python's `hmac`: extract with the domain as salt, expand with the purpose, then HMAC-SHA256.
        let hash = KeyedHash::derive(&[7; KEY_LEN], "words").hash(&[b"sa", b"lt"]);
        assert_eq!(hex::encode(hash), "98a2f5fdfd19b7ad2e298ef6b7b5e7164dbc18d708ce17a7cb95ce474ee636d4");
    }
}
