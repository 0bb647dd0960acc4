//! The stored form of summaries ([`Summary`]), and how one is made of portions that were stored before summaries were.

use super::{Result, StoreError, damage::Damage};
use crate::{
    domain::{
        assessment::Portion,
        ids::Digest,
        summary::{Life, Summary},
    },
    seal::digest::portion_digest,
    wire,
};

/// The stored form is filled up to a multiple of so many bytes, so that its length does not tell how many subjects and forecasts there are.
const BLOCK: usize = 256;

/// The stored form: JSON, filled up with blanks.
///
/// # Errors
/// [`StoreError::Failed`], which does not happen: a summary consists of numbers, strings and lists.
pub(super) fn pack(summary: &Summary) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(summary).map_err(|e| StoreError::Failed(e.to_string()))?;
    bytes.resize(bytes.len().next_multiple_of(BLOCK), b' ');
    Ok(bytes)
}

/// Reads the form that [`pack`] writes.
///
/// # Errors
/// [`StoreError::Damaged`], of a row.
pub(super) fn unpack(bytes: &[u8]) -> Result<Summary> {
    serde_json::from_slice(bytes).map_err(|_| StoreError::Damaged(Damage::Row))
}

/// The life of the version whose encoded manifest this is; `None` if it is unreadable.
pub(super) fn life_of(manifest: &[u8]) -> Option<Life> {
    let envelope = wire::envelope::decode(manifest).ok()?;
    Some(Life::of(&wire::manifest::decode(&envelope.payload).ok()?))
}

/// The summary of a version's encoded portions. Unreadable portions are left out. `None` if the manifest is unreadable.
pub fn among(manifest: &[u8], encodings: &[Vec<u8>]) -> Option<Summary> {
    let envelope = wire::envelope::decode(manifest).ok()?;
    let manifest = wire::manifest::decode(&envelope.payload).ok()?;
    let digest = |bytes: &[u8]| portion_digest(&manifest.assessment, bytes);
    let read: Vec<(Portion, Digest)> =
        encodings.iter().filter_map(|bytes| Some((wire::portion::decode(bytes).ok()?, digest(bytes)))).collect();
    Some(Summary::of(&manifest, read.iter().map(|(portion, digest)| (portion, *digest))))
}
