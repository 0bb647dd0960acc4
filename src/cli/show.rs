//! An assessment as the desk answers it, opened and checked again on the reader's side.

use serde_json::json;

use super::{CliError, Exit, quarantine::Kept, taken_back::TakenBack};
use crate::{
    domain::{
        assessment::{Manifest, Portion},
        body::Body,
        fault::Fault,
        release::Release,
    },
    render::{SignatureLine, View},
    seal::open::open_listed,
    wire::{self, proto},
};

/// One version of an assessment, as far as it is here.
pub struct Held {
    /// What the manifest says.
    pub manifest: Manifest,
    /// The portions that are here, in the author's order.
    pub portions: Vec<Portion>,
    /// What the node says of the manifest's signatures.
    pub signatures: Vec<SignatureLine>,
    /// The releases by which it came.
    pub via: Vec<(String, Release)>,
    /// The organisations by which it came, without its originator.
    hubs: Vec<String>,
    /// Where it stands.
    pub state: String,
    /// When it was published or first received here.
    pub since: String,
    /// Which arrivals are kept from users, and why; for officers who asked for it.
    pub quarantines: Vec<Kept>,
    /// By which recall it was taken back.
    pub recall: Option<TakenBack>,
}

impl Held {
    /// Opens the answer: every portion is checked against the manifest once more.
    pub fn new(view: Option<proto::AssessmentView>) -> Result<Self, CliError> {
        let view = view.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?;
        let envelope = wire::envelope::from_proto(wire::field::present("manifest", view.manifest)?)?;
        let manifest = wire::manifest::decode(&envelope.payload)?;
        let opened = open_listed(&manifest, &view.portions)?;
        let signatures = view.signatures.into_iter().map(|s| SignatureLine {
            id: s.id,
            suite: s.suite,
            valid: s.valid,
            note: (!s.reason.is_empty()).then_some(s.reason),
        });
        let via: Vec<(String, Release)> = view.releases.into_iter().map(release).collect::<Result<_, Fault>>()?;
        let mut hubs: Vec<String> = via.iter().map(|(sender, _)| sender.clone()).collect();
        hubs.retain(|sender| sender != manifest.originator.as_str());
        hubs.dedup();
        Ok(Self {
            quarantines: view.quarantines.into_iter().map(Kept::new).collect(),
            recall: view.recall.map(TakenBack::new),
            portions: opened.into_iter().map(|o| o.portion().clone()).collect(),
            manifest,
            signatures: signatures.collect(),
            via,
            hubs,
            state: view.state,
            since: wire::field::time("since", view.since).map(|t| t.to_string()).unwrap_or_default(),
        })
    }

    /// The most informative headline that is here.
    pub fn headline(&self) -> Option<&str> {
        let headlines = self.portions.iter().filter_map(|p| match &p.body {
            Body::Headline { text } => Some((p.marking.tlp, text.as_str())),
            _ => None,
        });
        headlines.max_by_key(|(tlp, _)| *tlp).map(|(_, text)| text)
    }

    /// For the renderer.
    pub fn view(&self) -> View<'_> {
        View {
            manifest: &self.manifest,
            portions: &self.portions,
            signatures: &self.signatures,
            state: &self.state,
            via: &self.hubs,
            is_own: self.via.is_empty(),
        }
    }

    /// For a program. What was published here is here whole; of what came from elsewhere nobody can tell whether
    /// portions are withheld, so that `withheld` says that some may be.
    pub fn json(&self) -> serde_json::Value {
        let signatures: Vec<_> = self
            .signatures
            .iter()
            .map(|s| json!({ "id": s.id, "suite": s.suite, "valid": s.valid, "reason": s.note }))
            .collect();
        let via: Vec<_> =
            self.via.iter().map(|(sender, release)| json!({ "sender": sender, "release": release })).collect();
        json!({
            "assessment": self.manifest.assessment,
            "version": self.manifest.version,
            "originator": self.manifest.originator,
            "issued": self.manifest.issued.to_string(),
            "expires": self.manifest.expires.to_string(),
            "exercise": self.manifest.exercise,
            "state": self.state,
            "since": self.since,
            "signatures": signatures,
            "portions": self.portions,
            "withheld": !self.via.is_empty(),
            "via": via,
            "quarantines": self.quarantines,
            "recall": self.recall,
        })
    }
}

/// A release by which it came, with its sender as its certificate names it.
fn release(message: proto::Envelope) -> Result<(String, Release), Fault> {
    let envelope = wire::envelope::from_proto(message)?;
    let leaf = envelope.signatures.first().and_then(|s| s.certificates.first());
    let sender = leaf.map(|der| crate::identity::certificate::Leaf::parse(der)).transpose()?;
    let sender = sender.map(|l| l.id.domain().to_string()).unwrap_or_default();
    Ok((sender, wire::release::decode(&envelope.payload)?))
}
