//! What a decision needs to know of an assessment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    agreement::PartnerPolicy,
    engine::Traits,
    exception::Excepted,
    onward::Provenance,
    signed::{Signed, Signers},
    told::Told,
};
use crate::domain::{
    assessment::{self, Manifest, Portion},
    body::{Body, Kind, Subject},
    ids::{Digest, SpiffeId, TrustDomain},
    level::WarningLevel,
    place::{Concern, ControlTable, Country, Place, When},
    time::Time,
};

/// One version of an assessment with all portions of it that are known here, disclosed or not.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub(super) originator: &'a TrustDomain,
    /// When the giver logged it: delays and ages count from then, whatever the author wrote.
    pub(super) logged_at: Time,
    pub(super) expires: Time,
    /// When it is issued and expires by its manifest, which is the same for giver and reader.
    life: (Time, Time),
    pub(super) portions: Vec<(Digest, &'a Portion)>,
    pub(super) whole: View,
    /// By the releases' ids.
    pub(super) provenances: Vec<Provenance>,
    /// Which of the portions are endorsements, and whose.
    pub(super) endorsers: BTreeMap<Digest, &'a TrustDomain>,
    /// By the exceptions' ids.
    pub(super) exceptions: Vec<Excepted>,
    /// What the other versions that the giver holds are about.
    pub(super) elsewhere: BTreeSet<Country>,
    /// For each portion the first one that a decision can't tell from it.
    classes: Vec<usize>,
    pub(super) told: Told,
    /// Whose it is, and who has signed it.
    pub(super) signed: Signed,
}

impl<'a> Facts<'a> {
    /// From the manifest and the portions; the caller has checked each portion against its digest and the digest against
    /// the manifest. A portion given twice counts once.
    pub fn of(manifest: &'a Manifest, portions: impl IntoIterator<Item = (Digest, &'a Portion)>) -> Self {
        let mut seen = BTreeSet::new();
        let portions: Vec<_> = portions.into_iter().filter(|(digest, _)| seen.insert(*digest)).collect();
        let life = (manifest.issued, manifest.expires);
        let whole = View::over(portions.iter().map(|(_, p)| *p), life);
        let mut first: HashMap<Traits<'_>, usize> = HashMap::new();
        let classes = portions.iter().enumerate().map(|(i, (_, p))| *first.entry(Traits::of(p)).or_insert(i)).collect();
        let Manifest { originator, issued, expires, .. } = manifest;
        let (logged_at, expires) = (*issued, *expires);
        Self {
            originator,
            logged_at,
            expires,
            life,
            portions,
            whole,
            provenances: vec![],
            endorsers: BTreeMap::new(),
            exceptions: vec![],
            elsewhere: BTreeSet::new(),
            classes,
            told: Told::default(),
            signed: Signed { originator: originator.clone(), by: None },
        }
    }

    /// As one of several versions that the giver holds, which are about these states: what one of them is about, none of them goes to.
    #[must_use]
    pub fn among_versions(mut self, about: &BTreeSet<Country>) -> Self {
        self.elsewhere = about.difference(&self.whole.states).copied().collect();
        self
    }

    /// As signed by all of these, `cosigners` of them officers beside the author. Without this nobody knows who has signed it, and a house
    /// rule that asks denies.
    #[must_use]
    pub fn signed_by(self, all: &[SpiffeId], cosigners: u32) -> Self {
        let by = Signers { all: all.iter().cloned().collect(), cosigners: cosigners.into() };
        let signed = Signed { by: Some(by), ..self.signed };
        Self { signed, told: Told::default(), ..self }
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
        View::over(indexes.filter_map(|i| self.portion(i)), self.life)
    }

    /// The states that a table of the giver's own adds, for the subjects among these portions.
    pub(super) fn added_by(&self, own: &ControlTable, indexes: impl Iterator<Item = usize>) -> BTreeSet<Country> {
        if own.is_empty() {
            return BTreeSet::new();
        }
        let subjects = assessment::subjects(indexes.filter_map(|i| self.portion(i)));
        let rows = subjects.flat_map(|subject| {
            let when = When::new(subject.period, self.life);
            assessment::places_concerned(subject).flat_map(move |place| own.of(place, when))
        });
        rows.map(|row| row.by).collect()
    }

    /// Each place of its subjects with what it concerns.
    pub(super) fn concerns<'t>(&self, own: &'t ControlTable) -> impl Iterator<Item = (Place, Concern<'t>)> {
        let of_subject = move |subject: &Subject| {
            let when = When::new(subject.period, self.life);
            let places = assessment::places_concerned(subject);
            places
                .flat_map(move |place| place.concerns(own, when).into_iter().map(move |c| (place, c)))
                .collect::<Vec<_>>()
        };
        assessment::subjects(self.portions.iter().map(|(_, p)| *p)).flat_map(of_subject)
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
    fn over<'a>(portions: impl Iterator<Item = &'a Portion>, life: (Time, Time)) -> Self {
        let mut view = Self { known: false, states: BTreeSet::new(), level: None, places: BTreeSet::new() };
        let (mut subjects, mut placed) = (0, 0);
        for portion in portions {
            let Body::Subject(subject) = &portion.body else { continue };
            subjects += 1;
            placed += usize::from(!subject.places.is_empty());
            view.states.extend(assessment::subject_states(std::slice::from_ref(portion), life));
            view.level = view.level.max(Some(subject.level));
            view.places.extend(&subject.places);
        }
        view.known = subjects > 0 && subjects == placed;
        view
    }

    /// The same, about these states too.
    pub fn and_about(&self, states: BTreeSet<Country>) -> Self {
        let mut view = self.clone();
        view.states.extend(states);
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
                Place::Subdivision(part) if part.is_former() => {
                    codes.extend(part.successors().iter().map(|p| p.code()))
                }
                Place::Subdivision(part) => {
                    codes.insert(part.code());
                }
                Place::Country(_) | Place::Region(_) => codes.extend(place.countries().iter().map(|c| c.code())),
            }
        }
        codes
    }
}
