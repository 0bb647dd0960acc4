//! A draft that the node keeps: who may see it, and its revisions. The texts of the revisions are kept separately, byte for byte as they were
//! typed, finished or not.

mod thinning;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    actor::Actor,
    fault::{Fault, Reason},
    ids::{DraftId, Role, Sha256, SpiffeId},
    time::Time,
};

/// The longest text of a draft, bytes.
pub const MAX_DRAFT_BYTES: usize = 1 << 20;
/// The most revisions that are kept of one draft.
pub const MAX_REVISIONS: usize = 100;
/// The most bytes that the texts of all revisions of one draft take together.
pub const MAX_HISTORY_BYTES: u64 = 8 << 20;
/// The most drafts of one author.
pub const MAX_DRAFTS_OF_AUTHOR: usize = 200;
/// The most people to whom one draft is handed over.
pub const MAX_HANDED_TO: usize = 16;
/// The longest name of a draft, bytes.
pub const MAX_NAME_BYTES: usize = 200;

/// A draft without its texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDraft {
    /// Its id.
    pub id: DraftId,
    /// What its people call it: one line.
    pub name: String,
    /// Who began it.
    pub author: SpiffeId,
    /// To whom it was handed over. Ascending.
    pub handed_to: Vec<SpiffeId>,
    /// The number of the revision that is the draft's text now.
    pub current: u32,
    /// The revisions that are kept, ascending by number. Never empty.
    pub revisions: Vec<DraftRevision>,
    /// How often the draft was changed, counted from 1. Whoever changes it names the number that they have read.
    pub changes: u64,
}

/// One saved text of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRevision {
    /// Counts from 1.
    pub number: u32,
    /// The revisions that whoever saved it had before them. Empty for the first one. Several, if texts were brought together.
    pub based_on: Vec<u32>,
    /// Who saved it.
    pub by: SpiffeId,
    /// When it was saved.
    pub at: Time,
    /// The length of its text.
    pub bytes: u64,
    /// The SHA-256 of its text.
    pub sha256: Sha256,
}

/// A text that somebody saves.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// Who saves it.
    pub by: SpiffeId,
    /// The time.
    pub at: Time,
    /// The revisions that it is based on.
    pub based_on: Vec<u32>,
    /// The length of the text.
    pub bytes: u64,
    /// The SHA-256 of the text.
    pub sha256: Sha256,
}

/// What became of a text that was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The revision that has the text.
    pub number: u32,
    /// Whether it is a new revision. Otherwise the same person had saved the same text already.
    pub is_new: bool,
    /// The revisions that it is not based on, directly or by way of others, ascending. If the current one is among them, the text is kept beside
    /// it.
    pub unseen: Vec<u32>,
    /// Older revisions that give way to it.
    pub dropped: Vec<u32>,
}

impl StoredDraft {
    /// Begins a draft with its first text.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a name that is no line of text; `LIMIT_EXCEEDED`.
    pub fn begin(id: DraftId, name: &str, first: NewRevision) -> Result<Self, Fault> {
        check_length(first.bytes)?;
        let NewRevision { by, at, based_on: _, bytes, sha256 } = first;
        let revision = DraftRevision { number: 1, based_on: vec![], by: by.clone(), at, bytes, sha256 };
        let (handed_to, revisions) = (vec![], vec![revision]);
        Ok(Self { id, name: checked_name(name)?, author: by, handed_to, current: 1, revisions, changes: 1 })
    }

