//! What assessments are about, in a few words: for lists that name many.

use std::collections::HashMap;

use crate::{
    domain::{
        action_item::Gist,
        assessment::{Portion, level, subjects},
        body::Body,
        fault::Fault,
        ids::StatementId,
        level::WarningLevel,
        marking::Tlp,
        place::Place,
    },
    node::monitor::Monitor,
    store::AssessmentRecord,
    wire,
};

/// The headline, the highest level and the places that are here.
pub(super) type Named = (Option<String>, Option<WarningLevel>, Vec<Place>);

impl Monitor {
    /// What these versions are about. Versions that are not here, in quarantine, or unreadable are left out.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn gists(&self, manifests: &[StatementId]) -> Result<HashMap<StatementId, Gist>, Fault> {
        let levels: HashMap<StatementId, Option<Tlp>> = self
            .store
            .summaries(manifests, false)
            .await?
            .into_iter()
            .map(|s| {
                let highest = s.portions.into_iter().flatten().map(|p| p.tlp).max();
                (s.manifest_id, highest)
            })
            .collect();
        let mut gists = HashMap::new();
        for record in self.store.titles(manifests).await? {
            let Some(tlp) = levels.get(&record.manifest_id).copied() else { continue };
            let (headline, level, places) = named_by(&record);
            let manifest = wire::envelope::decode(&record.manifest).and_then(|e| wire::manifest::decode(&e.payload));
            let exercise = manifest.is_ok_and(|manifest| manifest.exercise);
            gists.insert(
                record.manifest_id,
                Gist { originator: record.originator, level, places, tlp, headline, exercise },
            );
        }
        Ok(gists)
    }
}

/// By what people name an assessment, from the portions of its title.
pub(super) fn named_by(title: &AssessmentRecord) -> Named {
    let portions: Vec<Portion> = title.portions.iter().filter_map(|p| wire::portion::decode(p).ok()).collect();
    let headlines = portions.iter().filter_map(|p| match &p.body {
        Body::Headline { text } => Some((p.marking.tlp, text)),
        _ => None,
    });
    // The one that says most.
    let headline = headlines.max_by_key(|(tlp, _)| *tlp).map(|(_, text)| text.clone());
    (headline, level(&portions), places_of(&portions))
}

/// The places that the subjects among these portions are about, each once.
fn places_of(portions: &[Portion]) -> Vec<Place> {
    let mut places: Vec<Place> = vec![];
    for place in subjects(portions).flat_map(|subject| &subject.places) {
        if !places.contains(place) {
            places.push(*place);
        }
    }
    places
}
