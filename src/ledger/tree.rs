//! The Merkle tree of RFC 9162 §2.1, over leaves of 32 bytes, with proofs made from whatever keeps its nodes.
//!
//! Own code, as the standard is short and its crates do not fit: `ct-merkle` keeps the whole tree in memory, `tlog_tiles` brings
//! URL and base64 libraries that nothing else here needs, and both hash with another library than ring. The tests compare with
//! `ct-merkle`, and the vectors with a program in another language.

use crate::seal::hash::sha256;

/// A node of the tree.
pub type Hash = [u8; 32];

/// Full subtrees of every eighth level are kept, so that a proof reads at most 255 nodes a level, and an entry costs one row in
/// 256 beside its own.
pub const KEPT_LEVELS: u8 = 8;
/// The deepest tree that is thought of: 2^40 leaves.
pub const MAX_LEVEL: u8 = 40;

/// The hash of a leaf.
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// The hash of two nodes side by side.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The right edge of a tree: the roots of its full subtrees, the largest first; one for each one-bit of its size. What is needed
/// to append and to tell the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// As it was written down.
    ///
    /// # Errors
    /// `None` where there are not as many peaks as the size has.
    pub fn new(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == usize::try_from(size.count_ones()).unwrap_or(usize::MAX)).then_some(Self { size, peaks })
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the full subtrees, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf. `full` is told of each subtree that becomes full by it and is worth keeping: level, place, root.
    ///
    /// # Errors
    /// Those of `full`.
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

    /// Appends a leaf, where nothing is kept.
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

/// Whatever keeps the nodes of full subtrees.
pub trait Nodes {
    /// Why a node can't be had.
    type Error;
    /// The root of the full subtree at a level (0: leaves) and place.
    ///
    /// # Errors
    /// Where it can't be had.
    fn node(&self, level: u8, place: u64) -> Result<Hash, Self::Error>;
}

/// Leaves from `start` on, `count` of them.
#[derive(Clone, Copy)]
struct Span {
    start: u64,
    count: u64,
}

impl Span {
    /// The left part, which is full, and the right one. Of one leaf there are none.
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
/// Where a node can't be had.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    Span { start: 0, count: size }.root(nodes)
}

/// The proof that a leaf is among the first `size` leaves (RFC 9162 §2.1.3.1).
///
/// # Errors
/// Where a node can't be had.
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
/// Where a node can't be had.
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

/// Whether the path proves that the leaf's hash stands at that index of the tree (RFC 9162 §2.1.3.2).
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
            // Up to where it is odd, and so has a sibling on its left.
            let up = place.trailing_zeros().min(63);
            (place, last) = (place >> up, last >> up);
        } else {
            node = node_hash(&node, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && node == *root
}

/// Whether the path proves that the tree of `second` leaves begins with that of `first` leaves (RFC 9162 §2.1.4.2).
pub fn is_consistent(first: (u64, &Hash), second: (u64, &Hash), path: &[Hash]) -> bool {
    if first.0 == second.0 {
        return first.1 == second.1 && path.is_empty();
    }
    if first.0 == 0 {
        return path.is_empty();
    }
    if first.0 > second.0 {
        return false;
    }
    let (mut place, mut last) = (first.0 - 1, second.0 - 1);
    let up = place.trailing_ones();
    (place, last) = (place.checked_shr(up).unwrap_or(0), last.checked_shr(up).unwrap_or(0));
    let mut rest = path.iter();
    let start = if first.0.is_power_of_two() { Some(first.1) } else { rest.next() };
    let Some(start) = start else { return false };
    let (mut old, mut new) = (*start, *start);
    for node in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            (old, new) = (node_hash(node, &old), node_hash(node, &new));
            // Up to where it is odd, and so has a sibling on its left.
            let up = place.trailing_zeros().min(63);
            (place, last) = (place >> up, last >> up);
        } else {
            new = node_hash(&new, node);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && old == *first.1 && new == *second.1
}

#[cfg(test)]
#[path = "tree/tests.rs"]
mod tests;
