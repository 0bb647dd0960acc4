//! The node's answer as JSON.

use std::collections::BTreeSet;

use serde::Serialize;

use super::arrived::Arrived;
use crate::{
    cli::{
        CliError,
        decision::{Decision, when},
    },
    domain::{
        assessment::Manifest,
        fault::{Fault, Reason},
        group::Group,
        marking::{Audience, Tlp},
    },
    render::Row,
    wire::{self, proto},
};

/// The whole answer.
#[derive(Serialize)]
pub struct Explained {
    pub assessment: String,
    pub version: u32,
    pub originator: String,
    pub since: String,
    pub asked: String,
    pub portions: Vec<Label>,
    pub then: Vec<Decision>,
    pub now: Vec<Decision>,
    pub released: Vec<Released>,
    pub remedies: Vec<Remedy>,
    pub arrived: Vec<Arrived>,
}

/// A portion.
#[derive(Serialize)]
pub struct Label {
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

/// A release, or what was dropped.
#[derive(Serialize)]
pub struct Released {
    pub partner: String,
    pub sequence: Option<u64>,
    pub at: String,
    /// Handles.
    pub portions: Vec<String>,
    pub grants: Vec<String>,
    pub acknowledged: bool,
    pub voided: Option<String>,
    pub dropped: Vec<String>,
    /// Why the partner keeps it from its users.
    pub kept_from_users: Option<String>,
}

/// What would have to change.
#[derive(Serialize)]
pub struct Remedy {
    pub partner: String,
    pub handle: String,
    pub possible: bool,
    pub changes: Vec<Step>,
}

/// One change.
#[derive(Serialize)]
pub struct Step {
    pub kind: String,
    pub words: String,
}

/// Why the partner's users can't read what it was sent last.
fn unread(released: &[Released], partner: &str) -> Option<String> {
    let mut of_it = released.iter().rev().filter(|r| r.partner == partner && r.sequence.is_some());
    of_it.next()?.kept_from_users.clone()
}

impl Explained {
    /// From the node's answer.
    pub fn new(message: proto::ExplainResponse) -> Result<Self, CliError> {
        let envelope = wire::envelope::from_proto(wire::field::present("manifest", message.manifest)?)?;
        let Manifest { assessment, version, originator, .. } = wire::manifest::decode(&envelope.payload)?;
        let portions = message.portions.into_iter().map(Label::new).collect::<Result<Vec<_>, _>>()?;
        let handles = |digests: &[String]| -> Vec<String> {
            let of = portions.iter().filter(|l| digests.contains(&l.digest));
            of.map(|l| l.handle.clone()).collect()
        };
        let released: Vec<Released> = message.released.into_iter().map(|r| Released::new(r, &handles)).collect();
        let decisions = |all: Vec<proto::PartnerDecision>| {
            all.into_iter().map(|d| Decision { unread: unread(&released, &d.partner), ..Decision::new(d) }).collect()
        };
        let (then, now) = (decisions(message.then), decisions(message.now));
        let arrived = message.arrived.into_iter().map(|a| Arrived::new(a, &portions)).collect::<Result<_, _>>()?;
        Ok(Self {
            assessment: assessment.to_string(),
            version,
            originator: originator.to_string(),
            since: when(message.since).unwrap_or_default(),
            asked: when(message.asked).unwrap_or_default(),
            then,
            now,
            released,
            remedies: message.remedies.into_iter().map(Remedy::new).collect(),
            arrived,
            portions,
        })
    }

    /// The matrix's rows.
    pub fn rows(&self) -> Vec<Row> {
        self.portions.iter().map(|l| Row { name: l.name.clone(), tlp: l.tlp, text: l.text.clone() }).collect()
    }

    /// Whether it came from another organisation.
    pub fn came(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// How many of the portions a partner was given and may keep.
    pub fn given(&self, partner: &str) -> usize {
        let kept = |r: &&Released| r.partner == partner && r.sequence.is_some() && r.voided.is_none();
        let handles: BTreeSet<&String> = self.released.iter().filter(kept).flat_map(|r| &r.portions).collect();
        handles.len()
    }

    /// What people call the portions with these handles.
    pub fn names(&self, handles: &[String]) -> Vec<&str> {
        self.portions.iter().filter(|l| handles.contains(&l.handle)).map(|l| l.name.as_str()).collect()
    }
}

impl Label {
    fn new(message: proto::PortionLabel) -> Result<Self, CliError> {
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

impl Released {
    fn new(message: proto::ReleasedPart, handles: &dyn Fn(&[String]) -> Vec<String>) -> Self {
        let digests: Vec<String> = message.digests.iter().map(hex::encode).collect();
        Self {
            partner: message.partner,
            sequence: (message.sequence > 0).then_some(message.sequence),
            at: when(message.at).unwrap_or_default(),
            portions: handles(&digests),
            grants: message.grants,
            acknowledged: message.acknowledged,
            voided: when(message.voided),
            dropped: message.dropped,
            kept_from_users: (!message.kept_from_users.is_empty()).then_some(message.kept_from_users),
        }
    }
}

impl Remedy {
    fn new(message: proto::Remedy) -> Self {
        let step = |s: proto::RemedyStep| Step { kind: s.kind, words: s.words };
        Self {
            partner: message.partner,
            handle: hex::encode(&message.handle),
            possible: message.possible,
            changes: message.steps.into_iter().map(step).collect(),
        }
    }
}
