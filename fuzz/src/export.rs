//! Exports of a ledger: by the world's key, none verifies but the one that it wrote.

use watchfire::ledger::export::{VerifiedExport, Verifier};

use super::world;

/// The bytes are an export.
pub fn check(data: &[u8]) {
    let Some(verified) = verified(data) else { return };
    let honest = Some(&verified.key) == world::keys().first();
    if honest {
        assert!(data == world::world().export, "an export that was changed verifies");
    }
}

fn verified(data: &[u8]) -> Option<VerifiedExport> {
    let mut verifier = Verifier::default();
    for line in data.split_inclusive(|b| *b == b'\n') {
        if let Err(fault) = verifier.line(line) {
            assert!(!fault.what.is_empty());
            return None;
        }
    }
    let entries = verifier.entries();
    let verified = verifier.finish().ok()?;
    assert_eq!(verified.note.checkpoint.size, entries, "the head is of other entries");
    Some(verified)
}
