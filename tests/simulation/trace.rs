//! What happened, line by line, in names. It is the same for the same seed. Ids, keys and salts are random and are left out.

use std::{fmt::Write, sync::Mutex};

use sha2::{Digest, Sha256};

/// The lines so far.
#[derive(Default)]
pub struct Trace(Mutex<Vec<String>>);

impl Trace {
    pub fn line(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &*self.0.lock().unwrap() {
            writeln!(text, "{line}").unwrap();
        }
        text
    }

    /// The first 16 digits of its SHA-256.
    pub fn digest(&self) -> String {
        hex::encode(&Sha256::digest(self.text())[..8])
    }
}
