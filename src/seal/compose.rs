//! From what an author wrote to what is sealed: salts, handles, random order, digests, decoys, manifest.

use super::{
    digest::{portion_digest, with_decoys},
    random::{self, NoRandomness},
};
use crate::{
    domain::{
        assessment::{MAX_DIGESTS, MAX_PORTION_BYTES, MAX_PORTIONS_BYTES, Manifest, Portion},
        body::Body,
        fault::{Fault, Reason},
        ids::{AssessmentId, Handle, Salt, StatementId, TrustDomain},
        marking::Marking,
        time::Time,
    },
    wire,
};

/// One portion before it is sealed.
pub struct Piece {
    /// How it may be handled.
    pub marking: Marking,
    /// What it says; a judgement's `rests_on` is filled in by [`compose`].
    pub body: Body,
    /// The pieces that it rests on, by their place in the list.
    pub rests_on: Vec<usize>,
}

/// What a manifest says beside its digests.
pub struct Head {
    /// Which assessment.
    pub assessment: AssessmentId,
    /// Which version.
    pub version: u32,
    /// The manifest before.
    pub previous: Option<StatementId>,
    /// The author's organisation.
    pub originator: TrustDomain,
    /// Now.
    pub issued: Time,
    /// When it stops being released.
    pub expires: Time,
    /// Whether it is an exercise.
    pub exercise: bool,
}

/// An assessment ready for signing.
pub struct Composed {
    /// Commits to the portions.
    pub manifest: Manifest,
    /// The portions' encodings, in the author's order.
    pub portions: Vec<Vec<u8>>,
}

/// A fresh assessment id.
///
/// # Errors
/// Where the operating system has no random bytes.
pub fn new_assessment_id() -> Result<AssessmentId, NoRandomness> {
    random::bytes().map(AssessmentId)
}

/// Gives every portion a salt, a handle and a place, and commits to all of them.
///
/// # Errors
/// `LIMIT_EXCEEDED` where there are too many portions or one is too long, `INTERNAL` where there is no randomness.
pub fn compose(head: Head, pieces: Vec<Piece>) -> Result<Composed, Fault> {
    let no_randomness = |e: NoRandomness| Fault::new(Reason::Internal, e.to_string());
    let handles = pieces.iter().map(|_| random::bytes().map(Handle)).collect::<Result<Vec<_>, _>>();
    let handles = handles.map_err(no_randomness)?;
    let (mut order, mut total) = (0, 0);
    let mut portions = Vec::with_capacity(pieces.len());
    for (i, (piece, handle)) in pieces.into_iter().zip(&handles).enumerate() {
        order = next_order(order).map_err(no_randomness)?;
        let salt = Salt(random::bytes().map_err(no_randomness)?);
        let bytes = wire::portion::encode(&sealed(piece, salt, *handle, order, &handles));
        if bytes.len() > MAX_PORTION_BYTES {
            let what = format!("takes {} bytes; at most {MAX_PORTION_BYTES} fit, use an attachment", bytes.len());
            return Err(Fault::at(Reason::LimitExceeded, format!("portions[{i}]"), what));
        }
        total += bytes.len();
        portions.push(bytes);
    }
    if total > MAX_PORTIONS_BYTES {
        let what = format!("take {total} bytes together; at most {MAX_PORTIONS_BYTES} fit, use attachments");
        return Err(Fault::at(Reason::LimitExceeded, "portions", what));
    }
    let digests = portions.iter().map(|p| portion_digest(&head.assessment, p)).collect();
    let digests = with_decoys(digests).map_err(no_randomness)?;
    if digests.len() > MAX_DIGESTS {
        let what = format!("{} portions are too many; at most {} fit", portions.len(), MAX_DIGESTS - 1);
        return Err(Fault::new(Reason::LimitExceeded, what));
    }
    let Head { assessment, version, previous, originator, issued, expires, exercise } = head;
    let manifest = Manifest { assessment, version, previous, originator, issued, expires, digests, exercise };
    Ok(Composed { manifest, portions })
}

fn sealed(piece: Piece, salt: Salt, handle: Handle, order: u32, handles: &[Handle]) -> Portion {
    let Piece { marking, mut body, rests_on } = piece;
    if let Body::Judgement(judgement) = &mut body {
        judgement.rests_on = rests_on.iter().filter_map(|i| handles.get(*i)).copied().collect();
    }
    Portion { salt, handle, order, marking, body }
}

/// A portion that holds an endorsement, with fresh salt and handle.
///
/// # Errors
/// `INTERNAL` where there is no randomness.
pub fn endorsement(marking: Marking, text: String) -> Result<Portion, Fault> {
    let no_randomness = |e: NoRandomness| Fault::new(Reason::Internal, e.to_string());
    Ok(Portion {
        salt: Salt(random::bytes().map_err(no_randomness)?),
        handle: Handle(random::bytes().map_err(no_randomness)?),
        order: next_order(0).map_err(no_randomness)?,
        marking,
        body: Body::Endorsement { text },
    })
}

/// A random step further. 1,024 steps of at most 2^21 stay below 2^32.
fn next_order(order: u32) -> Result<u32, NoRandomness> {
    Ok(stepped(order, u32::from_le_bytes(random::bytes()?)))
}

fn stepped(order: u32, random: u32) -> u32 {
    order.saturating_add((random >> 11) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_grows_whatever_chance_gives_and_has_room_for_all_portions() {
        for (random, wanted) in [(0, 8), (1 << 11, 9), (u32::MAX, 7 + (1 << 21))] {
            assert_eq!(stepped(7, random), wanted);
        }
        let last = (0..MAX_DIGESTS - 1).fold(0, |order, _| stepped(order, u32::MAX));
        assert!(last < u32::MAX, "two portions would share the last place");
    }
}
