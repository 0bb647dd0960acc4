//! Checkpoints as C2SP signed notes (c2sp.org/signed-note, tlog-checkpoint), and the cosignatures of witnesses (tlog-cosignature, version 1).
//! Each note has one spelling: a note that is not written back as the same bytes is refused.
//!
//! This is our own code for two reasons. The crate `signed_note` brings a second Ed25519 library and has no cosignatures. And one strict rule
//! for signatures has to hold on every node (`seal/verify.rs`).

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::tree::Hash;
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::shorten,
        ledger::MAX_ENTRIES,
        statement::Suite,
    },
    seal::{
        hash::sha256,
        raw::{PUBLIC_KEY_LEN, RawKey},
        verify::verify_raw,
    },
};

/// The algorithm of a signature line, as it is hashed into the key's id.
const CHECKPOINT: u8 = 0x01;
const COSIGNATURE: u8 = 0x04;
/// The longest note, with all its cosignatures, in bytes.
pub const MAX_NOTE: usize = 64 * 1024;

fn malformed(what: &str) -> Fault {
    Fault::new(Reason::UnknownOrNonCanonical, format!("the note can't be read: {what}"))
}

/// The name under which a ledger's key signs, and its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    /// The ledger's origin.
    pub name: String,
    /// The Ed25519 public key.
    pub public: [u8; PUBLIC_KEY_LEN],
}

impl LogKey {
    fn id(&self, algorithm: u8) -> [u8; 4] {
        let [a, b, c, d, ..] = sha256(&[self.name.as_bytes(), b"\n", &[algorithm], &self.public]);
        [a, b, c, d]
    }
}

/// The encoding of c2sp.org/signed-note: name, id, algorithm and key.
impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[CHECKPOINT][..], &self.public].concat());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id(CHECKPOINT)))
    }
}

impl std::str::FromStr for LogKey {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let wrong = || malformed(&format!("`{}` is not a key; write name+id+key", shorten(text)));
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(wrong()) };
        let bytes = STANDARD.decode(key).map_err(|_| wrong())?;
        let public = bytes.strip_prefix(&[CHECKPOINT]).and_then(|p| p.try_into().ok()).ok_or_else(wrong)?;
        let key = Self { name: name.to_owned(), public };
        // Checks the id, and that the text is in its one spelling.
        if key.to_string() == text && is_name(name) { Ok(key) } else { Err(wrong()) }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '+')
}

/// The head of a ledger: the number of entries, and the root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's origin.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(malformed("it must have three lines: origin, size, root"));
        };
        let size = size.parse().ok().filter(|size| *size <= MAX_ENTRIES);
        let size = size.ok_or_else(|| malformed("its size is not a number, or larger than a ledger may be"))?;
        let root = STANDARD.decode(root).ok().and_then(|r| r.try_into().ok());
        let root = root.ok_or_else(|| malformed("its root is not a SHA-256 in base64"))?;
        let checkpoint = Self { origin: origin.to_owned(), size, root };
        let is_one_spelling = checkpoint.text() == text && is_name(origin);
        if is_one_spelling { Ok(checkpoint) } else { Err(malformed("it is not in canonical form")) }
    }
}

/// A signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// The name of the signer.
    pub name: String,
    /// The key's id, then the signature.
    bytes: Vec<u8>,
}

impl SignatureLine {
    fn by(key: &LogKey, algorithm: u8, signature: &[u8]) -> Self {
        Self { name: key.name.clone(), bytes: [&key.id(algorithm)[..], signature].concat() }
    }

    /// The signature, if the line claims to be by that key.
    fn signature(&self, key: &LogKey, algorithm: u8) -> Option<&[u8]> {
        let of_key = self.name == key.name;
        self.bytes.strip_prefix(&key.id(algorithm)).filter(|_| of_key)
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\u{2014} {} {}", self.name, STANDARD.encode(&self.bytes))
    }
}

impl std::str::FromStr for SignatureLine {
    type Err = Fault;

    fn from_str(line: &str) -> Result<Self, Fault> {
        let wrong = || malformed("a signature line is not `\u{2014} name base64`");
        let (name, value) = line.strip_prefix("\u{2014} ").and_then(|l| l.split_once(' ')).ok_or_else(wrong)?;
        let bytes = STANDARD.decode(value).ok().filter(|b| b.len() > 4).ok_or_else(wrong)?;
        let parsed = Self { name: name.to_owned(), bytes };
        if parsed.to_string().trim_end_matches('\n') == line && is_name(name) { Ok(parsed) } else { Err(wrong()) }
    }
}

