//! HTTP/2 frames made by hand (RFC 9113), correct and faulty ones, and what the other side answers.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use tokio::io::{AsyncRead, AsyncReadExt};

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const PRIORITY: u8 = 2;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A string of HPACK, without Huffman.
fn string(text: &[u8]) -> Vec<u8> {
    let mut out = number(text.len(), 7, 0);
    out.extend(text);
    out
}

/// A number of HPACK with a prefix of this many bits.
fn number(mut value: usize, bits: u8, first: u8) -> Vec<u8> {
    let most = (1 << bits) - 1;
    if value < most {
        return vec![first | value as u8];
    }
    let mut out = vec![first | most as u8];
    value -= most;
    while value >= 128 {
        out.push((value % 128) as u8 | 128);
        value /= 128;
    }
    out.push(value as u8);
    out
}

/// A header that is not put into the table.
pub fn header(name: &str, value: &[u8]) -> Vec<u8> {
    [&[0][..], &string(name.as_bytes()), &string(value)].concat()
}

/// A header that is put into the table.
pub fn kept_header(name: &str, value: &[u8]) -> Vec<u8> {
    [&[0x40][..], &string(name.as_bytes()), &string(value)].concat()
}

/// The headers of a gRPC call.
pub fn call_headers(path: &str) -> Vec<u8> {
    [
        header(":method", b"POST"),
        header(":scheme", b"https"),
        header(":path", path.as_bytes()),
        header(":authority", b"node.invalid"),
        header("content-type", b"application/grpc"),
        header("te", b"trailers"),
    ]
    .concat()
}

pub fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let pairs = pairs.iter().flat_map(|(k, v)| [&k.to_be_bytes()[..], &v.to_be_bytes()].concat());
    frame(SETTINGS, 0, 0, &pairs.collect::<Vec<_>>())
}

pub fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())
}

/// What the other side has sent, on one connection or several.
#[derive(Default, Clone)]
pub struct Seen {
    /// How often it ended a connection with a reason.
    pub goaway: BTreeMap<u32, usize>,
    /// The streams that it has reset, by their reason.
    pub resets: BTreeMap<u32, usize>,
    /// The number of frames of each kind.
    pub frames: BTreeMap<u8, usize>,
    /// Streams on which an answer has begun and has not ended.
    pub open: Vec<u32>,
    /// Answers that ended with their first frame: refusals.
    pub refusals: usize,
    /// The number of bytes of bodies.
    pub body: usize,
    /// How the connection ended. Of several, one that has ended.
    pub end: Option<String>,
}

impl Seen {
    pub fn add(&mut self, other: &Self) {
        let pairs = [(&mut self.goaway, &other.goaway), (&mut self.resets, &other.resets)];
        for (sums, counts) in pairs {
            counts.iter().for_each(|(code, count)| *sums.entry(*code).or_default() += count);
        }
        other.frames.iter().for_each(|(kind, count)| *self.frames.entry(*kind).or_default() += count);
        self.open.extend(&other.open);
        self.refusals += other.refusals;
        self.body += other.body;
        self.end = other.end.clone().or(self.end.take());
    }

    pub fn of(&self, kind: u8) -> usize {
        self.frames.get(&kind).copied().unwrap_or_default()
    }
}

fn name(code: u32) -> &'static str {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    NAMES.get(code as usize).copied().unwrap_or("?")
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = vec![];
        for (word, codes) in [("RST_STREAM", &self.resets), ("GOAWAY", &self.goaway)] {
            said.extend(codes.iter().map(|(code, count)| format!("{word} {} × {count}", name(*code))));
        }
        for (word, kind) in [("answers", HEADERS), ("PING", PING), ("SETTINGS", SETTINGS)] {
            let count = self.of(kind);
            // Its own settings are not an answer.
            if count > 1 {
                said.push(format!("{word} × {count}"));
            }
        }
        said.push(self.end.clone().unwrap_or_else(|| "kept".to_owned()));
        write!(f, "{}", said.join(", "))
    }
}

/// Reads frames until the end.
pub async fn listen(mut from: impl AsyncRead + Unpin, seen: Arc<Mutex<Seen>>) {
    loop {
        let mut head = [0; 9];
        if let Err(error) = from.read_exact(&mut head).await {
            let end =
                if error.kind() == std::io::ErrorKind::UnexpectedEof { "closed".to_owned() } else { error.to_string() };
            seen.lock().unwrap().end = Some(end);
            return;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        if from.read_exact(&mut payload).await.is_err() {
            seen.lock().unwrap().end = Some("closed".to_owned());
            return;
        }
        let mut seen = seen.lock().unwrap();
        *seen.frames.entry(head[3]).or_default() += 1;
        let code = |at: usize| payload.get(at..at + 4).map_or(0, |b| u32::from_be_bytes(b.try_into().unwrap()));
        match head[3] {
            DATA => seen.body += length,
            HEADERS => {
                let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
                match (head[4] & END_STREAM == 0, seen.open.iter().position(|open| *open == stream)) {
                    (true, _) => seen.open.push(stream),
                    (false, Some(at)) => drop(seen.open.swap_remove(at)),
                    (false, None) => seen.refusals += 1,
                }
            }
            RST_STREAM => *seen.resets.entry(code(0)).or_default() += 1,
            GOAWAY => *seen.goaway.entry(code(4)).or_default() += 1,
            _ => {}
        }
    }
}
