//! The demo's input: drafts made from real warnings, and the agreements. See examples/demo/README.md for the sources.

use super::narrator::failed;
use crate::cli::CliError;

/// A draft's name and text.
pub type Draft = (&'static str, &'static str);

macro_rules! drafts {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../examples/demo/", $name, ".toml")))),*]
    };
}

/// All drafts, by date.
const DRAFTS: &[Draft] = drafts![
    "r01", "r02", "r03", "r04", "r05", "r06", "r07", "r08", "r09", "r10", "r11", "r12", "r13", "r14", "r15", "r16",
    "r17", "r18", "r19", "r20", "r21", "r22", "r23", "r24", "r25", "r26", "r27", "r28", "r29",
];

/// Warnings of the lint that the drafts' authors accept, each for a reason that examples/demo/README.md gives.
pub const ACCEPTED: &[&str] = &["late-forecast", "single-source"];

/// The drafts in three parts: before the cut, during it, and while nodes are down.
pub fn in_three_parts() -> [&'static [Draft]; 3] {
    let (first, rest) = DRAFTS.split_at(DRAFTS.len() / 3);
    let (second, third) = rest.split_at(rest.len() / 2);
    [first, second, third]
}

/// A draft's text.
pub fn draft(name: &str) -> Result<&'static str, CliError> {
    let found = DRAFTS.iter().find(|(n, _)| *n == name).map(|(_, text)| *text);
    found.ok_or_else(|| failed(format!("there is no draft {name}")))
}

/// The agreement with a partner.
pub fn agreement(partner: &str) -> Result<&'static str, CliError> {
    match partner {
        "ecowas.example" => Ok(include_str!("../../../examples/demo/agreements/gb-ecowas.toml")),
        "no.example" => Ok(include_str!("../../../examples/demo/agreements/gb-no.toml")),
        "witness.example" => Ok(include_str!("../../../examples/demo/agreements/gb-witness.toml")),
        "sd.example" => Ok(include_str!("../../../examples/demo/agreements/gb-sd.toml")),
        "gh.example" => Ok(include_str!("../../../examples/demo/agreements/ecowas-gh.toml")),
        _ => Err(failed(format!("there is no agreement for {partner}"))),
    }
}
