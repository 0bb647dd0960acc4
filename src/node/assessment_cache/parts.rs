//! The parts of a loaded assessment.

use std::sync::Arc;

use crate::{
    domain::{
        assessment::Portion,
        endorsement::Endorsement,
        fault::Fault,
        ids::{Digest, StatementId},
        statement::Envelope,
        time::Time,
    },
    policy::PartnerException,
    seal::statement::id_of,
    wire,
};

/// An endorsement of an assessment.
pub struct LoadedEndorsement {
    /// The statement's id. It stands where a portion's digest does.
    pub id: StatementId,
    /// The decoded statement.
    pub endorsement: Endorsement,
    /// The statement with its signatures.
    pub envelope: Arc<Envelope>,
    /// When it was first logged here.
    pub logged_at: Time,
    /// Whether it was verified when it was logged.
    pub was_verified: bool,
    /// Its length with its signatures if it comes from the store, else 0.
    pub(in crate::node) bytes: usize,
}

impl LoadedEndorsement {
    /// Decodes an endorsement. It does not verify it.
    ///
    /// # Errors
    /// Decoding faults.
    pub fn new(envelope: Arc<Envelope>, logged_at: Time) -> Result<Self, Fault> {
        let endorsement = wire::endorsement::decode(&envelope.payload)?;
        let id = id_of(envelope.kind, &envelope.payload);
        Ok(Self { id, endorsement, envelope, logged_at, was_verified: false, bytes: 0 })
    }

    /// The id in the form in which it stands among portions' digests.
    pub fn digest(&self) -> Digest {
        Digest(self.id.0)
    }
}

/// An exception for some portions of an assessment.
pub struct LoadedException {
    /// The exception as the decision needs it.
    pub excepted: PartnerException,
    /// The statement with its signatures.
    pub envelope: Arc<Envelope>,
    /// When it was first logged here.
    pub logged_at: Time,
}

impl LoadedException {
    /// Decodes an exception. It does not verify it.
    ///
    /// # Errors
    /// Decoding faults.
    pub fn new(envelope: Arc<Envelope>, logged_at: Time) -> Result<Self, Fault> {
        let exception = wire::request::decode_exception(&envelope.payload)?;
        let excepted = PartnerException::new(id_of(envelope.kind, &envelope.payload), &exception);
        Ok(Self { excepted, envelope, logged_at })
    }
}

/// One portion of an assessment.
pub struct LoadedPortion {
    /// Its digest in the manifest.
    pub digest: Digest,
    /// The decoded portion.
    pub portion: Portion,
    /// The encoding that the manifest's digest is computed over.
    pub bytes: Arc<[u8]>,
}
