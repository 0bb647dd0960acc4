//! Proofs of an entry: by the world's key, none holds but for the entry that it is of.

use watchfire::ledger::proof::Proof;

use super::world;

/// The bytes are a proof's file.
pub fn check(data: &[u8]) {
    let Ok(proof) = Proof::parse(data) else { return };
    let Ok(proved) = proof.check() else { return };
    assert!(proof.index < proved.note.checkpoint.size, "an entry beyond the head");
    if Some(&proved.key) == world::keys().first() {
        let honest = Proof::parse(&world::world().proof).expect("the world's proof");
        assert_eq!(
            (proof.index, &proof.event),
            (honest.index, &honest.event),
            "an entry that was never written is proved"
        );
    }
}
