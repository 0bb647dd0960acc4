//! Reproducible random numbers, and mutants made with them.

use crate::splitmix::SplitMix;

/// A random generator. The same seed gives the same run everywhere.
pub struct Chance(SplitMix);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(SplitMix::new(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// One change at a random place: a bit or a byte is changed, bytes are removed, doubled, replaced by random ones, or taken from `other`.
    pub fn changed(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let at = self.below(bytes.len() + 1);
        let end = (at + 1 + self.below(16)).min(bytes.len());
        match self.below(7) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            2 if at < bytes.len() => bytes[at] = self.next() as u8,
            3 => drop(bytes.drain(at..end)),
            4 => {
                let twice = bytes[at..end].to_vec();
                bytes.splice(at..at, twice);
            }
            5 if !other.is_empty() => {
                let from = self.below(other.len());
                let piece = &other[from..(from + 1 + self.below(32)).min(other.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
            _ => {
                let new = self.next().to_le_bytes();
                let length = 1 + self.below(4);
                bytes.splice(at..at, new[..length].iter().copied());
            }
        }
    }

    /// One to four changes.
    pub fn mutant(&mut self, bytes: &[u8], other: &[u8]) -> Vec<u8> {
        let mut mutant = bytes.to_vec();
        for _ in 0..=self.below(4) {
            self.changed(&mut mutant, other);
        }
        mutant
    }
}
