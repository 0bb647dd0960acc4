//! An assessment from the desk, opened and verified again on the reader's side.

use serde_json::json;

use super::{CliError, Exit, quarantine::QuarantinedEntry, recall_details::RecallDetails};
use crate::{
    domain::{
        assessment::{Manifest, Portion},
        body::Body,
        equivocation::Twice,
        fault::Fault,
        ids::StatementId,
        release::Release,
        time::Time,
    },
    render::{AssessmentText, EndorsementLine, SignatureLine, doubts},
    seal::{
        open::{OpenedPortion, open_listed},
        seen::saw,
        statement::id_of,
    },
    wire::{self, proto},
};

/// One version of an assessment, as far as this node has it.
pub struct OpenedAssessment {
    /// What the manifest says.
    pub manifest: Manifest,
    /// Its statement id.
    pub manifest_id: StatementId,
    /// The portions that this node has, in the author's order.
    pub portions: Vec<Portion>,
    /// What the node says about the manifest's signatures.
    pub signatures: Vec<SignatureLine>,
    /// Its endorsements.
    pub endorsements: Vec<EndorsementLine>,
    /// The releases by which it came, from the originator's on, each with its sender. One list for each arrival.
    pub via: Vec<Vec<(String, Release)>>,
    /// The provenances through hubs, in words.
    ways: Vec<String>,
    /// Whether it was published here.
    is_own: bool,
    /// Its state.
    pub state: String,
    /// When this node published or first received it.
    pub since: String,
    /// When this node verified its manifest.
    verified_at: Option<String>,
    /// The hub on whose statement alone its signature counts.
    on_word_of: Option<String>,
    /// The partner on whose introduction alone the originator is known here.
    pub introduced_by: Option<String>,
    /// The day from which the CA behind a signature is compromised, if this was first logged later.
    pub doubtful_since: Option<String>,
    /// The arrivals in quarantine, and why; for officers who asked for it.
    pub quarantines: Vec<QuarantinedEntry>,
    /// Its recall.
    pub recall: Option<RecallDetails>,
    /// The equivocations of its originator about it.
    pub signed_twice: Vec<Twice>,
    /// The time by which it must be acknowledged here.
    pub acknowledge_by: Option<Time>,
}

impl OpenedAssessment {
    /// Opens the answer: every portion is checked against the manifest once more.
    pub fn new(view: Option<proto::AssessmentView>) -> Result<Self, CliError> {
        let view = view.ok_or_else(|| CliError::new(Exit::Failed, "INTERNAL", "the node's answer is empty"))?;
        let envelope = wire::envelope::from_proto(wire::field::present("manifest", view.manifest)?)?;
        let manifest = wire::manifest::decode(&envelope.payload)?;
        let opened = open_listed(&manifest, &view.portions)?;
        let on_word_of = (!view.on_word_of.is_empty()).then_some(view.on_word_of);
        let introduced_by = (!view.introduced_by.is_empty()).then_some(view.introduced_by);
        let introduced = introduced_by.as_ref().map(|by| doubts::introduced(by, "originator"));
        let word = on_word_of.as_ref().map(|hub| doubts::on_word_of(hub));
        let doubtful_since = view.signatures.iter().map(|s| &s.doubtful_since).find(|since| !since.is_empty()).cloned();
        let signatures = view.signatures.into_iter().map(|s| SignatureLine {
            id: s.id,
            suite: s.suite,
            valid: s.valid,
            note: match (s.reason.is_empty(), s.doubtful_since.is_empty()) {
                (false, _) => Some(s.reason),
                (true, false) => Some(doubts::doubtful(&s.doubtful_since)),
                (true, true) => word.clone().or_else(|| introduced.clone()),
            },
        });
        let way = |way: proto::Way| way.releases.into_iter().map(release).collect::<Result<Vec<_>, Fault>>();
        let via: Vec<Vec<(String, Release)>> = view.ways.into_iter().map(way).collect::<Result<_, _>>()?;
        let mut ways: Vec<String> =
            via.iter().filter(|way| way.len() > 1).map(|way| carriers(way).join(" → ")).collect();
        ways.dedup();
        let portions: Vec<Portion> = opened.into_iter().map(OpenedPortion::into_portion).collect();
        let endorsements = view.endorsements.into_iter().map(|view| endorsement(view, &portions));
        let endorsements = endorsements.collect::<Result<_, Fault>>()?;
        Ok(Self {
            quarantines: view.quarantines.into_iter().map(QuarantinedEntry::new).collect(),
            recall: view.recall.map(RecallDetails::new),
            signed_twice: view.signed_twice.iter().filter_map(|twice| twice.parse().ok()).collect(),
            portions,
            manifest,
            manifest_id: id_of(envelope.kind, &envelope.payload),
            endorsements,
            signatures: signatures.collect(),
            is_own: via.is_empty(),
            via,
            ways,
            state: view.state,
            verified_at: wire::field::time("verified_at", view.verified_at).ok().map(|t| t.to_string()),
            on_word_of,
            introduced_by,
            doubtful_since,
            acknowledge_by: wire::field::time("acknowledge_by", view.acknowledge_by).ok(),
            since: wire::field::time("since", view.since).map(|t| t.to_string()).unwrap_or_default(),
        })
    }

