//! Turns what an author wrote into what is signed: salts, handles, digests, decoys and the manifest.

use super::{
    digest::{portion_digest, with_decoys},
    random::{self, NoRandomness},
};
use crate::{
    domain::{
        assessment::{MAX_DIGESTS, MAX_MARKED_NAMES, MAX_PORTION_BYTES, MAX_PORTIONS_BYTES, Manifest, Portion},
        body::{BASIS_ROW, Body},
        fault::{Fault, Reason},
        ids::{AssessmentId, Handle, Salt, StatementId, TrustDomain},
        language::Language,
        marking::Marking,
        time::Time,
    },
    wire,
};

/// One portion before it is sealed.
pub struct UnsealedPortion {
    /// How it may be handled.
    pub marking: Marking,
    /// What it says. [`compose`] fills in the `rests_on` of a judgement.
    pub body: Body,
    /// The pieces that it rests on, by their index in the list.
    pub rests_on: Vec<usize>,
    /// The language of its text.
    pub language: Option<Language>,
    /// The piece that it translates, by its index in the list.
    pub translates: Option<usize>,
}

/// What a manifest says in addition to its digests.
pub struct ManifestHead {
    /// The id of the assessment.
    pub assessment: AssessmentId,
    /// The version.
    pub version: u32,
    /// The manifest of the version before; `None` for version 1.
    pub previous: Option<StatementId>,
    /// The author's organisation.
    pub originator: TrustDomain,
    /// When it was issued: now.
    pub issued: Time,
    /// When it stops being released.
    pub expires: Time,
    /// Whether it is an exercise.
    pub exercise: bool,
}

/// An assessment ready for signing.
pub struct Composed {
    /// The manifest, which commits to the portions.
    pub manifest: Manifest,
    /// The portions' encodings, in the author's order.
    pub portions: Vec<Vec<u8>>,
}

/// A fresh assessment id.
///
/// # Errors
/// [`NoRandomness`], if the operating system has no random bytes.
pub fn new_assessment_id() -> Result<AssessmentId, NoRandomness> {
    random::bytes().map(AssessmentId)
}

/// Gives every portion a salt and a handle, and makes the manifest that commits to all of them.
///
/// # Errors
/// `LIMIT_EXCEEDED`, if there are too many portions or one is too long. `INTERNAL`, if there are no random bytes.
pub fn compose(head: ManifestHead, pieces: Vec<UnsealedPortion>) -> Result<Composed, Fault> {
    let no_randomness = |e: NoRandomness| Fault::new(Reason::Internal, e.to_string());
    let handles = pieces.iter().map(|_| random::bytes().map(Handle)).collect::<Result<Vec<_>, _>>();
    let handles = handles.map_err(no_randomness)?;
    let names: usize = pieces.iter().map(|piece| piece.marking.names()).sum();
    if names > MAX_MARKED_NAMES {
        let what = format!("name {names} recipients and members together; at most {MAX_MARKED_NAMES} fit");
        return Err(Fault::at(Reason::LimitExceeded, "portions", what));
    }
    let mut total = 0;
    let mut portions = Vec::with_capacity(pieces.len());
    for (i, (piece, handle)) in pieces.into_iter().zip(&handles).enumerate() {
        let salt = Salt(random::bytes().map_err(no_randomness)?);
        let portion = sealed(piece, salt, *handle, &handles).map_err(no_randomness)?;
        let bytes = wire::portion::encode(&portion);
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
    let ManifestHead { assessment, version, previous, originator, issued, expires, exercise } = head;
    let manifest =
        Manifest { assessment, version, previous, originator, issued, expires, digests, exercise, sealed_origin: None };
    Ok(Composed { manifest, portions })
}

fn sealed(piece: UnsealedPortion, salt: Salt, handle: Handle, handles: &[Handle]) -> Result<Portion, NoRandomness> {
    let UnsealedPortion { marking, mut body, rests_on, language, translates } = piece;
    if let Body::Judgement(judgement) = &mut body {
        judgement.rests_on = with_strangers(rests_on.iter().filter_map(|i| handles.get(*i)).copied().collect())?;
    }
    let translates = translates.and_then(|i| handles.get(i)).copied();
    Ok(Portion { language, translates, ..Portion::new(salt, handle, marking, body) })
}

/// A portion that contains an endorsement, with fresh salt and handle.
///
/// # Errors
/// `INTERNAL`, if there are no random bytes.
pub fn endorsement(marking: Marking, text: String) -> Result<Portion, Fault> {
    let no_randomness = |e: NoRandomness| Fault::new(Reason::Internal, e.to_string());
    let salt = Salt(random::bytes().map_err(no_randomness)?);
    let handle = Handle(random::bytes().map_err(no_randomness)?);
    Ok(Portion::new(salt, handle, marking, Body::Endorsement { text }))
}

/// The handles of what a judgement rests on, ascending, and as many random ones as fill the row. Nobody can then count what is withheld. Empty
/// if the judgement rests on nothing.
fn with_strangers(mut handles: Vec<Handle>) -> Result<Vec<Handle>, NoRandomness> {
    while !handles.len().is_multiple_of(BASIS_ROW) {
        handles.push(Handle(random::bytes()?));
    }
    handles.sort_unstable();
    Ok(handles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_rests_on_fills_whole_rows_in_no_order_of_its_own() {
        for (known, listed) in [(0, 0), (1, 8), (8, 8), (9, 16)] {
            let handles: Vec<Handle> = (0..known).rev().map(|n| Handle([n; 8])).collect();
            let all = with_strangers(handles.clone()).unwrap();
            assert_eq!(all.len(), listed);
            assert!(all.is_sorted() && handles.iter().all(|h| all.contains(h)));
        }
    }
}
