//! The names of copies of attachments, and how much of each is stored.

use crate::domain::ids::{Sha256, TrustDomain};

/// Names a copy of an attachment. Each source has its own copy, so that what one partner has sent neither reveals nor changes
/// another one's copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyName {
    /// SHA-256 of the whole.
    pub sha256: Sha256,
    /// The partner from which it is fetched; `None` if it was uploaded here.
    pub from: Option<TrustDomain>,
}

impl CopyName {
    /// The copy that was uploaded here.
    pub fn own(sha256: Sha256) -> Self {
        Self { sha256, from: None }
    }

    /// The copy that is fetched from a partner.
    pub fn of(partner: &TrustDomain, sha256: Sha256) -> Self {
        Self { sha256, from: Some(partner.clone()) }
    }
}

/// How much of an attachment is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttachmentStatus {
    /// Its length in bytes, once it is known.
    pub size: u64,
    /// How many bytes are stored, from the start without a gap.
    pub stored: u64,
    /// Whether it is whole and its digest was checked.
    pub complete: bool,
}