    /// The most informative headline that this node has.
    pub fn headline(&self) -> Option<&str> {
        let headlines = self.portions.iter().filter_map(|p| match &p.body {
            Body::Headline { text } => Some((p.marking.tlp, text.as_str())),
            _ => None,
        });
        headlines.max_by_key(|(tlp, _)| *tlp).map(|(_, text)| text)
    }

    /// The form for the renderer.
    pub fn view(&self) -> AssessmentText<'_> {
        AssessmentText {
            manifest: &self.manifest,
            portions: &self.portions,
            signatures: &self.signatures,
            endorsements: &self.endorsements,
            state: &self.state,
            via: &self.ways,
            is_own: self.is_own,
            language: None,
            acknowledge: None,
        }
    }

    /// The form for programs. An assessment that was published here is complete. For one from elsewhere nobody can tell whether portions are
    /// withheld, so `withheld` says that some may be.
    pub fn json(&self) -> serde_json::Value {
        let signatures: Vec<_> = self
            .signatures
            .iter()
            .map(|s| json!({ "id": s.id, "suite": s.suite, "valid": s.valid, "reason": s.note }))
            .collect();
        let via = self.via.iter().filter_map(|way| {
            let (sender, release) = way.last()?;
            Some(json!({ "sender": sender, "release": release, "way": carriers(way) }))
        });
        let via: Vec<_> = via.collect();
        let endorsements: Vec<_> = self
            .endorsements
            .iter()
            .map(|e| {
                let EndorsementLine { id, endorser, by, text, marking, valid, note, via, unseen } = e;
                let text = (*valid || note.as_deref() == Some("NOT_A_PARTNER")).then_some(text);
                json!({ "id": id, "endorser": endorser, "by": by, "text": text, "marking": marking, "valid": valid,
                    "reason": note, "via": via, "unseen": unseen })
            })
            .collect();
        json!({
            "assessment": self.manifest.assessment,
            "version": self.manifest.version,
            "originator": self.manifest.originator,
            "issued": self.manifest.issued.to_string(),
            "expires": self.manifest.expires.to_string(),
            "exercise": self.manifest.exercise,
            "state": self.state,
            "since": self.since,
            "verified_at": self.verified_at,
            "on_word_of": self.on_word_of,
            "introduced_by": self.introduced_by,
            "signatures": signatures,
            "portions": self.portions,
            "endorsements": endorsements,
            "withheld": !self.is_own,
            "via": via,
            "quarantines": self.quarantines,
            "recall": self.recall,
            "acknowledge_by": self.acknowledge_by.map(|by| by.to_string()),
            "signed_twice": self.signed_twice.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

/// The endorsements, as the node reports them.
fn endorsement(view: proto::EndorsementView, portions: &[Portion]) -> Result<EndorsementLine, Fault> {
    let proto::EndorsementView { envelope, id, by, valid, reason, via, introduced_by } = view;
    let envelope = wire::envelope::from_proto(wire::field::present("envelope", envelope)?)?;
    let endorsement = wire::endorsement::decode(&envelope.payload)?;
    let unseen = portions.iter().filter(|p| !saw(&endorsement, &wire::portion::encode(p))).map(|p| p.handle);
    Ok(EndorsementLine {
        unseen: unseen.collect(),
        id: hex::encode(&id),
        endorser: endorsement.endorser.to_string(),
        by,
        text: endorsement.text().to_owned(),
        marking: endorsement.portion.marking,
        valid,
        note: match (reason.is_empty(), introduced_by.is_empty()) {
            (false, _) => Some(reason),
            (true, false) => Some(doubts::introduced(&introduced_by, "endorser")),
            (true, true) => None,
        },
        via,
    })
}

/// The organisations that passed it on, from the originator to the one that sent it here.
fn carriers(way: &[(String, Release)]) -> Vec<&str> {
    way.iter().map(|(sender, _)| sender.as_str()).collect()
}

/// A release by which it came, with the sender that its certificate names.
fn release(message: proto::Envelope) -> Result<(String, Release), Fault> {
    let envelope = wire::envelope::from_proto(message)?;
    let leaf = envelope.signatures.first().and_then(|s| s.certificates.first());
    let sender = leaf.map(|der| crate::identity::certificate::Leaf::parse(der)).transpose()?;
    let sender = sender.map(|l| l.id.domain().to_string()).unwrap_or_default();
    Ok((sender, wire::release::decode(&envelope.payload)?))
}
