//! Compares the tree with another implementation and with its definition in the RFC.

use std::convert::Infallible;

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use sha2::Sha256;

use super::*;

/// Stores the leaves, and computes nodes by the definition.
struct Leaves(Vec<[u8; 32]>);

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&self, level: u8, place: u64) -> Result<Hash, Infallible> {
        if level == 0 {
            return Ok(leaf_hash(&self.0[place as usize]));
        }
        Ok(node_hash(&self.node(level - 1, 2 * place)?, &self.node(level - 1, 2 * place + 1)?))
    }
}

fn leaves(count: u64) -> Leaves {
    Leaves((0..count).map(|n| sha256(&[&n.to_be_bytes()])).collect())
}

fn theirs(count: u64) -> MemoryBackedTree<Sha256, [u8; 32]> {
    let mut tree = MemoryBackedTree::new();
    leaves(count).0.into_iter().for_each(|leaf| tree.push(leaf));
    tree
}

fn output(hash: &Hash) -> sha2::digest::Output<Sha256> {
    (*hash).into()
}

#[test]
fn roots_and_proofs_are_those_of_another_implementation() {
    for size in 1..=200_u64 {
        let (ours, theirs) = (leaves(size), theirs(size));
        let Ok(root) = root(&ours, size);
        assert_eq!(root.as_slice(), theirs.root().as_bytes().as_slice(), "the root of {size}");
        for index in 0..size {
            let Ok(path) = inclusion(&ours, index, size);
            assert_eq!(path.concat(), theirs.prove_inclusion(index as usize).as_bytes(), "{index} in {size}");
        }
        for first in 1..size {
            let Ok(path) = consistency(&ours, first, size);
            let other = theirs.prove_consistency((size - first) as usize);
            assert_eq!(path.concat(), other.as_bytes(), "{first} to {size}");
        }
    }
}

#[test]
fn the_other_implementation_accepts_the_proofs_and_this_one_accepts_its() {
    for size in [2, 3, 7, 8, 100, 129, 200_u64] {
        let (ours, theirs) = (leaves(size), theirs(size));
        let Ok(new) = root(&ours, size);
        for index in 0..size {
            let Ok(path) = inclusion(&ours, index, size);
            let proof = InclusionProof::<Sha256>::try_from_bytes(path.concat()).unwrap();
            let known = RootHash::<Sha256>::new(output(&new), size);
            known.verify_inclusion(&ours.0[index as usize], index, &proof).unwrap();
            let their_path = hashes(theirs.prove_inclusion(index as usize).as_bytes());
            assert!(is_included(&leaf_hash(&ours.0[index as usize]), index, size, &their_path, &new));
        }
        for first in 1..size {
            let Ok(old) = root(&ours, first);
            let Ok(path) = consistency(&ours, first, size);
            let proof = ConsistencyProof::<Sha256>::try_from_bytes(path.concat()).unwrap();
            let known = RootHash::<Sha256>::new(output(&new), size);
            known.verify_consistency(&RootHash::new(output(&old), first), &proof).unwrap();
            let their_path = hashes(theirs.prove_consistency((size - first) as usize).as_bytes());
            assert!(is_consistent(first, &old, size, &new, &their_path));
        }
    }
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks(32).map(|h| h.try_into().unwrap()).collect()
}

#[test]
fn every_prefix_is_consistent_and_nothing_else_is() {
    let all = leaves(70);
    for second in 0..=70_u64 {
        let Ok(new) = root(&all, second);
        for first in 0..=second {
            let Ok(old) = root(&all, first);
            let Ok(path) = consistency(&all, first, second);
            assert!(is_consistent(first, &old, second, &new, &path), "{first} to {second}");
            if first > 0 {
                assert!(!is_consistent(first, &[9; 32], second, &new, &path), "another old root");
                assert!(!is_consistent(first, &old, second, &[9; 32], &path), "another new root");
            }
            if first < second && first > 0 {
                assert!(!is_consistent(second, &new, first, &old, &path), "backwards");
                assert!(!is_consistent(second, &new, first, &new, &[]), "one root for two sizes");
                let longer = [path.clone(), vec![[0; 32]]].concat();
                assert!(!is_consistent(first, &old, second, &new, &longer), "a longer path");
                assert!(!is_consistent(first, &old, second, &new, &path[1..]), "a shorter path");
            }
        }
    }
}

#[test]
fn a_leaf_is_included_at_its_own_place_only() {
    let all = leaves(45);
    let Ok(root) = root(&all, 45);
    for index in 0..45_u64 {
        let Ok(path) = inclusion(&all, index, 45);
        let leaf = leaf_hash(&all.0[index as usize]);
        for place in 0..46 {
            assert_eq!(is_included(&leaf, place, 45, &path, &root), place == index);
        }
        assert!(!is_included(&leaf, index, 45, &path[1..], &root));
        assert!(!is_included(&leaf, index, 45, &[path, vec![[0; 32]]].concat(), &root));
        assert!(!is_included(&leaf_hash(b"another"), index, 45, &[], &root));
    }
}

#[test]
fn the_frontier_has_the_roots_of_the_definition_and_tells_of_each_full_subtree_once() {
    let all = leaves(1100);
    let (mut frontier, mut full) = (Frontier::default(), vec![]);
    for size in 0..=1100_u64 {
        if size % 37 == 0 || size < 20 {
            let Ok(expected) = root(&all, size);
            assert_eq!(frontier.root(), expected, "at {size}");
            let read_back = Frontier::new(size, frontier.peaks().to_vec()).unwrap();
            assert_eq!(read_back, frontier);
            assert!(Frontier::new(size + 1, [frontier.peaks(), &[[0; 32], [0; 32]]].concat()).is_none());
        }
        if let Some(leaf) = all.0.get(size as usize) {
            let Ok(()) = frontier.push::<Infallible>(leaf, |level, place, hash| {
                full.push((level, place, *hash));
                Ok(())
            });
        }
    }
    let expected: Vec<_> = (0..4).map(|place| (8, place, all.node(8, place).unwrap())).collect();
    assert_eq!(full, expected);
}

proptest::proptest! {
    #[test]
    fn no_path_panics_or_proves_by_chance(
        first: u64, second: u64, index: u64, path: Vec<[u8; 32]>, old: [u8; 32], new: [u8; 32]
    ) {
        proptest::prop_assert!(!is_included(&old, index, second, &path, &new) || (second == 1 && old == new));
        let proved = is_consistent(first, &old, second, &new, &path);
        proptest::prop_assert!(!proved || first == 0);
    }
}
