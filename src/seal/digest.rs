//! The digests of portions, and the decoys among them (01-protocol §3).

use super::{
    hash::sha256,
    random::{self, NoRandomness},
};
use crate::{
    domain::ids::{AssessmentId, Digest},
    wire::manifest::DIGEST_ROW,
};

/// SHA-256("watchfire.portion.v1" || 0x00 || assessment id || portion bytes).
pub fn portion_digest(assessment: &AssessmentId, portion: &[u8]) -> Digest {
    Digest(sha256(&[b"watchfire.portion.v1\0", assessment.as_bytes(), portion]))
}

/// The manifest's list, ascending: the portions' digests, and as many random decoys as fill the last row. There is always at least one decoy, so
/// that nobody can tell that they have everything.
///
/// # Errors
/// [`NoRandomness`], if the operating system has no random bytes.
pub fn with_decoys(mut digests: Vec<Digest>) -> Result<Vec<Digest>, NoRandomness> {
    let rows = digests.len() / DIGEST_ROW + 1;
    while digests.len() < rows * DIGEST_ROW {
        digests.push(Digest(random::bytes()?));
    }
    digests.sort_unstable();
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_fills_rows_and_always_holds_a_decoy() {
        for (portions, listed) in [(0, 16), (1, 16), (15, 16), (16, 32), (17, 32)] {
            let digests: Vec<_> = (0..portions).map(|i| Digest([i; 32])).collect();
            let all = with_decoys(digests.clone()).unwrap();
            assert_eq!(all.len(), listed);
            assert!(all.is_sorted() && digests.iter().all(|d| all.contains(d)));
        }
    }

    #[test]
    fn a_digest_depends_on_the_assessment() {
        let (a, b) = (AssessmentId([1; 16]), AssessmentId([2; 16]));
        assert_ne!(portion_digest(&a, b"x"), portion_digest(&b, b"x"));
    }
}
