//! SHA-256.

use ring::digest;

/// SHA-256 over the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; 32];
    // INVARIANT: a SHA-256 digest has 32 bytes, as `out` has.
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// SHA-256 over bytes that come in pieces.
pub struct Sha256Stream(digest::Context);

impl Default for Sha256Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl Sha256Stream {
    /// Begins with no bytes.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes.
    pub fn finish(self) -> [u8; 32] {
        let mut out = [0; 32];
        // INVARIANT: a SHA-256 digest has 32 bytes, as `out` has.
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }
}
