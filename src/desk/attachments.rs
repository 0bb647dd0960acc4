//! Attachments, as messages.

use std::sync::Arc;

use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::{argument::argument, feed};
use crate::{
    domain::{actor::Actor, fault::Fault, ids::Sha256},
    node::Node,
    wire::{field, proto, status::from_fault},
};

/// How many bytes are stored when the last chunk has come.
pub(super) async fn upload(
    node: &Node,
    actor: &Actor,
    mut chunks: Streaming<proto::UploadAttachmentRequest>,
) -> Result<u64, Status> {
    let author = actor.authorize().map_err(from_fault)?;
    let mut stored = 0;
    while let Some(chunk) = chunks.message().await? {
        let proto::UploadAttachmentRequest { sha256, size, offset, data } = chunk;
        let sha256 = argument(field::bytes("sha256", &sha256)).map_err(from_fault)?;
        let status = node.upload(&author, &sha256, size, offset, data.into()).await.map_err(from_fault)?;
        stored = status.stored;
    }
    Ok(stored)
}

pub(super) async fn status(
    node: &Node,
    request: proto::GetAttachmentStatusRequest,
) -> Result<proto::GetAttachmentStatusResponse, Fault> {
    let proto::GetAttachmentStatusRequest { sha256, uploaded_only } = request;
    let s = node.attachment_status(&argument(field::bytes("sha256", &sha256))?, uploaded_only).await?;
    Ok(proto::GetAttachmentStatusResponse { size: s.size, stored: s.stored, complete: s.complete })
}

/// Which attachment, from which byte on.
pub(super) fn wanted(request: proto::DownloadAttachmentRequest) -> Result<(Sha256, u64), Fault> {
    let proto::DownloadAttachmentRequest { sha256, offset } = request;
    Ok((field::bytes("sha256", &sha256)?, offset))
}

/// Tells the bytes, chunk by chunk.
pub(super) async fn download(
    node: Arc<Node>,
    actor: Actor,
    (sha256, mut offset): (Sha256, u64),
    to: mpsc::Sender<Result<proto::DownloadAttachmentResponse, Status>>,
) -> Result<(), Fault> {
    node.begin_download(&actor.authorize()?, &sha256).await?;
    loop {
        let data = node.download(&actor.authorize()?, &sha256, offset).await?;
        if data.is_empty() {
            return Ok(());
        }
        offset += data.len() as u64;
        feed::tell(&to, proto::DownloadAttachmentResponse { data: data.into() }).await?;
    }
}
