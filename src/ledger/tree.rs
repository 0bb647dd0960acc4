//! The Merkle tree of RFC 9162 §2.1, over leaves of 32 bytes. Proofs are made from any storage of the nodes.
//!
//! This is our own code, because the standard is short and its crates do not fit. `ct-merkle` keeps the whole tree in memory. `tlog_tiles`
//! brings URL and base64 libraries that nothing else here needs. Both hash with another library than ring. The tests compare with `ct-merkle`,
//! and the vectors with a program in another language.

use crate::seal::hash::sha256;

/// A node of the tree.
pub type Hash = [u8; 32];

/// Full subtrees are stored at every eighth level. A proof then reads at most 255 nodes a level, and an entry costs 1/256 row in addition to its
/// own.
pub const KEPT_LEVELS: u8 = 8;
/// The deepest tree: 2^40 leaves.
pub const MAX_LEVEL: u8 = 40;

/// The hash of a leaf.
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// The hash of two adjacent nodes.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The right edge of a tree: the roots of its full subtrees, the largest first, one for each one-bit of its size. It is enough for appending and
/// for computing the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Makes the right edge from its stored form.
    ///
    /// # Errors
    /// `None`, if the number of peaks does not fit the size.
    pub fn new(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == usize::try_from(size.count_ones()).unwrap_or(usize::MAX)).then_some(Self { size, peaks })
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the full subtrees, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf. Calls `full` for each subtree that becomes full by it and should be stored, with level, place and root.
    ///
    /// # Errors
    /// The errors of `full`.
    pub fn push<E>(&mut self, leaf: &[u8], mut full: impl FnMut(u8, u64, &Hash) -> Result<(), E>) -> Result<(), E> {
        let mut node = leaf_hash(leaf);
        let mut level = 0_u8;
        while (self.size >> level) & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            level += 1;
            if level.is_multiple_of(KEPT_LEVELS) {
                full(level, self.size >> level, &node)?;
            }
        }
        self.peaks.push(node);
        self.size += 1;
        Ok(())
    }

    /// Appends a leaf without storing subtrees.
    pub fn add(&mut self, leaf: &[u8]) {
        let Ok(()) = self.push::<std::convert::Infallible>(leaf, |_, _, _| Ok(()));
    }

    /// The root.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The storage of full subtrees' nodes.
pub trait Nodes {
    /// Why a node can't be read.
    type Error;
    /// The root of the full subtree at a level (0: leaves) and place.
    ///
    /// # Errors
    /// The node can't be read.
    fn node(&self, level: u8, place: u64) -> Result<Hash, Self::Error>;
}

/// `count` leaves from `start` on.
#[derive(Clone, Copy)]
struct Span {
    start: u64,
    count: u64,
}

impl Span {
    /// Splits the span into the left part, which is full, and the right part. `None` for a single leaf.
    fn split(self) -> Option<(Self, Self)> {
        let left = self.count.checked_sub(1)?.checked_ilog2().map(|bits| 1 << bits)?;
        Some((Self { start: self.start, count: left }, Self { start: self.start + left, count: self.count - left }))
    }

    fn root<N: Nodes>(self, nodes: &N) -> Result<Hash, N::Error> {
        if self.count.is_power_of_two() {
            let level = self.count.trailing_zeros();
            return nodes.node(u8::try_from(level).unwrap_or(u8::MAX), self.start >> level);
        }
        match self.split() {
            Some((left, right)) => Ok(node_hash(&left.root(nodes)?, &right.root(nodes)?)),
            None => Ok(empty_root()),
        }
    }
}

/// The root over the first `size` leaves.
///
/// # Errors
/// A node can't be read.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    Span { start: 0, count: size }.root(nodes)
}

/// The proof that a leaf is among the first `size` leaves (RFC 9162 §2.1.3.1).
///
/// # Errors
/// A node can't be read.
pub fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let mut path = vec![];
    let mut span = Span { start: 0, count: size };
    while let Some((left, right)) = span.split() {
        let (next, sibling) = if index < right.start { (left, right) } else { (right, left) };
        path.push(sibling.root(nodes)?);
        span = next;
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `second` leaves begins with the tree of `first` leaves (RFC 9162 §2.1.4.1).
///
/// # Errors
/// A node can't be read.
pub fn consistency<N: Nodes>(nodes: &N, first: u64, second: u64) -> Result<Vec<Hash>, N::Error> {
    let mut path = vec![];
    if first == 0 || first >= second {
        return Ok(path);
    }
    let mut span = Span { start: 0, count: second };
    let mut is_known = true;
    while first != span.start + span.count {
        let Some((left, right)) = span.split() else { break };
        if first <= right.start {
            path.push(right.root(nodes)?);
            span = left;
        } else {
            path.push(left.root(nodes)?);
            span = right;
            is_known = false;
        }
    }
    if !is_known {
        path.push(span.root(nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// Whether the path proves that the leaf's hash is at that index of the tree (RFC 9162 §2.1.3.2).
pub fn is_included(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut node) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            node = node_hash(sibling, &node);
            // Up to the level at which it is odd and so has a sibling on its left.
            let up = place.trailing_zeros().min(63);
            (place, last) = (place >> up, last >> up);
        } else {
            node = node_hash(&node, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && node == *root
}

/// Whether the path proves that the tree of `second` leaves with the root `second_root` begins with that of `first` leaves with the root
/// `first_root` (RFC 9162 §2.1.4.2).
pub fn is_consistent(first: u64, first_root: &Hash, second: u64, second_root: &Hash, path: &[Hash]) -> bool {
    if first == second {
        return first_root == second_root && path.is_empty();
    }
    if first == 0 {
        return path.is_empty();
    }
    if first > second {
        return false;
    }
    let (mut place, mut last) = (first - 1, second - 1);
    let up = place.trailing_ones();
    (place, last) = (place.checked_shr(up).unwrap_or(0), last.checked_shr(up).unwrap_or(0));
    let mut rest = path.iter();
    let start = if first.is_power_of_two() { Some(first_root) } else { rest.next() };
    let Some(start) = start else { return false };
    let (mut old, mut new) = (*start, *start);
    for node in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            (old, new) = (node_hash(node, &old), node_hash(node, &new));
            // Up to the level at which it is odd and so has a sibling on its left.
            let up = place.trailing_zeros().min(63);
            (place, last) = (place >> up, last >> up);
        } else {
            new = node_hash(&new, node);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && old == *first_root && new == *second_root
}

#[cfg(test)]
#[path = "tree/tests.rs"]
mod tests;
