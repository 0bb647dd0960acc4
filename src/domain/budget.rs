//! How much of one partner is taken and kept. Each budget is charged before anything is looked up, so that its refusal tells nothing of
//! what is here; and each is counted by who hands something over and by whose name that bears, so that nobody uses up another's.

use serde::{Deserialize, Serialize};

/// Over all the names that one partner uses, so many times the budget of one name is taken: it may invent names.
pub const NAMES: u32 = 4;

/// The budgets of each partner. Each default is the highest value allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// Bytes of entries that can't be verified yet and are kept, over all names. One name has a quarter.
    pub held_bytes: u32,
    /// How many such entries, over all names. One name has a quarter.
    pub held_entries: u32,
    /// Recalls of one originator that are taken at once.
    pub recalls_at_once: u32,
    /// How many more in each second after that.
    pub recalls_per_second: u32,
    /// Receipts of one holder that are taken at once.
    pub receipts_at_once: u32,
    /// How many more in each second after that.
    pub receipts_per_second: u32,
    /// Revocation lists of one issuing key in an hour.
    pub lists_per_hour: u32,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            held_bytes: 64 << 20,
            held_entries: 4096,
            recalls_at_once: 4096,
            recalls_per_second: 20,
            receipts_at_once: 4096,
            receipts_per_second: 20,
            lists_per_hour: 60,
        }
    }
}

impl Budgets {
    /// How fast recalls are taken.
    pub fn recalls(&self) -> Rate {
        Rate { at_once: self.recalls_at_once, a_second: self.recalls_per_second }
    }

    /// How fast receipts are taken.
    pub fn receipts(&self) -> Rate {
        Rate { at_once: self.receipts_at_once, a_second: self.receipts_per_second }
    }
}

/// So many at once, and so many more in each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub at_once: u32,
    /// How many in a second.
    pub a_second: u32,
}

impl Rate {
    /// The rate over all names of a partner.
    #[must_use]
    pub fn of_all_names(self) -> Self {
        Self { at_once: self.at_once.saturating_mul(NAMES), a_second: self.a_second.saturating_mul(NAMES) }
    }
}