/// A checkpoint with its signatures: the ledger's own, and those of witnesses. A `Note` is not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Its ledger's signature first.
    pub signatures: Vec<SignatureLine>,
}

impl Note {
    /// Makes a note: a checkpoint signed by its ledger's key.
    pub fn sign(checkpoint: Checkpoint, key: &RawKey) -> Self {
        let name = LogKey { name: checkpoint.origin.clone(), public: key.public_key() };
        let line = SignatureLine::by(&name, CHECKPOINT, &key.sign(checkpoint.text().as_bytes()));
        Self { checkpoint, signatures: vec![line] }
    }

    /// Reads a note.
    ///
    /// # Errors
    /// `UNKNOWN_OR_NON_CANONICAL`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > MAX_NOTE {
            return Err(malformed("it is longer than 64 KiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
        let (head, lines) = text.split_once("\n\n").ok_or_else(|| malformed("it has no signatures"))?;
        let checkpoint = Checkpoint::parse(&format!("{head}\n"))?;
        let lines = lines.strip_suffix('\n').ok_or_else(|| malformed("its last line is cut"))?;
        let signatures = lines.split('\n').map(str::parse).collect::<Result<Vec<SignatureLine>, _>>()?;
        Ok(Self { checkpoint, signatures })
    }

    /// Checks that the ledger's own key has signed it.
    ///
    /// # Errors
    /// `SIGNATURE_INVALID`; `WRONG_DOMAIN`, if the note is of another ledger.
    pub fn verify(&self, key: &LogKey) -> Result<(), Fault> {
        if self.checkpoint.origin != key.name {
            return Err(Fault::new(Reason::WrongDomain, "the note is of another ledger"));
        }
        let signature = self.signatures.iter().find_map(|s| s.signature(key, CHECKPOINT));
        let missing = || Fault::new(Reason::SignatureInvalid, "the ledger's key has not signed the note");
        verify_raw(Suite::Ed25519, &key.public, self.checkpoint.text().as_bytes(), signature.ok_or_else(missing)?)
    }

    /// Makes a witness's cosignature. With it the witness states that it saw this head at that time (seconds since 1970), and no head that
    /// contradicts it.
    pub fn cosign(&self, key: &RawKey, name: &str, seconds: u64) -> SignatureLine {
        let witness = LogKey { name: name.to_owned(), public: key.public_key() };
        let signature = key.sign(cosigned(&self.checkpoint, seconds).as_bytes());
        SignatureLine::by(&witness, COSIGNATURE, &[&seconds.to_be_bytes()[..], &signature].concat())
    }

    /// When that witness has cosigned the note, in seconds since 1970.
    ///
    /// # Errors
    /// `SIGNATURE_INVALID`, also if it has not.
    pub fn cosigned_by(&self, witness: &LogKey) -> Result<u64, Fault> {
        let missing = || Fault::new(Reason::SignatureInvalid, "the witness has not cosigned the note");
        let line = self.signatures.iter().find_map(|s| s.signature(witness, COSIGNATURE)).ok_or_else(missing)?;
        let (seconds, signature) = line.split_first_chunk::<8>().ok_or_else(missing)?;
        let seconds = u64::from_be_bytes(*seconds);
        verify_raw(Suite::Ed25519, &witness.public, cosigned(&self.checkpoint, seconds).as_bytes(), signature)?;
        Ok(seconds)
    }

    /// Adds a signature line after those that are there, unless it is there already.
    #[must_use]
    pub fn with(mut self, line: SignatureLine) -> Self {
        if !self.signatures.contains(&line) {
            self.signatures.push(line);
        }
        self
    }

    /// The note with only its ledger's signature.
    #[must_use]
    pub fn bare(&self) -> Self {
        let own = |s: &&SignatureLine| s.name == self.checkpoint.origin;
        Self { checkpoint: self.checkpoint.clone(), signatures: self.signatures.iter().filter(own).cloned().collect() }
    }
}

fn cosigned(checkpoint: &Checkpoint, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{}", checkpoint.text())
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.checkpoint.text())?;
        self.signatures.iter().try_for_each(|line| write!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> RawKey {
        RawKey::new(&RawKey::generate().unwrap()).unwrap()
    }

    fn named(name: &str, key: &RawKey) -> LogKey {
        LogKey { name: name.to_owned(), public: key.public_key() }
    }

    fn note(key: &RawKey) -> Note {
        Note::sign(Checkpoint { origin: "gb.example/ledger".into(), size: 24, root: [7; 32] }, key)
    }

    #[test]
    fn a_note_reads_back_and_verifies_by_its_own_key_only() {
        let (own, other) = (key(), key());
        let note = note(&own);
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read, note);
        read.verify(&named("gb.example/ledger", &own)).unwrap();
        assert_eq!(read.verify(&named("gb.example/ledger", &other)).unwrap_err().reason, Reason::SignatureInvalid);
        assert_eq!(read.verify(&named("gb.example/ledger/2", &own)).unwrap_err().reason, Reason::WrongDomain);
    }

