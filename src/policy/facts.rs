//! What a decision needs to know of an assessment.

mod exception;
mod item;
mod provenance;

use std::collections::{BTreeSet, HashMap};

use super::{
    attributes::{Authorship, PortionAttributes, SignerFacts, SubjectSummary},
    cedar::EntityCache,
};
use crate::domain::{
    assessment::{self, Manifest, Portion},
    body::{Kind, Subject},
    ids::{Digest, SpiffeId, TrustDomain},
    place::{Concern, ControlTable, Country, Place, SubjectTimes},
    time::Time,
};

pub use exception::PartnerException;
pub use item::{EndorsementFacts, ItemId};
pub use provenance::Provenance;

pub(super) use item::Item;

/// One version of an assessment with all portions of it that are known here, disclosed or not.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub(super) originator: &'a TrustDomain,
    /// The time of issue in the manifest, which is the same for giver and reader.
    issued: Time,
    /// The expiry in the manifest.
    pub(super) expires: Time,
    /// When the giver logged it. Delays and ages count from this time, not from the author's time of issue.
    pub(super) logged_at: Time,
    /// The portions, then the endorsements. Decisions refer to an item by its index here.
    pub(super) items: Vec<Item<'a>>,
    /// For each item the index of the first item with equal attributes: its equivalence class.
    classes: Vec<usize>,
    /// What all known subjects say together.
    pub(super) all_subjects: SubjectSummary,
    /// Sorted by the releases' ids.
    pub(super) provenances: Vec<Provenance>,
    /// Sorted by the exceptions' ids.
    pub(super) exceptions: Vec<PartnerException>,
    /// The states that only other versions, which the giver holds, are about.
    pub(super) states_of_other_versions: BTreeSet<Country>,
    pub(super) authorship: Authorship,
    pub(super) entity_cache: EntityCache,
}

