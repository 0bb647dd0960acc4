//! What a decision needs to know of an assessment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{agreement::PartnerPolicy, engine::Traits, exception::Excepted, onward::Provenance, told::Told};
use crate::domain::{
    assessment::{self, Manifest, Portion},
    body::{Body, Kind},
    ids::{Digest, TrustDomain},
    level::WarningLevel,
    place::{Country, Place},
    time::Time,
};

/// One version of an assessment with all portions of it that are known here, disclosed or not.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub(super) originator: &'a TrustDomain,
    /// When the giver logged it: delays and ages count from then, whatever the author wrote.
    pub(super) logged_at: Time,
    pub(super) expires: Time,
    pub(super) portions: Vec<(Digest, &'a Portion)>,
    pub(super) whole: View,
    /// By the releases' ids.
    pub(super) provenances: Vec<Provenance>,
    /// Which of the portions are endorsements, and whose.
    pub(super) endorsers: BTreeMap<Digest, &'a TrustDomain>,
    /// By the exceptions' ids.
    pub(super) exceptions: Vec<Excepted>,
    /// For each portion the first one that a decision can't tell from it.
    classes: Vec<usize>,
    pub(super) told: Told,
}

impl<'a> Facts<'a> {
    /// From the manifest and the portions; the caller has checked each portion against its digest and the digest against
    /// the manifest. A portion given twice counts once.
    pub fn of(manifest: &'a Manifest, portions: impl IntoIterator<Item = (Digest, &'a Portion)>) -> Self {
        let mut seen = BTreeSet::new();
        let portions: Vec<_> = portions.into_iter().filter(|(digest, _)| seen.insert(*digest)).collect();
        let whole = View::over(portions.iter().map(|(_, p)| *p));
        let mut first: HashMap<Traits<'_>, usize> = HashMap::new();
        let classes = portions.iter().enumerate().map(|(i, (_, p))| *first.entry(Traits::of(p)).or_insert(i)).collect();
        let Manifest { originator, issued, expires, .. } = manifest;
        let (logged_at, expires) = (*issued, *expires);
        Self {
            originator,
            logged_at,
            expires,
            portions,
            whole,
            provenances: vec![],
            endorsers: BTreeMap::new(),
            exceptions: vec![],
            classes,
            told: Told::default(),
        }
    }

    /// As logged at that time. Without this, the author's own word on the time of issue counts.
    #[must_use]
    pub fn logged_at(self, logged_at: Time) -> Self {
        Self { logged_at, ..self }
    }

    /// With endorsements of it: their statements' ids stand where digests do, with who stands behind each. They are decided like
    /// portions.
    #[must_use]
    pub fn endorsed(mut self, all: impl IntoIterator<Item = (Digest, &'a TrustDomain, &'a Portion)>) -> Self {
        for (digest, endorser, portion) in all {
            if self.portions.iter().any(|(d, _)| *d == digest) {
                continue;
            }
            let alike = |(_, p): &(Digest, &Portion)| Traits::of(p) == Traits::of(portion);
            let class = self.portions.iter().position(alike).unwrap_or(self.portions.len());
            self.portions.push((digest, portion));
            self.classes.push(class);
            self.endorsers.insert(digest, endorser);
        }
        self
    }

    /// With exceptions that its giver's officers have made; those for other partners, or of other times, count for nothing.
    #[must_use]
    pub fn excepting(mut self, exceptions: impl IntoIterator<Item = Excepted>) -> Self {
        self.exceptions.extend(exceptions);
        self.exceptions.sort_by_key(|e| e.id);
        self.exceptions.dedup_by_key(|e| e.id);
        self
    }

    /// Whether the giver's own people stand behind it, so that it did not come by any release.
    pub(super) fn is_own_endorsement(&self, policy: &PartnerPolicy, digest: &Digest) -> bool {
        self.endorsers.get(digest).is_some_and(|endorser| **endorser == policy.giver)
    }

    /// With the releases by which a giver that is not the originator got these portions. It gives nothing without one. For the originator
    /// itself they count for nothing.
    #[must_use]
    pub fn passed_on(mut self, provenances: Vec<Provenance>) -> Self {
        self.provenances = provenances;
        self.provenances.sort_by_key(|p| p.release);
        self
    }

    /// A name for all portions that a decision can't tell from this one.
    pub(super) fn class(&self, index: usize) -> usize {
        self.classes.get(index).copied().unwrap_or(index)
    }

    pub(super) fn portion(&self, index: usize) -> Option<&'a Portion> {
        self.portions.get(index).map(|(_, p)| *p)
    }

    /// What the subjects among these portions say.
    pub(super) fn view(&self, indexes: impl Iterator<Item = usize>) -> View {
        View::over(indexes.filter_map(|i| self.portion(i)))
    }

    /// How many of these portions are subjects.
    pub(super) fn count(&self, kind: Kind, indexes: impl Iterator<Item = usize>) -> usize {
        indexes.filter_map(|i| self.portion(i)).filter(|p| p.kind() == kind).count()
    }

    /// Whole seconds since the giver logged it, rounded down, so that comparing with a whole number of seconds is exact.
    pub(super) fn age(&self, now: Time) -> i64 {
        let ((now_s, now_n), (logged_s, logged_n)) = (now.parts(), self.logged_at.parts());
        now_s - logged_s - i64::from(now_n < logged_n)
    }
}

/// What a set of subject portions says together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct View {
    /// Whether there is one, and each names a place.
    pub known: bool,
    pub states: BTreeSet<Country>,
    pub level: Option<WarningLevel>,
    /// As written.
    pub places: BTreeSet<Place>,
}

impl View {
    fn over<'a>(portions: impl Iterator<Item = &'a Portion>) -> Self {
        let mut view = Self { known: false, states: BTreeSet::new(), level: None, places: BTreeSet::new() };
        let (mut subjects, mut placed) = (0, 0);
        for portion in portions {
            let Body::Subject(subject) = &portion.body else { continue };
            subjects += 1;
            placed += usize::from(!subject.places.is_empty());
            view.states.extend(assessment::subject_states(std::slice::from_ref(portion)));
            view.level = view.level.max(Some(subject.level));
            view.places.extend(&subject.places);
        }
        view.known = subjects > 0 && subjects == placed;
        view
    }

    /// How many states and places it names.
    pub fn names(&self) -> usize {
        self.states.len() + self.places.len()
    }

    /// The countries that the places lie in; a region stands for all of its countries.
    pub(super) fn countries(&self) -> BTreeSet<&'static str> {
        self.places.iter().flat_map(|p| p.countries()).map(|c| c.code()).collect()
    }

    /// The places, with a region resolved into its countries.
    pub(super) fn fine_places(&self) -> BTreeSet<&'static str> {
        let mut codes = BTreeSet::new();
        for place in &self.places {
            match place {
                Place::Subdivision(part) => {
                    codes.insert(part.code());
                }
                Place::Country(_) | Place::Region(_) => codes.extend(place.countries().iter().map(|c| c.code())),
            }
        }
        codes
    }
}
