//! Marked strings, and the search for them in every encoding in which they may be stored.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use memchr::memmem;

/// The beginning of every canary. A match means that a canary was found.
const MARK: &str = "CANARY-";

/// Makes canaries, each once.
#[derive(Default)]
pub struct Canaries {
    pub made: usize,
}

impl Canaries {
    /// A new canary: its number, and enough random characters to differ from any other text.
    pub fn next(&mut self) -> String {
        self.made += 1;
        let random: [u8; 6] = watchfire::seal::random::bytes().unwrap();
        format!("{MARK}{:04}-{}", self.made, hex::encode(random))
    }
}

/// The forms of the mark: plain, as a word in lower case, UTF-16 of both orders, hexadecimal, and base64 at each of its three alignments.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let mark = MARK.as_bytes();
    let wide = |order: fn(u16) -> [u8; 2]| MARK.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let mut forms = vec![
        ("plain", mark.to_vec()),
        // As an index of words would have it.
        ("a word", MARK.trim_end_matches('-').to_lowercase().into_bytes()),
        ("UTF-16LE", wide(u16::to_le_bytes)),
        ("UTF-16BE", wide(u16::to_be_bytes)),
        ("hexadecimal", hex::encode(mark).into_bytes()),
        ("hexadecimal", hex::encode_upper(mark).into_bytes()),
    ];
    for (before, skipped) in [(0, 0), (1, 2), (2, 3)] {
        let text = STANDARD.encode([&vec![0; before], mark].concat());
        // Characters that depend on neighbouring bits are left out at both ends.
        let known = (before + mark.len()) * 8 / 6;
        forms.push(("base64", text.as_bytes()[skipped..known].to_vec()));
    }
    forms
}

/// What was searched, and what was found in it.
#[derive(Default)]
pub struct Search {
    pub files: usize,
    pub bytes: u64,
    pub found: Vec<String>,
}

impl Search {
    /// Searches bytes that came from `whence`.
    pub fn bytes(&mut self, whence: &str, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for (form, needle) in forms() {
            if let Some(at) = memmem::find(bytes, &needle) {
                self.found.push(format!("{whence}: {form} at byte {at}"));
            }
        }
    }

    /// Searches every file below a directory, by content and by name.
    pub fn below(&mut self, dir: &Path) {
        for path in files_below(dir) {
            self.files += 1;
            self.bytes(&format!("the name {}", path.display()), path.as_os_str().as_encoded_bytes());
            // A file that vanished meanwhile is searched in its next state.
            if let Ok(bytes) = std::fs::read(&path) {
                self.bytes(&path.display().to_string(), &bytes);
            }
        }
    }
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return vec![] };
    entries.flatten().flat_map(|e| if e.path().is_dir() { files_below(&e.path()) } else { vec![e.path()] }).collect()
}

#[test]
fn a_canary_is_found_in_each_form_wherever_it_stands() {
    let canary = Canaries::default().next();
    for before in 0..7 {
        let text = format!("{}{canary} and more", "x".repeat(before));
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide_other: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let written = [
            text.clone().into_bytes(),
            STANDARD.encode(&text).into_bytes(),
            hex::encode(&text).into_bytes(),
            hex::encode_upper(&text).into_bytes(),
            wide,
            wide_other,
        ];
        for bytes in written {
            let mut search = Search::default();
            search.bytes("here", &bytes);
            assert!(!search.found.is_empty(), "{before}: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
    let mut search = Search::default();
    search.bytes("here", STANDARD.encode("a canary is a bird").as_bytes());
    assert!(search.found.is_empty());
}
