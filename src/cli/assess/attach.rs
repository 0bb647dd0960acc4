//! Attachments. Their bytes are uploaded before the assessment that names them, and arrive after it.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::draft_files::DraftFiles;
use crate::{
    cli::{
        CliError, Exit, Global,
        context::{Context, WRITERS},
        files::{FOR_OWNER, NewFile},
        output,
        signals::unless_ended,
    },
    desk::client::DeskClient,
    domain::{body::Body, draft::Draft, ids::Sha256},
    seal::hash::Sha256Stream,
    wire::proto,
};

/// The size of a chunk, bytes.
const CHUNK: usize = 256 * 1024;

fn failed(path: &Path, error: &std::io::Error) -> CliError {
    CliError::files(format!("{} can't be read: {error}", path.display()))
}

/// Records size and digest of each attachment in the draft.
pub(super) fn digest(draft: &mut Draft, files: DraftFiles<'_>) -> Result<(), CliError> {
    let paths: Vec<(usize, PathBuf)> = draft.files().map(|(place, file)| (place, file.to_owned())).collect();
    for (place, path) in paths {
        let mut file = files.open(&path)?;
        let (mut stream, mut size, mut chunk) = (Sha256Stream::new(), 0u64, vec![0; CHUNK]);
        loop {
            let read = file.read(&mut chunk).map_err(|e| failed(&path, &e))?;
            let Some(bytes) = chunk.get(..read).filter(|b| !b.is_empty()) else { break };
            stream.update(bytes);
            size += bytes.len() as u64;
        }
        draft.attach(place, size, Sha256(stream.finish())).map_err(CliError::files)?;
    }
    Ok(())
}

/// Uploads what the node lacks. An interrupted upload is resumed.
pub(super) async fn upload(
    global: &Global,
    desk: &mut DeskClient,
    draft: &Draft,
    files: DraftFiles<'_>,
) -> Result<(), CliError> {
    for (place, path) in draft.files() {
        let Some(Body::Attachment(attachment)) = draft.portions.get(place).map(|p| &p.body) else { continue };
        let sha256: prost::bytes::Bytes = attachment.sha256.0.to_vec().into();
        let request = proto::GetAttachmentStatusRequest { sha256: sha256.clone(), uploaded_only: true };
        let status = desk.attachments.get_attachment_status(request).await?.into_inner();
        if status.complete {
            continue;
        }
        let bar = bar(global, attachment.size, &attachment.name);
        let mut file = files.open(path)?;
        file.seek(SeekFrom::Start(status.stored)).map_err(|e| failed(path, &e))?;
        let size = attachment.size;
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        let reading = {
            let bar = bar.clone();
            tokio::task::spawn_blocking(move || read_chunks(file, &sha256, size, status.stored, &sender, &bar))
        };
        desk.attachments.upload_attachment(tokio_stream::wrappers::ReceiverStream::new(receiver)).await?;
        bar.finish_and_clear();
        let read = reading.await.map_err(|e| CliError::files(e.to_string()))?;
        read.map_err(|e| failed(path, &e))?;
    }
    Ok(())
}

fn read_chunks(
    mut file: File,
    sha256: &prost::bytes::Bytes,
    size: u64,
    mut offset: u64,
    to: &tokio::sync::mpsc::Sender<proto::UploadAttachmentRequest>,
    bar: &ProgressBar,
) -> std::io::Result<()> {
    let mut is_first = true;
    loop {
        let mut data = vec![0; CHUNK];
        let mut filled = 0;
        while let Some(rest) = data.get_mut(filled..).filter(|r| !r.is_empty()) {
            match file.read(rest)? {
                0 => break,
                read => filled += read,
            }
        }
        data.truncate(filled);
        // For an empty file, or one that the node already has completely, one empty chunk is sent. It makes the node check the whole.
        let is_end = data.is_empty();
        if is_end && !is_first {
            return Ok(());
        }
        is_first = false;
        let chunk = proto::UploadAttachmentRequest { sha256: sha256.clone(), size, offset, data: data.into() };
        offset += filled as u64;
        bar.set_position(offset);
        // If the node has ended the stream, its answer says why.
        if to.blocking_send(chunk).is_err() || is_end {
            return Ok(());
        }
    }
}

/// A progress bar on stderr. It is hidden if nobody would see it.
pub fn bar(global: &Global, length: u64, what: &str) -> ProgressBar {
    if global.quiet || global.json {
        return ProgressBar::hidden();
    }
    let template = "{msg:20!} [{bar:30}] {bytes}/{total_bytes} {eta}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style).with_message(crate::render::text::one_line(what))
}

/// Saves an attachment to a file.
#[derive(Args)]
pub struct Fetch {
    /// The attachment's SHA-256, as `assess show` prints it
    sha256: Sha256,
    /// The file to write; an existing file is not overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Fetch {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let sha256: prost::bytes::Bytes = self.sha256.0.to_vec().into();
        let status = desk
            .attachments
            .get_attachment_status(proto::GetAttachmentStatusRequest { sha256: sha256.clone(), uploaded_only: false })
            .await?
            .into_inner();
        if !status.complete {
            let what = if status.size > 0 {
                format!("{} of {} bytes are here so far; try again later", status.stored, status.size)
            } else {
                "there is no such attachment here".to_owned()
            };
            return Err(CliError::new(Exit::Failed, "NOT_FOUND", what));
        }
        let at = self.out.display();
        let mut file = NewFile::begin(&self.out, FOR_OWNER)?;
        let bar = bar(global, status.size, "fetching");
        let mut chunks = desk
            .attachments
            .download_attachment(proto::DownloadAttachmentRequest { sha256, offset: 0 })
            .await?
            .into_inner();
        unless_ended(async {
            let mut stream = Sha256Stream::new();
            while let Some(chunk) = chunks.message().await? {
                file.add(&chunk.data)?;
                stream.update(&chunk.data);
                bar.inc(chunk.data.len() as u64);
            }
            bar.finish_and_clear();
            if Sha256(stream.finish()) != self.sha256 {
                let what = "the bytes do not match the digest; nothing was written, try again";
                return Err(CliError::new(Exit::Unverified, "DIGEST_NOT_LISTED", what));
            }
            file.finish()
        })
        .await?;
        output::result(global, &serde_json::json!({ "file": self.out, "size": status.size }), || format!("wrote {at}"));
        Ok(())
    }
}
