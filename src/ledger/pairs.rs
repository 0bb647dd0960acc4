//! How two partners of one organisation find out that it shows them different heads, without telling anybody else that they are
//! its partners: each head goes as a tag over its size and a check over its root, keyed by what only the organisation's
//! partners hold.

use super::note::Checkpoint;
use crate::seal::{hash::sha256, raw::hmac_sha256};

/// How long a tag or a check is, bytes.
pub const LENGTH: usize = 16;

/// Names a head to who knows the organisation.
pub type Tag = [u8; LENGTH];

/// A head of some organisation, as told to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// Over origin and size.
    pub tag: Tag,
    /// Over origin, size and root.
    pub check: Tag,
}

impl Pair {
    /// Of a head, by one of its organisation's root certificates (DER).
    pub fn of(root_certificate: &[u8], head: &Checkpoint) -> Self {
        let key = sha256(&[root_certificate]);
        let size = head.size.to_be_bytes();
        let tag = hmac_sha256(&key, &[b"watchfire.ledger.tag.v1\0", &size, head.origin.as_bytes()]);
        let check = hmac_sha256(&key, &[b"watchfire.ledger.check.v1\0", &size, &head.root, head.origin.as_bytes()]);
        Self { tag: first(&tag), check: first(&check) }
    }
}

impl Pair {
    /// What nobody recognises and nobody can tell from a head that they do not know: `random` in its place.
    pub fn random_like(random: [u8; 32]) -> Self {
        let (tag, check) = random.split_at(LENGTH);
        let half = |bytes: &[u8]| {
            let mut out = [0; LENGTH];
            // INVARIANT: half of 32 bytes are 16.
            out.copy_from_slice(bytes);
            out
        };
        Self { tag: half(tag), check: half(check) }
    }
}

fn first(tag: &[u8; 32]) -> Tag {
    let mut out = [0; LENGTH];
    // INVARIANT: half of 32 bytes are 16.
    out.copy_from_slice(tag.split_at(LENGTH).0);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_the_root_recognises_a_head_and_nobody_else_does() {
        let head = Checkpoint { origin: "gb.example/ledger".into(), size: 8, root: [1; 32] };
        let forked = Checkpoint { root: [2; 32], ..head.clone() };
        let (here, there) = (Pair::of(b"root", &head), Pair::of(b"root", &forked));
        assert!(here.tag == there.tag && here.check != there.check);
        assert_ne!(Pair::of(b"another", &head).tag, here.tag);
        assert_ne!(Pair::of(b"root", &Checkpoint { size: 9, ..head.clone() }).tag, here.tag);
        assert_ne!(Pair::of(b"root", &Checkpoint { origin: "gb.example/ledger/2".into(), ..head }).tag, here.tag);
    }
}
