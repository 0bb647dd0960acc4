//! The file with a composed assessment, signed or not: the JSON form of a DSSE envelope, with the portions beside it. Any program that knows DSSE can
//! sign it.

use std::{fs::File, io::Read, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    cli::CliError,
    domain::{
        assessment::{Manifest, Portion},
        statement::{Envelope, Signature, StatementKind},
    },
    seal::open::{OpenedPortion, open_listed},
    wire,
};

/// The longest file that is read, bytes: more than a manifest and portions take in base64.
const LONGEST: u64 = 16 << 20;

/// A composed assessment.
pub struct ComposedFile {
    /// The manifest, with its signatures if it has any.
    pub envelope: Envelope,
    /// The encodings of the portions, in the author's order.
    pub portions: Vec<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    payload_type: String,
    payload: String,
    signatures: Vec<WrittenSignature>,
    portions: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    suite: String,
    certificates: Vec<String>,
    sig: String,
}

impl ComposedFile {
    /// Makes it from an envelope and its portions.
    pub fn new((envelope, portions): (Envelope, Vec<Vec<u8>>)) -> Self {
        Self { envelope, portions }
    }

    /// Its text.
    pub fn encoded(&self) -> Result<String, CliError> {
        let Self { envelope, portions } = self;
        let all = |all: &[Vec<u8>]| all.iter().map(|bytes| STANDARD.encode(bytes)).collect();
        let signature = |s: &Signature| WrittenSignature {
            suite: s.suite.to_string(),
            certificates: all(&s.certificates),
            sig: STANDARD.encode(&s.value),
        };
        let written = Written {
            payload_type: envelope.kind.payload_type().to_owned(),
            payload: STANDARD.encode(&envelope.payload),
            signatures: envelope.signatures.iter().map(signature).collect(),
            portions: all(portions),
        };
        let text = serde_json::to_string_pretty(&written).map_err(|e| CliError::files(e.to_string()))?;
        Ok(text + "\n")
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, CliError> {
        let failed = |why: &str| CliError::files(format!("{} can't be read: {why}", path.display()));
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
        read.map_err(|e| failed(&e.to_string()))?;
        if text.len() as u64 > LONGEST {
            return Err(failed("it is longer than any composed assessment"));
        }
        Self::decoded(&text).map_err(|e| CliError { message: format!("{}: {}", path.display(), e.message), ..e })
    }

    fn decoded(text: &str) -> Result<Self, CliError> {
        let wrong = |what: String| CliError::files(format!("this is no file of `watchfire assess compose`: {what}"));
        let written: Written = serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let bytes = |text: &String| STANDARD.decode(text).map_err(|e| wrong(e.to_string()));
        let all = |all: &[String]| all.iter().map(bytes).collect::<Result<Vec<_>, _>>();
        if written.payload_type != StatementKind::Manifest.payload_type() {
            return Err(wrong("it contains another kind of statement".to_owned()));
        }
        let signature = |s: &WrittenSignature| {
            let suite = s.suite.parse().map_err(wrong)?;
            Ok::<_, CliError>(Signature { suite, certificates: all(&s.certificates)?, value: bytes(&s.sig)? })
        };
        let signatures = written.signatures.iter().map(signature).collect::<Result<_, _>>()?;
        let envelope = Envelope::new(StatementKind::Manifest, bytes(&written.payload)?, signatures);
        Ok(Self { envelope, portions: all(&written.portions)? })
    }

    /// The manifest and all portions. The manifest commits to them, and leaves none out.
    pub fn opened(&self) -> Result<(Manifest, Vec<Portion>), CliError> {
        let manifest = wire::manifest::decode(&self.envelope.payload)?;
        let portions = open_listed(&manifest, &self.portions)?;
        Ok((manifest, portions.into_iter().map(OpenedPortion::into_portion).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::statement::Suite;

    #[test]
    fn what_was_written_is_read_again_byte_for_byte() {
        for signatures in
            [vec![], vec![Signature { suite: Suite::Ed25519, certificates: vec![vec![1]], value: vec![2; 64] }]]
        {
            let envelope = Envelope::new(StatementKind::Manifest, vec![0, 255, 10], signatures);
            let file = ComposedFile::new((envelope.clone(), vec![vec![7; 3], vec![]]));
            let read = ComposedFile::decoded(&file.encoded().unwrap()).unwrap_or_else(|e| panic!("{}", e.message));
            assert_eq!((read.envelope, read.portions), (envelope, vec![vec![7; 3], vec![]]));
        }
    }

    #[test]
    fn other_files_are_refused() {
        let right =
            ComposedFile::new((Envelope::new(StatementKind::Manifest, vec![1], vec![]), vec![])).encoded().unwrap();
        let manifest = StatementKind::Manifest.payload_type();
        for wrong in [
            String::new(),
            "{}".to_owned(),
            right.replace("AQ==", "?"),
            right.replace(manifest, StatementKind::Release.payload_type()),
            right.replace("\"portions\"", "\"more\": 1, \"portions\""),
        ] {
            let error = ComposedFile::decoded(&wrong).err().map(|e| e.message).unwrap_or_default();
            assert!(error.contains("no file of"), "{wrong}: {error}");
        }
    }
}
