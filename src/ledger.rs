//! The ledger without its storage: the Merkle tree, signed notes, exports and proofs, and how partners' heads are judged. No I/O.

pub mod export;
pub mod greeting;
pub mod heads;
pub mod note;
pub mod pairs;
pub mod proof;
pub mod tree;
pub mod views;
