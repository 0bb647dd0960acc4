//! SHA-256, for everything that is named by its digest.

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
