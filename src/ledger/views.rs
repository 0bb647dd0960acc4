//! What is held of an organisation's ledger. It is compared with what others hold, so that two different views of the ledger are found out.
//!
//! Heads are signed at different sizes for different partners. Therefore each partner also gets the root at the last multiple of [`EVERY`]
//! entries, with a proof. Two partners that hold the same multiple compare its root. If their ledgers are so far apart that they hold no
//! multiple in common, the one with the larger head asks the organisation for the root at the other's multiple. The organisation has to commit
//! itself by answering.

use std::collections::VecDeque;

use super::{
    note::{LogKey, Note},
    tree::{Hash, is_consistent},
};
use crate::domain::{
    fault::{Fault, Reason},
    ids::TrustDomain,
    time::Time,
};

/// Everybody gets the root at multiples of this size.
pub const EVERY: u64 = 64;
/// How many of the newest multiples of an organisation are compared.
pub const NEWEST: usize = 2;
/// How many questions to one organisation are open at a time, and how many are in one greeting.
pub const QUESTIONS: usize = 4;
/// How many answers of an organisation are kept.
const ANSWERS: usize = 16;
/// How many questions to one organisation wait for their turn.
const MOST_ASKED: usize = 1024;
/// How long an organisation has to answer, in seconds. While it is away it owes no answer, so it must also have spoken more than `UNANSWERED`
/// times.
pub const PATIENCE: i64 = 600;
const UNANSWERED: u32 = 3;

/// The last multiple that a ledger of this size has passed. `None` before the first one.
pub fn last_multiple(size: u64) -> Option<u64> {
    Some(size - size % EVERY).filter(|size| *size > 0)
}

/// The root over the first `size` entries, with a proof that leads from there to a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The number of entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The proof that the head's ledger begins with them (RFC 9162, section 2.1.4).
    pub proof: Vec<Hash>,
}

/// A base with the signed head that it belongs to. The two together are evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBase {
    /// The signed note of the head.
    pub note: Vec<u8>,
    /// The root at a multiple.
    pub base: Base,
}

impl SignedBase {
    /// Checks that the key has signed the head, and that the head's ledger begins with the base. Returns the note.
    ///
    /// # Errors
    /// `SIGNATURE_INVALID`, and what is wrong with the note.
    pub fn verify(&self, key: &LogKey) -> Result<Note, Fault> {
        let note = Note::parse(&self.note)?;
        note.verify(key)?;
        let Base { size, root, proof } = &self.base;
        let head = &note.checkpoint;
        let is_multiple = *size > 0 && size.is_multiple_of(EVERY);
        if is_multiple && is_consistent(*size, root, head.size, &head.root, proof) {
            return Ok(note);
        }
        Err(Fault::new(Reason::SignatureInvalid, "the root at that size is not proved to belong to the head"))
    }

    /// The base as text, for people and programs that read it with the note.
    pub fn base_text(&self) -> String {
        let Base { size, root, proof } = &self.base;
        let proof: Vec<String> = proof.iter().map(hex::encode).collect();
        serde_json::json!({ "size": size, "root": hex::encode(root), "consistency": proof }).to_string()
    }
}

/// The result of comparing with somebody else's root at a size.
#[derive(Debug, PartialEq, Eq)]
pub enum Compared {
    /// The same root.
    Same,
    /// A different root. This one is held here.
    Differs(Box<SignedBase>),
    /// It is not held here and could be, so the organisation is asked.
    Asked,
    /// It is beyond what is held here, so the other side asks.
    Beyond,
}

/// What is held of one organisation's ledger.
#[derive(Debug, Default)]
pub struct View {
    head: u64,
    newest: VecDeque<SignedBase>,
    /// The oldest first.
    answers: VecDeque<SignedBase>,
    /// The sizes to ask the organisation for, in the order in which they came up.
    asked: Vec<OpenQuestion>,
}

