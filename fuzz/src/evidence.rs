//! Proofs of equivocations: two envelopes prove only what the world's people have signed, and never that one statement contradicts itself.

use watchfire::{seal::equivocation, wire};

use super::world;

/// The bytes are two envelopes; the length of the first one (two bytes, big-endian) stands before them.
pub fn check(data: &[u8]) {
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return };
    let Some((first, second)) = rest.split_at_checked(u16::from_be_bytes(*length).into()) else { return };
    let (Ok(first), Ok(second)) = (wire::envelope::decode(first), wire::envelope::decode(second)) else { return };
    let world = world::world();
    let Ok((subject, signed)) = equivocation::check([&first, &second], &world.chains, world::now()) else { return };
    assert_ne!(signed[0].id, signed[1].id, "one statement contradicts itself");
    for (envelope, signed) in [&first, &second].into_iter().zip(&signed) {
        let is_honest =
            |h: &world::Honest| (h.envelope.kind, &h.envelope.payload) == (envelope.kind, &envelope.payload);
        assert!(world.statements.iter().any(is_honest), "a statement that nobody signed is a proof");
        let (about, _) = equivocation::subject_of(envelope).expect("what was checked can be read");
        assert_eq!(about, subject, "two different things contradict each other");
        assert!(signed.by.iter().all(|id| *id.domain() == subject.originator), "somebody else signed it");
    }
}
