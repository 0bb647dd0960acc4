//! Reads the files of vectors.

use std::path::Path;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

#[derive(Deserialize)]
struct File<T> {
    cases: usize,
    vectors: Vec<T>,
}

/// The vectors of a file: as many as the file says, and at least one.
pub fn vectors<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let file: File<T> = serde_json::from_str(&text).unwrap();
    assert!(!file.vectors.is_empty(), "{name} is empty");
    assert_eq!(file.vectors.len(), file.cases, "{name} states a wrong number of cases; run tests/vectors/counts.py");
    file.vectors
}

/// Bytes as hex, or as a list of hex strings with the number of repetitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Whole(String),
            Pieces(Vec<(String, usize)>),
        }
        let decode = |text: &str| hex::decode(text).map_err(serde::de::Error::custom);
        match Form::deserialize(deserializer)? {
            Form::Whole(text) => decode(&text).map(Self),
            Form::Pieces(pieces) => {
                let pieces = pieces.iter().map(|(text, times)| Ok(decode(text)?.repeat(*times)));
                Ok(Self(pieces.collect::<Result<Vec<_>, _>>()?.concat()))
            }
        }
    }
}
