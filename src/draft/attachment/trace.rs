//! What is told: a list of traces.

use serde::Serialize;

use crate::domain::words::words;

/// The largest file that is read, bytes.
pub const MAX_FILE_BYTES: usize = 64 << 20;
/// The most traces of a file.
const MAX_TRACES: usize = 100;
/// The longest trace, in characters.
const MAX_CHARS: usize = 160;

words!(
    /// Kinds of files.
    FileKind, "kind of file" {
        /// JPEG.
        Jpeg = "JPEG",
        /// PNG.
        Png = "PNG",
        /// TIFF.
        Tiff = "TIFF",
        /// Pictures whose metadata are read, and of which no cleaned copy is made: HEIF, AVIF and WebP.
        Picture = "HEIF or WebP",
        /// PDF.
        Pdf = "PDF",
        /// A text document, table or presentation (Office Open XML).
        Office = "Office document",
        /// Anything else.
        Other = "file of another kind",
    }
);

impl FileKind {
    /// The kind, by the first bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let brand =
            bytes.get(4..8) == Some(b"ftyp") || (bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"));
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [0x89, b'P', b'N', b'G', ..] => Self::Png,
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Self::Tiff,
            [b'P', b'K', 3, 4, ..] => Self::Office,
            _ if brand => Self::Picture,
            _ if bytes.get(..1024).unwrap_or(bytes).windows(5).any(|w| w == b"%PDF-") => Self::Pdf,
            _ => Self::Other,
        }
    }
}

/// One thing that a file tells about itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Trace {
    /// What it is: `place`, `author`, `tracked change`.
    pub what: String,
    /// What it says.
    pub says: String,
}

/// What a file tells about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Traces {
    /// What kind of file it is.
    pub kind: FileKind,
    /// The traces, each once.
    pub traces: Vec<Trace>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// Why nothing, or not all, could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Traces {
    /// No traces yet.
    pub(super) fn of(kind: FileKind) -> Self {
        Self { kind, traces: vec![], more: 0, unread: None }
    }

    /// Adds a trace, unless it says nothing or is there.
    pub(super) fn add(&mut self, what: impl Into<String>, says: &str) {
        let says: Vec<&str> = says
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|w| !w.is_empty())
            .take(MAX_CHARS)
            .collect();
        let says: String = says.join(" ").chars().take(MAX_CHARS).collect();
        let trace = Trace { what: what.into(), says };
        if trace.says.is_empty() || self.traces.contains(&trace) {
            return;
        }
        if self.traces.len() < MAX_TRACES { self.traces.push(trace) } else { self.more += 1 }
    }

    /// Says why something could not be read. The first reason stays.
    pub(super) fn unread(&mut self, why: impl Into<String>) {
        self.unread.get_or_insert(why.into());
    }
}
