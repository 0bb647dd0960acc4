//! The statements last taken from a partner. A statement that comes by two ways is taken once.

use std::collections::VecDeque;

/// The names of the statements last taken. Each name is a SHA-256. A cache: staleness is harmless because each handler compares a statement
/// with what is stored, as it must after a restart.
#[derive(Default)]
pub(in crate::node) struct Recent(VecDeque<[u8; 32]>);

impl Recent {
    /// How many are remembered. Fewer than these travel by both ways at once.
    const KEPT: usize = 512;

    pub(in crate::node) fn contains(&self, name: &[u8; 32]) -> bool {
        self.0.contains(name)
    }

    pub(in crate::node) fn push(&mut self, name: [u8; 32]) {
        if self.0.len() == Self::KEPT {
            self.0.pop_front();
        }
        self.0.push_back(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_remembered_up_to_a_number() {
        let mut recent = Recent::default();
        let name = |n: usize| {
            let mut name = [0; 32];
            name[..8].copy_from_slice(&n.to_le_bytes());
            name
        };
        (0..=Recent::KEPT).for_each(|n| recent.push(name(n)));
        assert!(!recent.contains(&name(0)) && (1..=Recent::KEPT).all(|n| recent.contains(&name(n))));
    }
}