    /// Whether this person may read and change it: its author, those to whom it was handed over, and officers. An administrator may not, whatever
    /// they did in another role.
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        let is_reader = matches!(actor.role(), Role::Analyst | Role::Officer | Role::Service);
        is_reader
            && (actor.role() == Role::Officer || self.author == *actor.id() || self.handed_to.contains(actor.id()))
    }

    /// Whether this person may delete it, or take back a hand-over: its author and officers.
    pub fn is_in_charge(&self, actor: &Actor) -> bool {
        self.is_visible_to(actor) && (actor.role() == Role::Officer || self.author == *actor.id())
    }

    /// The revision with that number, if it is kept.
    pub fn revision(&self, number: u32) -> Option<&DraftRevision> {
        self.revisions.iter().find(|r| r.number == number)
    }

    /// The revisions that stand beside the current one: nobody has brought their texts into a later revision. Ascending.
    pub fn beside(&self) -> impl Iterator<Item = &DraftRevision> {
        self.revisions.iter().filter(|r| r.number != self.current && self.is_last(r.number))
    }

    /// Whether no revision is based on that one.
    fn is_last(&self, number: u32) -> bool {
        !self.revisions.iter().any(|r| r.based_on.contains(&number))
    }

    /// Saves a text. It becomes the current one if it is based on the current one; otherwise it is kept beside it. Nobody's text is lost: only a
    /// revision that a later one is based on gives way once there are too many, and never the newest one of a person.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is based on a revision that never was; `LIMIT_EXCEEDED`, also if too many texts of this person must stay. Nothing
    /// changes then.
    pub fn save(&mut self, new: NewRevision) -> Result<Saved, Fault> {
        check_length(new.bytes)?;
        let NewRevision { by, at, mut based_on, bytes, sha256 } = new;
        based_on.sort_unstable();
        based_on.dedup();
        self.check_based_on(&based_on)?;
        if let Some(number) = self.repeated(&by, &based_on, &sha256) {
            let unseen = self.unseen(&[number]);
            return Ok(Saved { number, is_new: false, unseen, dropped: vec![] });
        }
        let (before, unseen, saver) = (self.clone(), self.unseen(&based_on), by.clone());
        let number = self.newest().saturating_add(1);
        if !unseen.contains(&self.current) {
            self.current = number;
        }
        self.revisions.push(DraftRevision { number, based_on, by, at, bytes, sha256 });
        let dropped = match self.thin(&saver) {
            Ok(dropped) => dropped,
            Err(fault) => {
                *self = before;
                return Err(fault);
            }
        };
        self.changes = self.changes.saturating_add(1);
        Ok(Saved { number, is_new: true, unseen, dropped })
    }

    /// The number of the newest revision.
    pub fn newest(&self) -> u32 {
        self.revisions.last().map_or(0, |r| r.number)
    }

    fn check_based_on(&self, based_on: &[u32]) -> Result<(), Fault> {
        let wrong = |what: String| Err(Fault::at(Reason::InvalidArgument, "based_on", what));
        match based_on {
            [] => wrong("say which revision the text is based on".to_owned()),
            [first, ..] if *first == 0 => wrong("revisions are counted from 1".to_owned()),
            [.., last] if *last > self.newest() => wrong(format!("there is no revision {last} of this draft")),
            _ if based_on.len() > MAX_REVISIONS => wrong(format!("name at most {MAX_REVISIONS} revisions")),
            _ => Ok(()),
        }
    }

    /// The revision in which the same person has saved the same text on the same base: the answer to an earlier call was lost, or nothing was
    /// typed since.
    fn repeated(&self, by: &SpiffeId, based_on: &[u32], sha256: &Sha256) -> Option<u32> {
        let is_base = |r: &&DraftRevision| matches!(based_on, [only] if *only == r.number);
        let mut found = self.revisions.iter().filter(|r| r.sha256 == *sha256);
        found.find(|r| is_base(r) || (r.by == *by && r.based_on == based_on)).map(|r| r.number)
    }

    /// The revisions that are neither among `known` nor behind one of them.
    fn unseen(&self, known: &[u32]) -> Vec<u32> {
        let mut seen: BTreeSet<u32> = BTreeSet::new();
        let mut open: Vec<u32> = known.to_vec();
        while let Some(number) = open.pop() {
            if !seen.insert(number) {
                continue;
            }
            match self.revision(number) {
                Some(revision) => open.extend(&revision.based_on),
                // It gave way to a later one, so that nobody knows any more what it was based on: everything before it counts.
                None => open.extend(self.revisions.iter().map(|r| r.number).filter(|n| *n < number)),
            }
        }
        self.revisions.iter().map(|r| r.number).filter(|n| !seen.contains(n)).collect()
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn rename(&mut self, name: &str) -> Result<(), Fault> {
        self.name = checked_name(name)?;
        self.changes = self.changes.saturating_add(1);
        Ok(())
    }

    /// Hands it over to a person. Returns false, and changes nothing, if that person may see it already.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`.
    pub fn hand_over(&mut self, to: &SpiffeId) -> Result<bool, Fault> {
        if self.author == *to || self.handed_to.contains(to) {
            return Ok(false);
        }
        if self.handed_to.len() >= MAX_HANDED_TO {
            let what =
                format!("a draft is handed to at most {MAX_HANDED_TO} people; take it back from one of them first");
            return Err(Fault::at(Reason::LimitExceeded, "to", what));
        }
        self.handed_to.push(to.clone());
        self.handed_to.sort_unstable();
        self.changes = self.changes.saturating_add(1);
        Ok(true)
    }

    /// Takes it back from a person. Returns false, and changes nothing, if it was not handed to that person.
    pub fn take_back(&mut self, from: &SpiffeId) -> bool {
        let before = self.handed_to.len();
        self.handed_to.retain(|id| id != from);
        let is_taken = self.handed_to.len() < before;
        self.changes = self.changes.saturating_add(u64::from(is_taken));
        is_taken
    }
}

fn check_length(bytes: u64) -> Result<(), Fault> {
    if usize::try_from(bytes).is_ok_and(|bytes| bytes <= MAX_DRAFT_BYTES) {
        return Ok(());
    }
    let what = format!(
        "the draft takes {bytes} bytes; at most {MAX_DRAFT_BYTES} are kept, put long material into attachments"
    );
    Err(Fault::at(Reason::LimitExceeded, "text", what))
}

fn checked_name(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    let wrong = |what: &str| Fault::at(Reason::InvalidArgument, "name", what);
    if name.is_empty() {
        return Err(wrong("give the draft a name by which its readers find it in the list"));
    }
    if name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(wrong("a name is one line of at most 200 bytes"));
    }
    Ok(name.to_owned())
}

#[cfg(test)]
mod tests;
