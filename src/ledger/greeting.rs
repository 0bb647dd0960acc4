//! What a node tells a partner about ledgers when they meet.

use super::{pairs::Pair, tree::Hash};
use crate::domain::statement::Envelope;

/// How many pairs stand in every greeting, whatever there is to tell; at most as many are taken.
pub const PAIRS: usize = 256;
/// The most notes of others in one greeting.
pub const MAX_CONTESTED: usize = 8;

/// One side's words about ledgers. Nothing in it is verified yet.
#[derive(Debug, Clone, Default)]
pub struct Greeting {
    /// The statement of its ledger key.
    pub key: Option<Envelope>,
    /// Its newest checkpoint.
    pub note: Vec<u8>,
    /// From which size on `proof` leads.
    pub from: u64,
    /// That the ledger only grew since then.
    pub proof: Vec<Hash>,
    /// The other side's newest note that it holds, cosigned; empty: none.
    pub witnessed: Vec<u8>,
    /// Heads of other organisations.
    pub pairs: Vec<Pair>,
    /// Notes of other organisations that do not agree with what the other side holds.
    pub contested: Vec<Vec<u8>>,
}
