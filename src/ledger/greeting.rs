//! What a node tells a partner about ledgers when they meet.

use super::{
    pairs::{Pair, SALT},
    tree::Hash,
    views::{Base, Shown},
};
use crate::domain::statement::Envelope;

/// How many pairs stand in every greeting, whatever there is to tell; at most as many are taken.
pub const PAIRS: usize = 256;
/// The most keys before the newest one in one greeting.
pub const EARLIER_KEYS: usize = 16;
/// The most heads of others in one greeting.
pub const MAX_CONTESTED: usize = 8;

/// One side's words about ledgers. Nothing in it is verified yet.
#[derive(Debug, Clone, Default)]
pub struct Greeting {
    /// The statement of its ledger key.
    pub key: Option<Envelope>,
    /// The statements of the keys before it that the other side may lack, ascending by epoch.
    pub earlier_keys: Vec<Envelope>,
    /// The other side's newest key that this side holds, where it shows an earlier one.
    pub your_key: Option<Envelope>,
    /// Its newest checkpoint.
    pub note: Vec<u8>,
    /// From which size on `proof` leads.
    pub from: u64,
    /// That the ledger only grew since then.
    pub proof: Vec<Hash>,
    /// The root at the last multiple of 64 entries, with the proof to the newest checkpoint; `None` before the first one.
    pub base: Option<Base>,
    /// The other side's newest note that it holds, cosigned; empty: none.
    pub witnessed: Vec<u8>,
    /// At which sizes it asks for the other side's root.
    pub questions: Vec<u64>,
    /// What the other side has asked for, proved to lead to the newest checkpoint.
    pub answers: Vec<Base>,
    /// What the pairs are salted with.
    pub salt: [u8; SALT],
    /// Roots of other organisations.
    pub pairs: Vec<Pair>,
    /// Roots of other organisations that do not agree with what the other side holds, or that it does not hold.
    pub contested: Vec<Shown>,
}
