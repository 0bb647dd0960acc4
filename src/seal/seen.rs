//! Which portions an endorser saw. Only somebody who has a portion can find it in the list. A list of digests would tell everybody which entries
//! of the manifest are portions and which are decoys.

use super::{
    hash::sha256,
    random::{self, NoRandomness},
};
use crate::domain::{
    endorsement::Endorsement,
    ids::{Seen, StatementId},
};

/// The mark of one portion: the first 16 bytes of SHA-256("watchfire.seen.v1" ‖ 0x00 ‖ the manifest's id ‖ the portion's encoding). The
/// portion's salt makes it unguessable.
fn mark(manifest: &StatementId, portion: &[u8]) -> Seen {
    let mut mark = [0; Seen::LEN];
    let hash = sha256(&[b"watchfire.seen.v1\0", &manifest.0, portion]);
    // INVARIANT: a mark is shorter than a hash.
    mark.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    Seen(mark)
}

/// The marks of these portions, and random ones up to the number of the manifest's digests. Ascending.
///
/// # Errors
/// [`NoRandomness`], if the operating system has no random bytes.
pub fn marks<B: AsRef<[u8]>>(
    manifest: &StatementId,
    portions: impl IntoIterator<Item = B>,
    digests: usize,
) -> Result<Vec<Seen>, NoRandomness> {
    let mut marks: Vec<Seen> = portions.into_iter().map(|p| mark(manifest, p.as_ref())).collect();
    while marks.len() < digests {
        marks.push(Seen(random::bytes()?));
    }
    marks.sort_unstable();
    Ok(marks)
}

/// Whether the signer of the endorsement saw a portion.
pub fn saw(endorsement: &Endorsement, portion: &[u8]) -> bool {
    endorsement.seen.binary_search(&mark(&endorsement.manifest, portion)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_as_long_as_the_manifest_s_and_holds_a_mark_of_each() {
        let manifest = StatementId([1; 32]);
        let marks = marks(&manifest, [b"one", b"two"], 16).unwrap();
        assert!(marks.len() == 16 && marks.is_sorted());
        assert!(marks.contains(&mark(&manifest, b"one")) && !marks.contains(&mark(&manifest, b"six")));
        assert!(!marks.contains(&mark(&StatementId([2; 32]), b"one")), "a mark belongs to one manifest");
    }
}
