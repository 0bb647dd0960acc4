//! Reads a file by its kind, and makes a copy that tells less.

use serde::Serialize;

use super::{
    office, office_clean, pdf, picture,
    trace::{FileKind, MAX_FILE_BYTES, Trace, Traces},
};

/// A copy of a file that tells less about itself.
#[derive(Debug, Serialize)]
pub struct Cleaned {
    /// The bytes of the copy.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// What the copy does not tell any more.
    pub removed: Vec<Trace>,
    /// What it still tells.
    pub remains: Traces,
}

/// What a file tells about itself.
pub fn traces(bytes: &[u8]) -> Traces {
    let kind = FileKind::of(bytes);
    let mut found = Traces::of(kind);
    if bytes.len() > MAX_FILE_BYTES {
        found.unread(format!("it is larger than {} MiB, so it was not read", MAX_FILE_BYTES >> 20));
        return found;
    }
    match kind {
        FileKind::Jpeg | FileKind::Png | FileKind::Tiff | FileKind::Picture => picture::read(bytes, &mut found),
        FileKind::Pdf => pdf::read(bytes, &mut found),
        FileKind::Office => office::read(bytes, &mut found),
        FileKind::Other => found.unread("this program can't read what a file of this kind tells about itself"),
    }
    found
}

/// A copy without what can be taken out of it safely.
///
/// # Errors
/// A sentence, if no such copy can be made of the file.
pub fn cleaned(bytes: &[u8]) -> Result<Cleaned, String> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(format!("it is larger than {} MiB, and can't be cleaned here", MAX_FILE_BYTES >> 20));
    }
    let copy = match FileKind::of(bytes) {
        FileKind::Jpeg => picture::cleaned_jpeg(bytes)?,
        FileKind::Png => picture::cleaned_png(bytes)?,
        FileKind::Pdf => pdf::cleaned(bytes)?,
        FileKind::Office => office_clean::cleaned(bytes)?,
        kind @ (FileKind::Tiff | FileKind::Picture) => {
            return Err(format!(
                "it is {kind}, of which no cleaned copy can be made here; save it as PNG or JPEG, and clean that"
            ));
        }
        FileKind::Other => return Err("this program can't clean a file of this kind".to_owned()),
    };
    let remains = traces(&copy);
    let removed = traces(bytes).traces.into_iter().filter(|trace| !remains.traces.contains(trace)).collect();
    Ok(Cleaned { bytes: copy, removed, remains })
}
