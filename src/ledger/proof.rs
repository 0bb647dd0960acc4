//! A file that proves one entry: the entry, its path to a root, and the note over that root.

use serde::{Deserialize, Serialize};

use super::{
    note::{LogKey, Note},
    tree::{Hash, is_included, leaf_hash},
};
use crate::{
    domain::fault::{Fault, Reason},
    seal::hash::sha256,
};

/// The version of the format.
const VERSION: u32 = 1;

/// The proof of an entry. It contains the entry in the clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The version of the format.
    #[serde(rename = "watchfire-ledger-proof")]
    pub version: u32,
    /// The ledger's key, as c2sp.org/signed-note writes it.
    pub key: String,
    /// The entry's index, from 0.
    pub index: u64,
    /// The entry's 32 random bytes, hexadecimal.
    pub salt: String,
    /// The entry: a JSON object, unchanged byte for byte.
    pub event: String,
    /// The hashes from the leaf to the root, hexadecimal.
    pub path: Vec<String>,
    /// The note over the root, with the cosignatures of witnesses.
    pub note: String,
    /// The witnesses' keys.
    pub witnesses: Vec<String>,
}

/// What a proof proves.
#[derive(Debug)]
pub struct Proved {
    /// The ledger's key.
    pub key: LogKey,
    /// The head to which the path leads.
    pub note: Note,
    /// Which witnesses have cosigned that head, and when (seconds since 1970).
    pub witnesses: Vec<(LogKey, u64)>,
}

impl Proof {
    /// Makes a proof from its parts.
    pub fn new(key: &LogKey, index: u64, plain: &[u8], path: &[Hash], note: &Note, witnesses: &[LogKey]) -> Self {
        let (salt, event) = plain.split_at_checked(32).unwrap_or((plain, &[]));
        Self {
            version: VERSION,
            key: key.to_string(),
            index,
            salt: hex::encode(salt),
            event: String::from_utf8_lossy(event).into_owned(),
            path: path.iter().map(hex::encode).collect(),
            note: note.to_string(),
            witnesses: witnesses.iter().map(ToString::to_string).collect(),
        }
    }

    /// Reads the file of a proof.
    ///
    /// # Errors
    /// `UNKNOWN_OR_NON_CANONICAL`.
    pub fn parse(text: &[u8]) -> Result<Self, Fault> {
        let wrong = |what: String| Fault::new(Reason::UnknownOrNonCanonical, format!("this is not a proof: {what}"));
        let proof: Self = serde_json::from_slice(text)
            .map_err(|e| wrong(format!("it is not what `watchfire ledger prove` writes ({e})")))?;
        if proof.version != VERSION {
            return Err(wrong(format!("its version is {}, and this program knows {VERSION}", proof.version)));
        }
        Ok(proof)
    }

    /// Checks everything by the key that the proof names. Only somebody who knows the ledger's owner can say whether it is the right key.
    ///
    /// # Errors
    /// `SIGNATURE_INVALID`; `DIGEST_NOT_LISTED`, if the entry is not under the root; `UNKNOWN_OR_NON_CANONICAL`.
    pub fn check(&self) -> Result<Proved, Fault> {
        let key: LogKey = self.key.parse()?;
        let note = Note::parse(self.note.as_bytes())?;
        note.verify(&key)?;
        let wrong = |_| Fault::new(Reason::UnknownOrNonCanonical, "the proof's path or salt is not hexadecimal");
        let salt = hex::decode(&self.salt).map_err(wrong)?;
        let path = self.path.iter().map(|h| {
            let mut hash = [0; 32];
            hex::decode_to_slice(h, &mut hash).map(|()| hash)
        });
        let path = path.collect::<Result<Vec<Hash>, _>>().map_err(wrong)?;
        let leaf = leaf_hash(&sha256(&[&salt, self.event.as_bytes()]));
        let head = &note.checkpoint;
        if salt.len() != 32 || !is_included(&leaf, self.index, head.size, &path, &head.root) {
            let what = "the entry is not in the ledger that the note is of: it or its path was changed";
            return Err(Fault::new(Reason::DigestNotListed, what));
        }
        let witnesses = self.witnesses.iter().map(|w| {
            let witness: LogKey = w.parse()?;
            let seconds = note.cosigned_by(&witness)?;
            Ok((witness, seconds))
        });
        let witnesses = witnesses.collect::<Result<_, Fault>>()?;
        Ok(Proved { key, note, witnesses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::note::Checkpoint, seal::raw::RawKey};

    fn key(name: &str) -> (RawKey, LogKey) {
        let key = RawKey::new(&RawKey::generate().unwrap()).unwrap();
        let public = key.public_key();
        (key, LogKey { name: name.to_owned(), public })
    }

    /// The proof of the first of two entries.
    fn proof() -> Proof {
        let (own, log) = key("gb.example/ledger");
        let (witness, named) = key("fr.example/ledger");
        let plain = [&[0; 32][..], br#"{"event":"padding"}"#].concat();
        let (leaf, other) = (leaf_hash(&sha256(&[&plain])), leaf_hash(&sha256(&[b"another"])));
        let head =
            Checkpoint { origin: log.name.clone(), size: 2, root: crate::ledger::tree::node_hash(&leaf, &other) };
        let note = Note::sign(head, &own);
        let note = note.clone().with(note.cosign(&witness, &named.name, 1_780_000_000));
        Proof::new(&log, 0, &plain, &[other], &note, &[named])
    }

    fn refused(bend: impl FnOnce(&mut Proof)) -> Reason {
        let mut bent = proof();
        bend(&mut bent);
        bent.check().unwrap_err().reason
    }

    #[test]
    fn a_proof_reads_back_and_proves_its_entry_and_its_witness() {
        let proof = proof();
        let read = Proof::parse(&serde_json::to_vec(&proof).unwrap()).unwrap();
        assert_eq!(read, proof);
        let proved = read.check().unwrap();
        assert_eq!((proved.note.checkpoint.size, proved.witnesses.len(), proved.witnesses[0].1), (2, 1, 1_780_000_000));
    }

    #[test]
    fn another_version_is_refused() {
        let later = Proof { version: VERSION + 1, ..proof() };
        let fault = Proof::parse(&serde_json::to_vec(&later).unwrap()).unwrap_err();
        assert_eq!(fault.reason, Reason::UnknownOrNonCanonical);
    }

    #[test]
    fn nothing_else_is_proved_by_it() {
        assert_eq!(refused(|p| p.event.push(' ')), Reason::DigestNotListed);
        assert_eq!(refused(|p| p.index = 1), Reason::DigestNotListed);
        assert_eq!(refused(|p| p.path.clear()), Reason::DigestNotListed);
        // The hash is the same wherever the random bytes end and the entry begins.
        let shorter = |p: &mut Proof| {
            p.salt.truncate(62);
            p.event.insert(0, '\0');
        };
        assert_eq!(refused(shorter), Reason::DigestNotListed);
        let longer = |p: &mut Proof| p.salt.push_str(&hex::encode(p.event.remove(0).to_string()));
        assert_eq!(refused(longer), Reason::DigestNotListed);
        assert_eq!(refused(|p| p.witnesses[0] = key("fr.example/ledger").1.to_string()), Reason::SignatureInvalid);
        assert_eq!(refused(|p| p.key = key("gb.example/ledger").1.to_string()), Reason::SignatureInvalid);
    }
}
