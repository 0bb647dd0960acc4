//! A file with a whole ledger. Anybody can verify it, without keys and without a node. Line by line:
//!
//! ```text
//! watchfire ledger export v1
//! key gb.example/ledger+1b2c3d4e+…           the ledger's key, as c2sp.org/signed-note writes it
//! witness fr.example/ledger+…+…              a line for each witness of the note at the end
//! leaf 0 <leaf> <salt> {"at":…}              index, SHA-256 over salt and entry, 32 random bytes, the entry
//! …
//!                                            an empty line, then the signed note over all leaves
//! gb.example/ledger
//! …
//! ```
//!
//! The note's signature covers every byte, or a byte is checked against what it covers.

use super::{
    note::{LogKey, Note},
    tree::Frontier,
};
use crate::seal::hash::sha256;

/// The first line.
const HEAD: &str = "watchfire ledger export v1";

/// The lines before the entries.
pub fn head(key: &LogKey, witnesses: &[LogKey]) -> String {
    let witnesses: String = witnesses.iter().map(|w| format!("witness {w}\n")).collect();
    format!("{HEAD}\nkey {key}\n{witnesses}")
}

/// The line of an entry. `plain` is its 32 random bytes and the entry.
pub fn leaf(index: u64, plain: &[u8]) -> String {
    let (salt, event) = plain.split_at_checked(32).unwrap_or((plain, &[]));
    let leaf = hex::encode(sha256(&[plain]));
    format!("leaf {index} {leaf} {} {}\n", hex::encode(salt), String::from_utf8_lossy(event))
}

/// The lines after the entries.
pub fn tail(note: &Note) -> String {
    format!("\n{note}")
}

/// Why an export does not verify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFault {
    /// The index of the faulty entry, if the fault is in an entry.
    pub index: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// What a verified export contains.
#[derive(Debug)]
pub struct VerifiedExport {
    /// The ledger's key, as the file names it.
    pub key: LogKey,
    /// The head over all entries.
    pub note: Note,
    /// Which witnesses have cosigned the head, and when (seconds since 1970).
    pub witnesses: Vec<(LogKey, u64)>,
}

/// Verifies an export while it is being read.
#[derive(Default)]
pub struct Verifier {
    lines: u64,
    key: Option<LogKey>,
    witnesses: Vec<LogKey>,
    frontier: Frontier,
    /// The note's bytes, from the empty line on.
    note: Option<Vec<u8>>,
}

type Result<T> = std::result::Result<T, ExportFault>;

fn fault<T>(what: impl Into<String>) -> Result<T> {
    Err(ExportFault { index: None, what: what.into() })
}

impl Verifier {
    /// How many entries were read.
    pub fn entries(&self) -> u64 {
        self.frontier.size()
    }

    /// Takes the next line, including its newline.
    ///
    /// # Errors
    /// The first fault.
    pub fn line(&mut self, line: &[u8]) -> Result<()> {
        self.lines += 1;
        if let Some(note) = &mut self.note {
            note.extend_from_slice(line);
            return if note.len() > super::note::MAX_NOTE { fault("something follows the note") } else { Ok(()) };
        }
        let number = self.lines;
        let at = self.frontier.size();
        let here =
            move |what: &str| ExportFault { index: (at > 0).then_some(at), what: format!("line {number} {what}") };
        let text = line.strip_suffix(b"\n").ok_or_else(|| here("is cut: the file ends too early"))?;
        if let Some(leaf) = text.strip_prefix(b"leaf ") {
            return self.leaf(leaf);
        }
        let text = std::str::from_utf8(text).map_err(|_| here("is not text"))?;
        let is_before_leaves = self.frontier.size() == 0;
        match (self.lines, text.split_once(' ')) {
            (1, _) if text == HEAD => Ok(()),
            (1, _) => fault("this is not an export of a ledger: its first line is wrong"),
            (2, Some(("key", key))) => {
                self.key = Some(key.parse().map_err(|_| here("is not a key"))?);
                Ok(())
            }
            (3.., Some(("witness", key))) if is_before_leaves => {
                self.witnesses.push(key.parse().map_err(|_| here("is not the key of a witness"))?);
                Ok(())
            }
            (3.., None) if text.is_empty() => {
                self.note = Some(vec![]);
                Ok(())
            }
            _ => Err(ExportFault { index: Some(at), what: format!("line {number} is not an entry") }),
        }
    }

    fn leaf(&mut self, line: &[u8]) -> Result<()> {
        let index = self.frontier.size();
        let here = |what: &str| ExportFault { index: Some(index), what: format!("entry {index} {what}") };
        if self.lines < 3 {
            return Err(here("comes before the ledger's key"));
        }
        let mut parts = line.splitn(4, |b| *b == b' ');
        let (Some(number), Some(leaf), Some(salt), Some(event)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(here("is cut"));
        };
        if number != index.to_string().as_bytes() {
            return Err(here("is missing or in another place"));
        }
        let salt_bytes = hex::decode(salt).ok().filter(|s| s.len() == 32 && hex::encode(s).as_bytes() == salt);
        let salt = salt_bytes.ok_or_else(|| here("has no random bytes"))?;
        let hash = sha256(&[&salt, event]);
        if hex::encode(hash).as_bytes() != leaf {
            return Err(here("was changed: it does not match its leaf"));
        }
        self.frontier.add(&hash);
        Ok(())
    }

    /// Ends the verification at the end of the file.
    ///
    /// # Errors
    /// What is wrong with the file as a whole.
    pub fn finish(self) -> Result<VerifiedExport> {
        let Some(key) = self.key else { return fault("the file ends before the ledger's key") };
        let Some(note) = self.note else {
            let size = self.frontier.size();
            return Err(ExportFault { index: Some(size), what: format!("the file ends before entry {size}") });
        };
        let wrong = |f: crate::domain::fault::Fault| ExportFault { index: None, what: f.message };
        let note = Note::parse(&note).map_err(wrong)?;
        note.verify(&key).map_err(wrong)?;
        let (head, size) = (&note.checkpoint, self.frontier.size());
        if head.size != size {
            let index = Some(size.min(head.size));
            return Err(ExportFault {
                index,
                what: format!("the file has {size} entries, and the note covers {}", head.size),
            });
        }
        if head.root != self.frontier.root() {
            return fault(
                "the entries are not the ones that the note covers: some were changed together with their leaves",
            );
        }
        let wanted = std::iter::once(&key.name).chain(self.witnesses.iter().map(|w| &w.name));
        if !note.signatures.iter().map(|s| &s.name).eq(wanted) {
            return fault("the note's signatures are not by the ledger's key and its witnesses, in this order");
        }
        let seen = self.witnesses.into_iter().map(|w| note.cosigned_by(&w).map(|at| (w, at)));
        let witnesses = seen.collect::<std::result::Result<_, _>>().map_err(wrong)?;
        Ok(VerifiedExport { key, note, witnesses })
    }
}

#[cfg(test)]
#[path = "export/tests.rs"]
mod tests;
