//! What two nodes tell each other about ledgers in a hello.

use super::{
    pairs::{Pair, SALT},
    tree::Hash,
    views::{Base, SignedBase},
};
use crate::domain::statement::Envelope;

/// How many pairs every greeting contains, however many roots there are. No more are accepted.
pub const PAIRS: usize = 256;
/// The most earlier keys in one greeting.
pub const EARLIER_KEYS: usize = 16;
/// The most contested heads of other organisations in one greeting.
pub const MAX_CONTESTED: usize = 8;

/// What one side says about ledgers. Nothing in it is verified yet.
#[derive(Debug, Clone, Default)]
pub struct Greeting {
    /// The statement of the sender's ledger key.
    pub key: Option<Envelope>,
    /// The statements of earlier keys that the receiver may lack, ascending by epoch.
    pub earlier_keys: Vec<Envelope>,
    /// The receiver's newest key that the sender holds, if the receiver shows an earlier one.
    pub your_key: Option<Envelope>,
    /// The sender's newest checkpoint.
    pub note: Vec<u8>,
    /// The size from which `proof` leads to the checkpoint.
    pub from: u64,
    /// The proof that the ledger only grew since then.
    pub proof: Vec<Hash>,
    /// The root at the last multiple of 64 entries, with the proof to the newest checkpoint; `None` before the first one.
    pub base: Option<Base>,
    /// The receiver's newest note that the sender holds, cosigned. Empty if there is none.
    pub witnessed: Vec<u8>,
    /// The sizes at which the sender asks for the receiver's root.
    pub questions: Vec<u64>,
    /// The roots that the receiver has asked for, with proofs to the newest checkpoint.
    pub answers: Vec<Base>,
    /// The salt of the pairs.
    pub salt: [u8; SALT],
    /// Roots of other organisations.
    pub pairs: Vec<Pair>,
    /// Roots of other organisations that contradict what the receiver holds, or that it does not hold.
    pub contested: Vec<SignedBase>,
}
