//! Attachments: the service.

use std::sync::Arc;

use tonic::{Request, Response, Streaming};

use super::{
    argument,
    call::{Desk, Reply, answer, authorize},
    stream::{ResponseStream, Sender, response_stream, send},
};
use crate::{
    domain::{
        actor::{Authorized, Write},
        fault::Fault,
        ids::Sha256,
    },
    node::Node,
    wire::{
        proto::{self, attachment_service_server::AttachmentService},
        status::from_fault,
    },
};

#[tonic::async_trait]
impl AttachmentService for Desk {
    async fn upload_attachment(
        &self,
        request: Request<Streaming<proto::UploadAttachmentRequest>>,
    ) -> Reply<proto::UploadAttachmentResponse> {
        let (actor, mut chunks) = authorize(request)?;
        let mut stored = 0;
        while let Some(chunk) = chunks.message().await? {
            let proto::UploadAttachmentRequest { sha256, size, offset, data } = chunk;
            let sha256 = argument::bytes("sha256", &sha256).map_err(from_fault)?;
            let status =
                self.node.assessments.upload(&actor, &sha256, size, offset, data.into()).await.map_err(from_fault)?;
            stored = status.stored;
        }
        Ok(Response::new(proto::UploadAttachmentResponse { stored }))
    }

    async fn get_attachment_status(
        &self,
        request: Request<proto::GetAttachmentStatusRequest>,
    ) -> Reply<proto::GetAttachmentStatusResponse> {
        let proto::GetAttachmentStatusRequest { sha256, uploaded_only } = request.into_inner();
        answer(async {
            let s =
                self.node.assessments.attachment_status(&argument::bytes("sha256", &sha256)?, uploaded_only).await?;
            Ok(proto::GetAttachmentStatusResponse { size: s.size, stored: s.stored, complete: s.complete })
        })
        .await
    }

    type DownloadAttachmentStream = ResponseStream<proto::DownloadAttachmentResponse>;

    async fn download_attachment(
        &self,
        request: Request<proto::DownloadAttachmentRequest>,
    ) -> Reply<Self::DownloadAttachmentStream> {
        let (actor, proto::DownloadAttachmentRequest { sha256, offset }) = authorize(request)?;
        let sha256 = argument::bytes("sha256", &sha256).map_err(from_fault)?;
        let node = self.node.clone();
        Ok(Response::new(response_stream(move |to| download(node, actor, sha256, offset, to))))
    }
}

/// Sends the bytes, chunk by chunk.
async fn download(
    node: Arc<Node>,
    actor: Authorized<Write>,
    sha256: Sha256,
    mut offset: u64,
    to: Sender<proto::DownloadAttachmentResponse>,
) -> Result<(), Fault> {
    node.assessments.begin_download(&actor, &sha256).await?;
    loop {
        let data = node.assessments.download(&actor, &sha256, offset).await?;
        if data.is_empty() {
            return Ok(());
        }
        offset += data.len() as u64;
        send(&to, proto::DownloadAttachmentResponse { data: data.into() }).await?;
    }
}
