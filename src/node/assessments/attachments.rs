//! Attachments. They are named by their digest and sent in chunks, resume after an interruption, and are checked as a whole before
//! anybody gets them.

use crate::{
    domain::{
        actor::{Authorized, Write},
        assessment::MAX_ATTACHMENT_BYTES,
        body::Body,
        event::Deed,
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
    },
    node::{assessment_cache::loaded::LoadedAssessment, assessments::Assessments, outbound::send::still_permits},
    seal::hash::Sha256Stream,
    store::{AttachmentStatus, CopyName},
    wire,
};

/// The largest chunk, in bytes (01-protocol §8).
pub const CHUNK: u32 = 256 * 1024;

impl Assessments {
    /// How much of an attachment is here, from any sender; or, for an upload, how much of it was uploaded here.
    ///
    /// # Errors
    /// Store faults.
    pub async fn attachment_status(&self, sha256: &Sha256, is_upload: bool) -> Result<AttachmentStatus, Fault> {
        let own = CopyName::own(*sha256);
        let name = if is_upload { own } else { self.store.best_copy(sha256).await?.unwrap_or(own) };
        Ok(self.store.attachment(&name).await?)
    }

    /// How much of an attachment a partner has sent.
    ///
    /// # Errors
    /// Store faults.
    pub async fn sent_status(&self, partner: &TrustDomain, sha256: &Sha256) -> Result<AttachmentStatus, Fault> {
        Ok(self.store.attachment(&CopyName::of(partner, *sha256)).await?)
    }

    /// Stores a chunk from the organisation's own people. It is durable on return.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, and as [`Self::store_chunk`].
    pub async fn upload(
        &self,
        _actor: &Authorized<Write>,
        sha256: &Sha256,
        size: u64,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<AttachmentStatus, Fault> {
        self.store_chunk(&CopyName::own(*sha256), size, offset, data).await
    }

    /// Stores a chunk that a partner has sent. It is durable on return.
    ///
    /// # Errors
    /// As [`Self::store_chunk`].
    pub async fn take_chunk(
        &self,
        partner: &TrustDomain,
        sha256: &Sha256,
        size: u64,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<AttachmentStatus, Fault> {
        self.store_chunk(&CopyName::of(partner, *sha256), size, offset, data).await
    }

    /// Stores a chunk. After the last one it checks the digest of the whole, and deletes everything if the digest is wrong.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`; `CONFLICT` where it does not begin where the last chunk ended; `DIGEST_NOT_LISTED` where the whole does not
    /// match its digest.
    async fn store_chunk(
        &self,
        name: &CopyName,
        size: u64,
        offset: u64,
        data: Vec<u8>,
    ) -> Result<AttachmentStatus, Fault> {
        let length = data.len() as u64;
        if size > MAX_ATTACHMENT_BYTES || length > u64::from(CHUNK) || offset.saturating_add(length) > size {
            let what = format!("an attachment takes at most {MAX_ATTACHMENT_BYTES} bytes, a chunk {CHUNK}");
            return Err(Fault::new(Reason::LimitExceeded, what));
        }
        let before = self.store.attachment(name).await?;
        if before.complete {
            return Ok(before);
        }
        if before.size != size && before.stored > 0 {
            // Two senders state different lengths for one digest. Only a whole with the right digest counts, so it starts again.
            self.store.finish_attachment(name, false).await?;
            return Err(Fault::new(Reason::Conflict, "the attachment was begun with another length; try again"));
        }
        if length > 0 || size == 0 {
            self.store.append_attachment(name, size, offset, data).await?;
        }
        let status = self.store.attachment(name).await?;
        if status.stored < size {
            return Ok(status);
        }
        let is_good = self.digest_of(name, size).await? == name.sha256;
        self.store.finish_attachment(name, is_good).await?;
        if is_good {
            Ok(self.store.attachment(name).await?)
        } else {
            Err(Fault::new(Reason::DigestNotListed, "the attachment's bytes are not those that its digest names"))
        }
    }

    async fn digest_of(&self, name: &CopyName, size: u64) -> Result<Sha256, Fault> {
        let mut stream = Sha256Stream::new();
        let mut offset = 0;
        while offset < size {
            let bytes = self.store.read_attachment(name, offset, CHUNK).await?;
            if bytes.is_empty() {
                break;
            }
            offset += bytes.len() as u64;
            stream.update(&bytes);
        }
        Ok(Sha256(stream.finish()))
    }

    /// Records that somebody of the organisation begins to take an attachment out.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn begin_download(&self, actor: &Authorized<Write>, sha256: &Sha256) -> Result<(), Fault> {
        self.store.best_copy(sha256).await?.ok_or_else(nothing)?;
        self.ledger.took_out(actor, Deed::AttachmentDownloaded { sha256: *sha256 }).await.map(|_| ())
    }

    /// A chunk for the organisation's own people.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND` where it is not whole.
    pub async fn download(&self, _actor: &Authorized<Write>, sha256: &Sha256, offset: u64) -> Result<Vec<u8>, Fault> {
        let name = self.store.best_copy(sha256).await?.ok_or_else(nothing)?;
        if self.store.is_attachment_recalled(sha256).await? {
            return Err(nothing());
        }
        self.whole_chunk(&name, offset).await
    }

    /// A chunk for a partner, if a release has disclosed the attachment to it and would still do so. Otherwise the answer is the same as
    /// for an attachment that does not exist.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`, `NOT_FOUND`.
    pub async fn chunk_for(&self, partner: &TrustDomain, sha256: &Sha256, offset: u64) -> Result<Vec<u8>, Fault> {
        let active = self.directory.current().active(partner)?.clone();
        for record in self.store.attachment_releases(partner, sha256).await? {
            let release = wire::release::decode(&wire::envelope::decode(&record.envelope)?.payload)?;
            for prepared in self.cache.prepare(&[record.manifest_id]).await? {
                if still_permits(&active.outgoing, &prepared, &release, self.clock.now()) {
                    return self.whole_chunk(&CopyName::own(*sha256), offset).await;
                }
            }
        }
        Err(nothing())
    }

    async fn whole_chunk(&self, name: &CopyName, offset: u64) -> Result<Vec<u8>, Fault> {
        let status = self.store.attachment(name).await?;
        if !status.complete || offset > status.size {
            return Err(nothing());
        }
        Ok(self.store.read_attachment(name, offset, CHUNK).await?)
    }

    /// The attachments that a partner has disclosed but not sent completely: (digest, length).
    ///
    /// # Errors
    /// Store faults.
    pub async fn wanted_from(&self, partner: &TrustDomain) -> Result<Vec<(Sha256, u64)>, Fault> {
        Ok(self.store.wanted_attachments(partner).await?)
    }

    /// Requires that all attachments of an assessment are here, because it is published only with them.
    pub(in crate::node) async fn require_attachments(&self, prepared: &LoadedAssessment) -> Result<(), Fault> {
        for portion in &prepared.portions {
            let Body::Attachment(attachment) = &portion.portion.body else { continue };
            let status = self.store.attachment(&CopyName::own(attachment.sha256)).await?;
            if !status.complete || status.size != attachment.size {
                let what = "an attachment of this assessment was not uploaded; upload it, then publish";
                return Err(Fault::new(Reason::NotFound, what));
            }
        }
        Ok(())
    }
}

fn nothing() -> Fault {
    Fault::new(Reason::NotFound, "there is no such attachment")
}
