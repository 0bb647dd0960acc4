//! An assessment, opened for a page: every portion is checked against the manifest once more.

use crate::{
    domain::{
        assessment::{Manifest, Portion, level, subjects},
        body::Body,
        fault::Fault,
        level::WarningLevel,
        place::Place,
    },
    node::assessments::{
        endorse::EndorsementCheck,
        read::{AssessmentView, SignatureCheck},
    },
    render::{AssessmentText, EndorsementLine, SignatureLine, doubts},
    seal::{
        open::{OpenedPortion, open_listed},
        seen::saw,
    },
    wire,
};

/// One version of an assessment, as far as this node has it and the reader may read it.
pub struct OpenedAssessment {
    /// What the manifest says.
    pub manifest: Manifest,
    /// The portions, in the author's order.
    pub portions: Vec<Portion>,
    /// The state, in one word.
    pub state: &'static str,
    /// Whether it was published here.
    pub is_own: bool,
    signatures: Vec<SignatureLine>,
    endorsements: Vec<EndorsementLine>,
    ways: Vec<String>,
}

impl OpenedAssessment {
    /// Opens what the node reads.
    ///
    /// # Errors
    /// If a portion does not fit the manifest.
    pub fn new(view: &AssessmentView) -> Result<Self, Fault> {
        let manifest = wire::manifest::decode(&view.manifest.payload)?;
        let opened = open_listed(&manifest, &view.record.portions)?;
        let portions: Vec<Portion> = opened.into_iter().map(OpenedPortion::into_portion).collect();
        let endorsements = view.endorsements.iter().map(|check| endorsement(check, &portions)).collect();
        Ok(Self {
            signatures: view.signatures.iter().map(|check| signature(check, view)).collect(),
            endorsements,
            ways: ways(view),
            state: view.record.state.as_str(),
            is_own: view.routes.is_empty(),
            manifest,
            portions,
        })
    }

    /// The most informative headline.
    pub fn headline(&self) -> Option<&str> {
        let headlines = self.portions.iter().filter_map(|portion| match &portion.body {
            Body::Headline { text } => Some((portion.marking.tlp, text.as_str())),
            _ => None,
        });
        headlines.max_by_key(|(tlp, _)| *tlp).map(|(_, text)| text)
    }

    /// How serious a warning it is.
    pub fn level(&self) -> Option<WarningLevel> {
        level(&self.portions)
    }

    /// The places of its subjects, each once.
    pub fn places(&self) -> Vec<Place> {
        let mut all: Vec<Place> = vec![];
        for place in subjects(&self.portions).flat_map(|subject| subject.places.iter().copied()) {
            if !all.contains(&place) {
                all.push(place);
            }
        }
        all
    }

    /// The form for the renderer.
    pub fn text(&self) -> AssessmentText<'_> {
        AssessmentText {
            manifest: &self.manifest,
            portions: &self.portions,
            signatures: &self.signatures,
            endorsements: &self.endorsements,
            state: self.state,
            via: &self.ways,
            is_own: self.is_own,
            language: None,
            acknowledge: None,
        }
    }
}

fn signature(check: &SignatureCheck, view: &AssessmentView) -> SignatureLine {
    let on_word = view.record.verified.as_ref().and_then(|verified| verified.on_word_of.as_ref());
    let note = match (&check.fault, &check.doubtful_since) {
        (Some(reason), _) => Some(reason.to_string()),
        (None, Some(since)) => Some(doubts::doubtful(&since.to_string())),
        (None, None) => on_word
            .map(|hub| doubts::on_word_of(hub.as_str()))
            .or_else(|| view.introduced_by.as_ref().map(|by| doubts::introduced(by.as_str(), "originator"))),
    };
    SignatureLine {
        id: check.id.as_ref().map(ToString::to_string).unwrap_or_default(),
        suite: check.suite.to_string(),
        valid: check.fault.is_none(),
        note,
    }
}

fn endorsement(check: &EndorsementCheck, portions: &[Portion]) -> EndorsementLine {
    let endorsement = &check.endorsement;
    let unseen = portions.iter().filter(|p| !saw(endorsement, &wire::portion::encode(p))).map(|p| p.handle);
    let note = match (&check.fault, &check.introduced_by) {
        (Some(reason), _) => Some(reason.to_string()),
        (None, Some(by)) => Some(doubts::introduced(by.as_str(), "endorser")),
        (None, None) => None,
    };
    EndorsementLine {
        id: check.id.to_string(),
        endorser: endorsement.endorser.to_string(),
        by: check.by.as_ref().map(ToString::to_string).unwrap_or_default(),
        text: endorsement.text().to_owned(),
        marking: endorsement.portion.marking.clone(),
        valid: check.fault.is_none(),
        note,
        via: check.via.iter().map(ToString::to_string).collect(),
        unseen: unseen.collect(),
    }
}

/// The organisations by which it came, where it came through hubs.
fn ways(view: &AssessmentView) -> Vec<String> {
    let mut ways: Vec<String> = view
        .routes
        .iter()
        .filter(|route| route.len() > 1)
        .map(|route| {
            let senders = route.iter().filter_map(|release| {
                let leaf = release.signatures.first().and_then(|s| s.certificates.first())?;
                crate::identity::certificate::Leaf::parse(leaf).ok().map(|leaf| leaf.id.domain().to_string())
            });
            senders.collect::<Vec<_>>().join(" → ")
        })
        .collect();
    ways.dedup();
    ways
}
