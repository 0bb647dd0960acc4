//! Notes: one spelling, and no head but the one that its ledger and its witness have signed.

use watchfire::ledger::note::{LogKey, Note, SignatureLine};

use super::world;

/// The bytes are a note, a key or a signature line.
pub fn check(data: &[u8]) {
    if let Some(text) = super::shown::text(data) {
        if let Ok(key) = text.parse::<LogKey>() {
            assert_eq!(key.to_string(), text, "a key has one spelling");
        }
        if let Ok(line) = text.parse::<SignatureLine>() {
            assert_eq!(line.to_string().trim_end_matches('\n'), text, "a signature line has one spelling");
        }
    }
    let Ok(note) = Note::parse(data) else { return };
    assert_eq!(note.to_string().as_bytes(), data, "a note has one spelling");
    assert!(!note.signatures.is_empty(), "a note is signed");
    let honest = Note::parse(&world::world().note).expect("the world's note");
    for name in honest.signatures.iter().map(|s| &s.name) {
        let key = world::key(name);
        if note.verify(&key).is_ok() || note.cosigned_by(&key).is_ok() {
            assert_eq!(note.checkpoint, honest.checkpoint, "a head that nobody signed verifies for {name}");
        }
    }
}
