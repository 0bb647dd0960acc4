//! Compares the ledger's tree and notes with those that a program in another language has made.

use std::convert::Infallible;

use serde::Deserialize;
use watchfire::{
    ledger::{
        note::{Checkpoint, LogKey, Note},
        tree::{self, Frontier, Hash, Nodes, is_consistent, is_included, leaf_hash, node_hash},
    },
    seal::raw::RawKey,
};

#[derive(Deserialize)]
struct Tree {
    cases: usize,
    leaves: Vec<String>,
    leaf_hashes: Vec<String>,
    roots: Vec<Root>,
    inclusion: Vec<Inclusion>,
    consistency: Vec<Consistency>,
}

#[derive(Deserialize)]
struct Root {
    size: u64,
    root: String,
}

#[derive(Deserialize)]
struct Inclusion {
    index: u64,
    size: u64,
    path: Vec<String>,
}

#[derive(Deserialize)]
struct Consistency {
    first: u64,
    second: u64,
    path: Vec<String>,
}

fn hash(text: &str) -> Hash {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn hashes(texts: &[String]) -> Vec<Hash> {
    texts.iter().map(|t| hash(t)).collect()
}

struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&self, level: u8, place: u64) -> Result<Hash, Infallible> {
        if level == 0 {
            return Ok(leaf_hash(&self.0[place as usize]));
        }
        Ok(node_hash(&self.node(level - 1, 2 * place)?, &self.node(level - 1, 2 * place + 1)?))
    }
}

#[test]
fn the_tree_is_that_of_another_program() {
    let vectors: Tree = serde_json::from_str(include_str!("../ledger/tree.json")).unwrap();
    let leaves = Leaves(hashes(&vectors.leaves));
    let leaf_hashes = hashes(&vectors.leaf_hashes);
    let Tree { roots, inclusion, consistency, .. } = &vectors;
    assert_eq!(leaf_hashes.len() + roots.len() + inclusion.len() + consistency.len(), vectors.cases);
    assert!(leaves.0.iter().map(|l| leaf_hash(l)).eq(leaf_hashes.iter().copied()));
    let root = |size: u64| hash(&vectors.roots.iter().find(|r| r.size == size).unwrap().root);
    for Root { size, root } in &vectors.roots {
        let mut frontier = Frontier::default();
        leaves.0.iter().take(*size as usize).for_each(|leaf| frontier.add(leaf));
        assert_eq!((frontier.root(), tree::root(&leaves, *size)), (hash(root), Ok(hash(root))));
    }
    assert!(vectors.inclusion.len() > 60 && vectors.consistency.len() > 60);
    for Inclusion { index, size, path } in &vectors.inclusion {
        let path = hashes(path);
        assert_eq!(tree::inclusion(&leaves, *index, *size), Ok(path.clone()));
        assert!(is_included(&leaf_hashes[*index as usize], *index, *size, &path, &root(*size)));
    }
    let known: Vec<u64> = vectors.roots.iter().map(|r| r.size).collect();
    for Consistency { first, second, path } in &vectors.consistency {
        let path = hashes(path);
        assert_eq!(tree::consistency(&leaves, *first, *second), Ok(path.clone()));
        if known.contains(first) {
            assert!(is_consistent(*first, &root(*first), *second, &root(*second), &path));
        }
    }
}

#[derive(Deserialize)]
struct Notes {
    cases: usize,
    private_keys: std::collections::BTreeMap<String, String>,
    keys: std::collections::BTreeMap<String, String>,
    origin: String,
    size: u64,
    root: String,
    note: String,
    witness: String,
    seconds: u64,
    cosigned_note: String,
}

/// PKCS#8, version 1, around an Ed25519 seed (RFC 8410).
fn key(seed: &str) -> RawKey {
    let head = hex::decode("302e020100300506032b657004220420").unwrap();
    RawKey::new(&[head, hex::decode(seed).unwrap()].concat()).unwrap()
}

#[test]
fn notes_and_cosignatures_are_those_of_another_program() {
    let vectors: Notes = serde_json::from_str(include_str!("../ledger/notes.json")).unwrap();
    assert_eq!(vectors.cases, [&vectors.note, &vectors.cosigned_note].len());
    let log_key = |name: &String| vectors.keys[name].parse::<LogKey>().unwrap();
    let (own, witness) = (key(&vectors.private_keys[&vectors.origin]), key(&vectors.private_keys[&vectors.witness]));
    assert_eq!(log_key(&vectors.origin).public, own.public_key());
    let checkpoint = Checkpoint { origin: vectors.origin.clone(), size: vectors.size, root: hash(&vectors.root) };
    // Ed25519 signatures are deterministic.
    let note = Note::sign(checkpoint, &own);
    assert_eq!(note.to_string(), vectors.note);
    let line = note.cosign(&witness, &vectors.witness, vectors.seconds);
    assert_eq!(note.with(line).to_string(), vectors.cosigned_note);
    let read = Note::parse(vectors.cosigned_note.as_bytes()).unwrap();
    read.verify(&log_key(&vectors.origin)).unwrap();
    assert_eq!(read.cosigned_by(&log_key(&vectors.witness)).unwrap(), vectors.seconds);
}