impl<'a> Facts<'a> {
    /// Takes the facts from a manifest and its portions. The caller checked that each portion has its digest and that the manifest lists the
    /// digest. A portion that is given twice counts once.
    pub fn new(manifest: &'a Manifest, portions: impl IntoIterator<Item = (Digest, &'a Portion)>) -> Self {
        let Manifest { originator, issued, expires, .. } = manifest;
        let mut seen = BTreeSet::new();
        let portions = portions.into_iter().filter(|(digest, _)| seen.insert(*digest));
        let items: Vec<_> = portions
            .map(|(digest, portion)| Item { id: ItemId::Portion(digest), portion, endorser: None, made_at: None })
            .collect();
        let mut first: HashMap<PortionAttributes<'_>, usize> = HashMap::new();
        let attributes = items.iter().map(|item| PortionAttributes::new(item.portion));
        let classes = attributes.enumerate().map(|(i, equal)| *first.entry(equal).or_insert(i)).collect();
        Self {
            originator,
            issued: *issued,
            expires: *expires,
            logged_at: *issued,
            all_subjects: SubjectSummary::new(items.iter().map(|item| item.portion), *issued, *expires),
            items,
            classes,
            provenances: vec![],
            exceptions: vec![],
            states_of_other_versions: BTreeSet::new(),
            authorship: Authorship { originator: originator.clone(), signers: None },
            entity_cache: EntityCache::default(),
        }
    }

    /// Adds the states that any version is about that the giver holds. A state that one version is about gets none of them.
    #[must_use]
    pub fn with_states_of_versions(mut self, states: &BTreeSet<Country>) -> Self {
        self.states_of_other_versions = states.difference(&self.all_subjects.states).copied().collect();
        self
    }

    /// Adds who signed it; `cosigners` of them are officers other than the author. Without this the signers are unknown, and a house rule that
    /// depends on them denies.
    #[must_use]
    pub fn with_signers(self, all: &[SpiffeId], cosigners: u32) -> Self {
        let signers = SignerFacts { ids: all.iter().cloned().collect(), cosigners: cosigners.into() };
        let authorship = Authorship { signers: Some(signers), ..self.authorship };
        Self { authorship, entity_cache: EntityCache::default(), ..self }
    }

    /// Sets when the giver logged it. Without this, the author's time of issue counts.
    #[must_use]
    pub fn with_logged_at(self, logged_at: Time) -> Self {
        Self { logged_at, entity_cache: EntityCache::default(), ..self }
    }

    /// Adds endorsements of it. They are decided like portions. An endorsement that is given twice counts once.
    #[must_use]
    pub fn with_endorsements(mut self, all: impl IntoIterator<Item = EndorsementFacts<'a>>) -> Self {
        for EndorsementFacts { id, endorser, portion, made_at } in all {
            let id = ItemId::Endorsement(id);
            if self.items.iter().any(|item| item.id.to_digest() == id.to_digest()) {
                continue;
            }
            let attributes = PortionAttributes::new(portion);
            let class = self.items.iter().position(|item| PortionAttributes::new(item.portion) == attributes);
            self.classes.push(class.unwrap_or(self.items.len()));
            self.items.push(Item { id, portion, endorser: Some(endorser), made_at: Some(made_at) });
        }
        Self { entity_cache: EntityCache::default(), ..self }
    }

    /// Adds exceptions by the giver's officers. Those for other partners or other times have no effect.
    #[must_use]
    pub fn with_exceptions(mut self, exceptions: impl IntoIterator<Item = PartnerException>) -> Self {
        self.exceptions.extend(exceptions);
        self.exceptions.sort_by_key(|e| e.id);
        self.exceptions.dedup_by_key(|e| e.id);
        self
    }

    /// Sets the releases by which a giver that is not the originator got the portions. Without one it may give nothing. They have no effect
    /// if the giver is the originator.
    #[must_use]
    pub fn with_provenances(mut self, provenances: Vec<Provenance>) -> Self {
        self.provenances = provenances;
        self.provenances.sort_by_key(|p| p.release);
        self
    }

    /// The equivalence class of an item. Items of one class have equal attributes.
    pub(super) fn class(&self, index: usize) -> usize {
        self.classes.get(index).copied().unwrap_or(index)
    }

    pub(super) fn portion(&self, index: usize) -> Option<&'a Portion> {
        self.items.get(index).map(|item| item.portion)
    }

    /// The indexes of all items.
    pub(super) fn indexes(&self) -> std::ops::Range<usize> {
        0..self.items.len()
    }

    /// What the subjects among these items say together.
    pub(super) fn subjects_of(&self, indexes: impl Iterator<Item = usize>) -> SubjectSummary {
        SubjectSummary::new(indexes.filter_map(|i| self.portion(i)), self.issued, self.expires)
    }

    /// The states that the giver's own control table adds to the subjects among these items.
    pub(super) fn states_added_by(
        &self,
        control: &ControlTable,
        indexes: impl Iterator<Item = usize>,
    ) -> BTreeSet<Country> {
        if control.is_empty() {
            return BTreeSet::new();
        }
        let subjects = assessment::subjects(indexes.filter_map(|i| self.portion(i)));
        let rows = subjects.flat_map(|subject| {
            let when = SubjectTimes::new(subject.period, self.issued, self.expires);
            assessment::places_concerned(subject).flat_map(move |place| control.of(place, when))
        });
        rows.map(|row| row.by).collect()
    }

    /// The places of its subjects, each with the states that it concerns and why.
    pub(super) fn concerns<'t>(&self, control: &'t ControlTable) -> impl Iterator<Item = (Place, Concern<'t>)> {
        let of_subject = move |subject: &Subject| {
            let when = SubjectTimes::new(subject.period, self.issued, self.expires);
            let places = assessment::places_concerned(subject);
            places
                .flat_map(move |place| place.concerns(control, when).into_iter().map(move |c| (place, c)))
                .collect::<Vec<_>>()
        };
        assessment::subjects(self.items.iter().map(|item| item.portion)).flat_map(of_subject)
    }

    /// How many of these items are of this kind.
    pub(super) fn count(&self, kind: Kind, indexes: impl Iterator<Item = usize>) -> usize {
        indexes.filter_map(|i| self.portion(i)).filter(|p| p.kind() == kind).count()
    }

    /// Whole seconds since the giver logged it. It is rounded down, so that a comparison with a whole number of seconds is exact.
    pub(super) fn age(&self, now: Time) -> i64 {
        let ((now_s, now_n), (logged_s, logged_n)) = (now.parts(), self.logged_at.parts());
        now_s - logged_s - i64::from(now_n < logged_n)
    }
}
