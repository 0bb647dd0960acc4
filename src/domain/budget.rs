//! How much is accepted and kept from one partner. Each budget is charged before anything is looked up, so a refusal reveals nothing about what
//! is here. Each is counted by the partner that hands something over and by the name in it, so that nobody can use up another's budget.

use serde::{Deserialize, Serialize};

/// The budget over all names that one partner uses, as a multiple of the budget of one name. It is limited, because a partner may invent names.
pub const NAMES: u32 = 4;

/// The budgets for each partner. Each default is the highest value allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budgets {
    /// Bytes of entries that can't be verified yet and are kept, over all names. A single name may use a quarter.
    pub held_bytes: u32,
    /// The number of such entries, over all names. A single name may use a quarter.
    pub held_entries: u32,
    /// How many recalls of one originator are accepted at once.
    pub recalls_at_once: u32,
    /// How many more are accepted in each second after that.
    pub recalls_per_second: u32,
    /// How many receipts of one holder are accepted at once.
    pub receipts_at_once: u32,
    /// How many more are accepted in each second after that.
    pub receipts_per_second: u32,
    /// How many revocation lists of one issuing key are accepted in an hour.
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
    /// The rate at which recalls are accepted.
    pub fn recalls(&self) -> Rate {
        Rate { at_once: self.recalls_at_once, a_second: self.recalls_per_second }
    }

    /// The rate at which receipts are accepted.
    pub fn receipts(&self) -> Rate {
        Rate { at_once: self.receipts_at_once, a_second: self.receipts_per_second }
    }
}

/// A rate: a number at once, and a number in each second.
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