/// A question to an organisation.
#[derive(Debug)]
struct OpenQuestion {
    size: u64,
    /// Who named that size. `None` if nobody did. Each partner has one open question, so that nobody takes the places of others.
    by: Option<TrustDomain>,
    /// Whether a greeting has asked it.
    is_told: bool,
    /// When the organisation first spoke after that without answering.
    since: Option<Time>,
    /// How many times it has spoken without answering.
    unanswered: u32,
}

impl View {
    /// Begins anew: the ledger has another name, and nothing earlier is compared with it.
    pub fn begin_anew(&mut self) {
        *self = Self::default();
    }

    /// The size of the organisation's newest head.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Records a verified head of that size.
    pub fn set_head(&mut self, size: u64) {
        self.head = self.head.max(size);
    }

    /// Records a verified root at a multiple. It came with a head or as an answer.
    pub fn add(&mut self, shown: SignedBase) {
        let size = shown.base.size;
        let before = self.asked.len();
        self.asked.retain(|asked| asked.size != size);
        if self.asked.len() < before {
            if self.answers.len() >= ANSWERS {
                self.answers.pop_front();
            }
            self.answers.push_back(shown.clone());
        }
        if self.newest.back().is_none_or(|last| last.base.size < size) {
            self.newest.push_back(shown);
            if self.newest.len() > NEWEST {
                self.newest.pop_front();
            }
        }
    }

    /// The newest multiples, the newest first.
    pub fn newest(&self) -> impl Iterator<Item = &SignedBase> {
        self.newest.iter().rev()
    }

    /// What is held at a multiple.
    pub fn at(&self, size: u64) -> Option<&SignedBase> {
        self.newest
            .iter()
            .find(|shown| shown.base.size == size)
            .or_else(|| self.answers.iter().find(|shown| shown.base.size == size))
    }

    /// Compares with the root that `by` holds at a size. `agrees` says whether a root is the same as theirs.
    pub fn compare(&mut self, by: &TrustDomain, size: u64, agrees: impl Fn(&Hash) -> bool) -> Compared {
        match self.at(size) {
            Some(held) if agrees(&held.base.root) => Compared::Same,
            Some(held) => Compared::Differs(Box::new(held.clone())),
            None if size > self.head => Compared::Beyond,
            None => {
                self.ask(Some(by), size);
                Compared::Asked
            }
        }
    }

    /// Asks the organisation for the root at a multiple that `by` named. A partner that already has an open question gets no second one.
    pub fn ask(&mut self, by: Option<&TrustDomain>, size: u64) {
        let is_possible = size > 0 && size <= self.head && self.asked.len() < MOST_ASKED;
        if is_possible && !self.asked.iter().any(|asked| asked.by.as_ref() == by || asked.size == size) {
            self.asked.push(OpenQuestion { size, by: by.cloned(), is_told: false, since: None, unanswered: 0 });
        }
    }

    /// The questions to ask the organisation now.
    pub fn questions(&mut self) -> Vec<u64> {
        let turn = self.asked.iter_mut().take(QUESTIONS);
        let mut sizes: Vec<u64> = turn
            .map(|asked| {
                asked.is_told = true;
                asked.size
            })
            .collect();
        sizes.sort_unstable();
        sizes
    }

    /// Records that the organisation has spoken and that its answers were added. Returns whether it has left a question open for too long. That
    /// question is then given up, so that others get their turn.
    pub fn heard(&mut self, now: Time) -> bool {
        let before = self.asked.len();
        self.asked.retain_mut(|asked| {
            if !asked.is_told {
                return true;
            }
            let since = *asked.since.get_or_insert(now);
            asked.unanswered = asked.unanswered.saturating_add(1);
            asked.unanswered <= UNANSWERED || now.seconds_since(since) <= PATIENCE
        });
        before > self.asked.len()
    }
}

#[cfg(test)]
mod tests;
