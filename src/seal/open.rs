//! Opens the portions that came with a manifest: checks that the manifest commits to them, and decodes them.

use std::collections::HashSet;

use super::{digest::portion_digest, verify::Verified};
use crate::{
    domain::{
        assessment::{MAX_MARKED_NAMES, MAX_PORTIONS_BYTES, Manifest, Portion},
        body::Kind,
        fault::{Fault, Reason},
        ids::{Digest, Handle},
    },
    wire,
};

/// A portion that its manifest commits to. Only [`open`] and [`open_listed`] make one.
#[derive(Debug, Clone)]
pub struct OpenedPortion {
    digest: Digest,
    portion: Portion,
}

impl OpenedPortion {
    /// Its digest, as the manifest lists it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The decoded portion.
    pub fn portion(&self) -> &Portion {
        &self.portion
    }

    /// The decoded portion, without a copy.
    pub fn into_portion(self) -> Portion {
        self.portion
    }
}

/// Checks every portion against the manifest and decodes it strictly. Keeps the order in which they came. A missing portion is normal. A portion
/// that is not listed, or that comes twice, is an attack.
///
/// # Errors
/// `DIGEST_NOT_LISTED`, `DIGEST_REPEATED`, `UNKNOWN_OR_NON_CANONICAL` or `STATEMENT_TOO_LARGE`, with the portion's index.
pub fn open<B: AsRef<[u8]>>(manifest: &Verified<Manifest>, portions: &[B]) -> Result<Vec<OpenedPortion>, Fault> {
    open_listed(manifest.content(), portions)
}

/// As [`open`], for a manifest that this node made itself and is about to sign, or that the store has kept.
///
/// # Errors
/// As [`open`].
pub fn open_listed<B: AsRef<[u8]>>(manifest: &Manifest, portions: &[B]) -> Result<Vec<OpenedPortion>, Fault> {
    let bytes: usize = portions.iter().map(|p| p.as_ref().len()).sum();
    if bytes > MAX_PORTIONS_BYTES {
        let what = format!("the portions take {bytes} bytes together; at most {MAX_PORTIONS_BYTES} fit");
        return Err(Fault::at(Reason::StatementTooLarge, "portions", what));
    }
    let mut seen: HashSet<Digest> = HashSet::with_capacity(portions.len());
    let mut handles: HashSet<Handle> = HashSet::with_capacity(portions.len());
    let mut opened = Vec::with_capacity(portions.len());
    let mut names = 0;
    for (i, bytes) in portions.iter().enumerate() {
        let here = || format!("portions[{i}]");
        let digest = portion_digest(&manifest.assessment, bytes.as_ref());
        if manifest.digests.binary_search(&digest).is_err() {
            return Err(Fault::at(Reason::DigestNotListed, here(), "the manifest does not commit to this portion"));
        }
        if !seen.insert(digest) {
            return Err(Fault::at(Reason::DigestRepeated, here(), "the portion came twice"));
        }
        let portion = wire::portion::decode(bytes.as_ref()).map_err(|f| f.within(&here()))?;
        names += portion.marking.names();
        if names > MAX_MARKED_NAMES {
            let what = format!("the markings contain more than {MAX_MARKED_NAMES} names together");
            return Err(Fault::at(Reason::StatementTooLarge, "portions", what));
        }
        if portion.kind() == Kind::Endorsement {
            let what = "an endorsement is a separate statement and not among the portions of a manifest";
            return Err(Fault::at(Reason::UnknownOrNonCanonical, here(), what));
        }
        if !handles.insert(portion.handle) {
            return Err(Fault::at(Reason::DigestRepeated, here(), "two portions have the same handle"));
        }
        opened.push(OpenedPortion { digest, portion });
    }
    Ok(opened)
}
