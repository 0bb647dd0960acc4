//! How two partners of one organisation find out that it shows them different ledgers, without telling anybody else that they are its partners.
//! Each root at a multiple is sent as a tag, the size under a mask, and a check over the root. The key for these is known only to those who know
//! the organisation. The salt makes the pairs of each greeting different, so nothing can be linked from one greeting to the next.

use crate::seal::{hash::sha256, raw::hmac_sha256};

/// The length of a tag or a check, in bytes.
pub const LENGTH: usize = 16;
/// The length of a greeting's salt, in bytes.
pub const SALT: usize = 16;
/// The length of a pair, in bytes: tag, size and check.
pub const PAIR: usize = LENGTH + 8 + LENGTH;

/// Identifies an organisation to those who know it.
pub type Tag = [u8; LENGTH];

/// The root of some organisation's ledger at a size, as it is sent to another organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair {
    /// A tag for the position among the organisation's newest multiples.
    pub tag: Tag,
    /// The masked size.
    pub size: [u8; 8],
    /// A check over size and root.
    pub check: Tag,
}

/// The key for the pairs about one organisation in one greeting.
pub struct Keyed {
    key: [u8; 32],
    salt: [u8; SALT],
    origin: String,
}

impl Keyed {
    /// Derives the key from a root certificate (DER) of the organisation, the greeting's salt and the ledger's name.
    pub fn new(root_certificate: &[u8], salt: [u8; SALT], origin: &str) -> Self {
        Self { key: sha256(&[root_certificate]), salt, origin: origin.to_owned() }
    }

    /// The tag for the position `n` among the newest multiples.
    pub fn tag(&self, n: u8) -> Tag {
        first(&self.mac(b"watchfire.ledger.tag.v1\0", &[&[n]]))
    }

    /// The pair for a multiple at the position `n`.
    pub fn pair(&self, n: u8, size: u64, root: &[u8; 32]) -> Pair {
        Pair { tag: self.tag(n), size: self.masked(n, size.to_be_bytes()), check: self.check(size, root) }
    }

    /// The size in a pair at the position `n`.
    pub fn size(&self, n: u8, pair: &Pair) -> u64 {
        u64::from_be_bytes(self.masked(n, pair.size))
    }

    /// The check for a size and a root.
    pub fn check(&self, size: u64, root: &[u8; 32]) -> Tag {
        first(&self.mac(b"watchfire.ledger.check.v1\0", &[&size.to_be_bytes(), root]))
    }

    fn masked(&self, n: u8, size: [u8; 8]) -> [u8; 8] {
        let mask = self.mac(b"watchfire.ledger.size.v1\0", &[&[n]]);
        let mut out = size;
        out.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        out
    }

    fn mac(&self, what: &[u8], parts: &[&[u8]]) -> [u8; 32] {
        let all: Vec<&[u8]> =
            [what, &self.salt].into_iter().chain(parts.iter().copied()).chain([self.origin.as_bytes()]).collect();
        hmac_sha256(&self.key, &all)
    }
}

impl Pair {
    /// Splits the bytes of a pair. Any bytes are a pair.
    pub fn from_bytes(bytes: &[u8; PAIR]) -> Self {
        let (tag, rest) = bytes.split_at(LENGTH);
        let (size, check) = rest.split_at(8);
        let mut pair = Self { tag: [0; LENGTH], size: [0; 8], check: [0; LENGTH] };
        // INVARIANT: the parts have the lengths of the fields.
        pair.tag.copy_from_slice(tag);
        pair.size.copy_from_slice(size);
        pair.check.copy_from_slice(check);
        pair
    }

    /// The bytes of tag, size and check.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.tag[..], &self.size, &self.check].concat()
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

    fn keyed(root: &[u8], salt: u8, origin: &str) -> Keyed {
        Keyed::new(root, [salt; SALT], origin)
    }

    #[test]
    fn who_holds_the_root_certificate_reads_a_pair_and_nobody_else_does() {
        let here = keyed(b"root", 1, "gb.example/ledger");
        let pair = here.pair(0, 640, &[1; 32]);
        assert_eq!((here.size(0, &pair), pair.check), (640, here.check(640, &[1; 32])));
        assert_ne!(pair.check, here.check(640, &[2; 32]));
        for other in [keyed(b"another", 1, "gb.example/ledger"), keyed(b"root", 2, "gb.example/ledger")] {
            assert!(other.tag(0) != pair.tag && other.size(0, &pair) != 640);
        }
        assert_ne!(keyed(b"root", 1, "gb.example/ledger/2").tag(0), pair.tag);
    }

    #[test]
    fn nothing_of_a_pair_stays_from_one_greeting_to_the_next() {
        let pair = |salt| keyed(b"root", salt, "gb.example/ledger").pair(0, 640, &[1; 32]);
        let (one, other) = (pair(1), pair(2));
        assert!(one.tag != other.tag && one.size != other.size && one.check != other.check);
        // Nor can a position be linked to another position.
        let here = keyed(b"root", 1, "gb.example/ledger");
        let (first, second) = (here.pair(0, 640, &[1; 32]), here.pair(1, 640, &[1; 32]));
        assert!(first.tag != second.tag && first.size != second.size);
    }

    #[test]
    fn a_pair_reads_back_from_its_bytes() {
        let pair = keyed(b"root", 1, "gb.example/ledger").pair(1, 64, &[7; 32]);
        assert_eq!(Pair::from_bytes(pair.to_bytes().as_slice().try_into().unwrap()), pair);
    }
}
