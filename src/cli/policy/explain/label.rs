//! A portion's name and marking, as an explanation gives them.

use serde::Serialize;

use crate::{
    cli::CliError,
    domain::{
        fault::{Fault, Reason},
        group::Group,
        marking::{Audience, Tlp},
    },
    wire::{self, proto},
};

/// What an explanation says about one portion: its name and marking.
#[derive(Serialize)]
pub struct PortionLabel {
    pub handle: String,
    #[serde(skip)]
    pub digest: String,
    pub name: String,
    pub tlp: Tlp,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    pub onward: Vec<Audience>,
    #[serde(skip)]
    pub kind: String,
    #[serde(skip)]
    pub releasable_to: Vec<Audience>,
    #[serde(skip)]
    pub groups: Vec<Group>,
}

impl PortionLabel {
    /// Decodes it.
    pub fn new(message: proto::PortionLabel) -> Result<Self, CliError> {
        let tlp = message.tlp.parse().map_err(|e: String| Fault::at(Reason::UnknownOrNonCanonical, "tlp", e))?;
        Ok(Self {
            handle: hex::encode(&message.handle),
            digest: hex::encode(&message.digest),
            name: message.name,
            tlp,
            text: message.text,
            onward: wire::field::parsed_all("onward", &message.onward)?,
            kind: message.kind,
            releasable_to: wire::field::parsed_all("releasable_to", &message.releasable_to)?,
            groups: wire::group::decode_set("groups", message.groups)?,
        })
    }
}