    #[test]
    fn a_bare_note_has_the_signature_of_its_own_ledger_alone() {
        let note = note(&key());
        let cosigned = note.clone().with(note.cosign(&key(), "fr.example/ledger", 1_780_000_000));
        assert_eq!((cosigned.signatures.len(), cosigned.bare()), (2, note));
    }

    #[test]
    fn a_cosignature_stands_for_its_witness_and_its_time() {
        let (own, witness) = (key(), key());
        let note = note(&own);
        let note = note.clone().with(note.cosign(&witness, "fr.example/ledger", 1_780_000_000));
        let read = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read.cosigned_by(&named("fr.example/ledger", &witness)).unwrap(), 1_780_000_000);
        assert!(read.cosigned_by(&named("fr.example/ledger", &own)).is_err());
        assert!(read.cosigned_by(&named("ng.example/ledger", &witness)).is_err());
        // A witness whose key also signs a ledger signs no checkpoint by cosigning, nor the reverse.
        assert!(read.cosigned_by(&named("gb.example/ledger", &own)).is_err());
        let moved = Note { checkpoint: Checkpoint { size: 25, ..read.checkpoint.clone() }, ..read.clone() };
        assert!(moved.cosigned_by(&named("fr.example/ledger", &witness)).is_err());
        assert_eq!(read.bare().signatures.len(), 1);
    }

    #[test]
    fn every_changed_byte_of_a_note_is_found() {
        let own = key();
        let log = named("gb.example/ledger", &own);
        let bytes = note(&own).to_string().into_bytes();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                let read = Note::parse(&changed).and_then(|n| n.verify(&log));
                assert!(read.is_err(), "byte {at}, bit {bit}");
            }
            assert!(Note::parse(&bytes[..at]).and_then(|n| n.verify(&log)).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_key_has_one_spelling() {
        let key = named("gb.example/ledger", &key());
        assert_eq!(key.to_string().parse::<LogKey>().unwrap(), key);
        for wrong in ["", "a", "a+b", "a+b+c", &key.to_string().to_uppercase(), &format!("{key}=")] {
            assert!(wrong.parse::<LogKey>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_has_no_gap_and_no_plus() {
        let (own, public) = (key(), key().public_key());
        for (name, may) in
            [("a", true), ("gb.example/ledger", true), ("", false), ("a b", false), ("a\u{7f}", false), ("a+b", false)]
        {
            let written = LogKey { name: name.to_owned(), public }.to_string();
            assert_eq!(written.parse::<LogKey>().is_ok(), may, "{name:?}");
            let note = Note::sign(Checkpoint { origin: name.to_owned(), size: 1, root: [7; 32] }, &own).to_string();
            assert_eq!(Note::parse(note.as_bytes()).is_ok(), may, "{name:?}");
            let line = self::note(&own).cosign(&own, name, 1).to_string();
            assert_eq!(line.trim_end().parse::<SignatureLine>().is_ok(), may, "{name:?}");
        }
    }

    #[test]
    fn a_note_has_room_for_many_witnesses_and_an_end() {
        let own = key();
        let cosigned = |witnesses: u32| {
            let line = |n: u32| note(&own).cosign(&own, &format!("w{n}.example/ledger"), 1);
            (0..witnesses).fold(note(&own), |note, n| note.with(line(n))).to_string()
        };
        assert!(Note::parse(cosigned(400).as_bytes()).is_ok());
        assert!(Note::parse(cosigned(800).as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            if let Ok(note) = Note::parse(&bytes) {
                proptest::prop_assert_eq!(note.to_string().into_bytes(), bytes);
            }
        }
    }
}
