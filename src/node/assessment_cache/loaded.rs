//! Assessments that are ready for the decision and for sending. Each is decoded once and shared by the feeds of all partners.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use crate::{
    domain::{
        assessment::{Manifest, Portion, level},
        entry::FeedEntry,
        fault::{Fault, Reason},
        ids::{Digest, Sha256, StatementId, TrustDomain},
        level::WarningLevel,
        place::Country,
        release::{Listed, Release},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    node::{
        assessment_cache::{
            parts::{LoadedEndorsement, LoadedException, LoadedPortion},
            route::Route,
            signed::ManifestSigners,
        },
        directory::Partners,
    },
    policy::{EndorsementFacts, Facts},
    seal::{
        open::{OpenedPortion, open_listed},
        statement::id_of,
    },
    store::{AssessmentRecord, LoggedStatement},
    wire,
};

/// One version of an assessment, ready for the decision.
pub struct LoadedAssessment {
    /// The id of its manifest.
    pub id: StatementId,
    /// The content of its manifest.
    pub manifest: Manifest,
    /// The manifest with its signatures.
    pub envelope: Arc<Envelope>,
    /// The portions that are here, in the author's order.
    pub portions: Vec<LoadedPortion>,
    /// The routes by which it came. There are none if it was published here.
    pub routes: Vec<Route>,
    /// Its endorsements, sorted by the statements' ids.
    pub endorsements: Vec<LoadedEndorsement>,
    /// The exceptions that officers have given for it, sorted by the statements' ids.
    pub exceptions: Vec<LoadedException>,
    /// The states that its versions are about, as far as the versions are here.
    pub about: BTreeSet<Country>,
    /// When it was published here, or first came.
    pub logged_at: Time,
    /// The organisations that have signed it.
    pub(in crate::node) signed: ManifestSigners,
}

/// Decodes the statements that are attached to portions, and sorts each kind by its ids.
///
/// # Errors
/// Decoding faults; `STORE_CORRUPT` for a kind that does not belong there.
pub fn attached(kept: &[LoggedStatement]) -> Result<(Vec<LoadedEndorsement>, Vec<LoadedException>), Fault> {
    let (mut endorsements, mut exceptions) = (vec![], vec![]);
    for LoggedStatement { envelope: bytes, at, verified } in kept {
        let envelope = Arc::new(wire::envelope::decode(bytes)?);
        match envelope.kind {
            StatementKind::Endorsement => {
                let (bytes, was_verified) = (bytes.len(), *verified);
                let endorsement = LoadedEndorsement::new(envelope, *at)?;
                endorsements.push(LoadedEndorsement { bytes, was_verified, ..endorsement });
            }
            StatementKind::Exception => exceptions.push(LoadedException::new(envelope, *at)?),
            kind => return Err(Fault::new(Reason::StoreCorrupt, format!("a {kind} is attached to an assessment"))),
        }
    }
    let endorsements = crate::node::assessment_cache::places::of(endorsements);
    exceptions.sort_by_key(|e| e.excepted.id);
    exceptions.dedup_by_key(|e| e.excepted.id);
    Ok((endorsements, exceptions))
}

/// Adds the endorsements and exceptions to the facts for a decision.
pub fn with_attached<'a>(
    facts: Facts<'a>,
    endorsements: &'a [LoadedEndorsement],
    exceptions: &'a [LoadedException],
) -> Facts<'a> {
    let endorsements = endorsements.iter().map(|e| EndorsementFacts {
        id: e.id,
        endorser: &e.endorsement.endorser,
        portion: &e.endorsement.portion,
        made_at: e.endorsement.endorsed_at.min(e.logged_at),
    });
    facts.with_endorsements(endorsements).with_exceptions(exceptions.iter().map(|e| e.excepted.clone()))
}

impl LoadedAssessment {
    /// Makes it from what the store holds. The store's bytes are authenticated; the digests are checked all the same.
    ///
    /// # Errors
    /// `STORE_CORRUPT` where the manifest is another one; whatever does not decode or is not listed.
    pub fn new(record: AssessmentRecord) -> Result<Self, Fault> {
        let envelope = wire::envelope::decode(&record.manifest)?;
        if id_of(envelope.kind, &envelope.payload) != record.manifest_id {
            return Err(Fault::new(
                Reason::StoreCorrupt,
                "a manifest is not the one that was stored; restore a backup",
            ));
        }
        let manifest = wire::manifest::decode(&envelope.payload)?;
        let routes = record.releases.iter().map(|r| Route::new(&manifest.originator, r)).collect::<Result<_, _>>()?;
        let (endorsements, exceptions) = attached(&record.attached)?;
        let opened = open_listed(&manifest, &record.portions)?;
        let (id, envelope) = (record.manifest_id, Arc::new(envelope));
        let prepared = Self::assemble(id, manifest, envelope, opened, record.portions, record.since);
        Ok(Self { routes, endorsements, exceptions, about: record.subject_states, ..prepared })
    }

    /// Makes it from its manifest and its opened portions. `encoded` holds the portions' encodings in the same order.
    pub fn assemble(
        id: StatementId,
        manifest: Manifest,
        envelope: Arc<Envelope>,
        opened: Vec<OpenedPortion>,
        encoded: Vec<Vec<u8>>,
        logged_at: Time,
    ) -> Self {
        let portion = |(o, bytes): (OpenedPortion, Vec<u8>)| LoadedPortion {
            digest: o.digest(),
            portion: o.into_portion(),
            bytes: Arc::from(bytes),
        };
        let portions = opened.into_iter().zip(encoded).map(portion).collect();
        let (routes, endorsements, exceptions, about) = (vec![], vec![], vec![], BTreeSet::new());
        let signed = ManifestSigners::of(&envelope);
        Self { id, manifest, envelope, portions, routes, endorsements, exceptions, about, logged_at, signed }
    }

    /// The facts for a decision at the time `now` with these partners. If this clock was ahead when the version was logged, it counts as
    /// logged now, so that it does not wait until then.
    pub fn facts(&self, now: Time, directory: &Partners) -> Facts<'_> {
        let facts = Facts::new(&self.manifest, self.portions.iter().map(|p| (p.digest, &p.portion)))
            .with_logged_at(self.logged_at.min(now))
            .with_states_of_versions(&self.about)
            .with_provenances(self.routes.iter().map(|w| w.provenance(directory)).collect());
        let facts = self.signed.told(facts);
        with_attached(facts, &self.endorsements, &self.exceptions)
    }

    /// Whether it came under an agreement that is suspended and may be resumed. What is due of it waits for that until it expires.
    pub fn waits_for_resume(&self, directory: &Partners) -> bool {
        self.routes.iter().any(|route| route.is_suspended(directory))
    }

    /// The facts as they were at an earlier decision. Versions that came since and suspensions don't count. What is no longer here is
    /// left out.
    pub fn facts_as_released(&self, now: Time) -> Facts<'_> {
        let routes = self.routes.iter().map(|w| w.provenance.clone()).collect();
        self.facts(now, &Partners::default()).with_states_of_versions(&BTreeSet::new()).with_provenances(routes)
    }

    /// Its portions in the author's order, then its endorsements, each with the digest that decisions name.
    pub fn all(&self) -> impl Iterator<Item = (Digest, &Portion)> {
        let endorsements = self.endorsements.iter().map(|e| (e.digest(), &e.endorsement.portion));
        self.portions.iter().map(|p| (p.digest, &p.portion)).chain(endorsements)
    }

    /// Whether the releases by which it came fit into an entry beside the largest portions.
    pub fn fits(&self, via: Option<StatementId>) -> bool {
        let route = self.routes.iter().find(|w| Some(w.provenance.release) == via);
        route.is_none_or(Route::fits)
    }

    /// When this node logged what a release by that route hands over, as the release states it.
    pub fn stated_at(&self, via: Option<StatementId>) -> Time {
        let route = self.routes.iter().find(|w| via.is_some() && Some(w.provenance.release) == via);
        route.map_or(self.logged_at, |w| w.received_at).whole_seconds()
    }

    /// The endorsements with these ids, as a release lists them.
    pub fn list_endorsements(&self, ids: impl Iterator<Item = StatementId>) -> Vec<Listed> {
        let logged = |id| Some(self.endorsements.iter().find(|e| e.id == id)?.logged_at);
        ids.filter_map(|id| Some(Listed { id, logged_at: logged(id)?.whole_seconds() })).collect()
    }

    /// The exceptions with these ids, as a release lists them.
    pub fn list_exceptions(&self, ids: &[StatementId]) -> Vec<Listed> {
        let logged = |id| Some(self.exceptions.iter().find(|e| e.excepted.id == id)?.logged_at);
        ids.iter().filter_map(|id| Some(Listed { id: *id, logged_at: logged(*id)?.whole_seconds() })).collect()
    }

    /// The organisations whose signatures a release hands over: the originator, those that passed it on, and the endorsers.
    pub fn signers(&self, release: &Release) -> impl Iterator<Item = &TrustDomain> {
        let route = self.routes.iter().find(|w| Some(w.provenance.release) == release.via);
        let carriers = route.into_iter().flat_map(|route| &route.provenance.carriers);
        let endorsements = self.endorsements.iter().filter(|e| release.endorsements.iter().any(|l| l.id == e.id));
        let endorsers = endorsements.map(|e| &e.endorsement.endorser);
        std::iter::once(&self.manifest.originator).chain(carriers).chain(endorsers)
    }

    /// The entry that goes over the link: the signed release, what it hands over, and the releases by which that came.
    pub fn entry(&self, envelope: Envelope, release: &Release) -> FeedEntry {
        let route = self.routes.iter().find(|w| Some(w.provenance.release) == release.via);
        let endorsements = self.endorsements.iter().filter(|e| release.endorsements.iter().any(|l| l.id == e.id));
        let exceptions = self.exceptions.iter().filter(|e| release.exceptions.iter().any(|l| l.id == e.excepted.id));
        FeedEntry {
            release: Arc::new(envelope),
            manifest: Some(self.envelope.clone()),
            portions: self.encodings_of(&release.digests),
            provenance: route.map(|w| w.path.clone()).unwrap_or_default(),
            endorsements: endorsements.map(|e| e.envelope.clone()).collect(),
            exceptions: exceptions.map(|e| e.envelope.clone()).collect(),
            later: vec![],
        }
    }

    /// The encodings of the portions with these digests, in the order of the digests.
    pub fn encodings_of(&self, digests: &[Digest]) -> Vec<Arc<[u8]>> {
        let by_digest: HashMap<Digest, &LoadedPortion> = self.portions.iter().map(|p| (p.digest, p)).collect();
        digests.iter().filter_map(|d| by_digest.get(d)).map(|p| p.bytes.clone()).collect()
    }

    /// Roughly how many bytes of memory it takes. Decoded content takes about as much as its encoding.
    pub(in crate::node) fn bytes(&self) -> usize {
        let portions: usize = self.portions.iter().map(|p| 2 * p.bytes.len() + size_of::<LoadedPortion>()).sum();
        let routes: usize = self.routes.iter().map(|w| w.bytes + size_of::<Route>()).sum();
        let endorsements: usize = self.endorsements.iter().map(|e| 2 * e.envelope.bytes()).sum();
        let exceptions: usize = self.exceptions.iter().map(|e| 2 * e.envelope.bytes()).sum();
        size_of::<Self>() + self.envelope.bytes() + portions + routes + endorsements + exceptions
    }

    /// The highest level of the subjects among the portions with these digests: the level that their recipient sees.
    pub fn level(&self, digests: &[Digest]) -> Option<WarningLevel> {
        let given = self.portions.iter().filter(|p| digests.contains(&p.digest));
        level(given.map(|p| &p.portion))
    }

    /// The attachments that the portions with these digests name.
    pub fn attachments(&self, digests: &[Digest]) -> Vec<Sha256> {
        let named = self.portions.iter().filter(|p| digests.contains(&p.digest));
        named
            .filter_map(|p| match &p.portion.body {
                crate::domain::body::Body::Attachment(attachment) => Some(attachment.sha256),
                _ => None,
            })
            .collect()
    }
}

#[cfg(test)]
pub(in crate::node) mod tests {
    use super::*;
    use crate::node::assessment_cache::entries::Entries;
    use crate::{
        domain::{
            body::Body,
            ids::AssessmentId,
            marking::{Marking, Tlp},
            statement::{Signature, Suite},
            time::Time,
        },
        seal::{
            compose::{Composed, ManifestHead, UnsealedPortion, compose},
            digest::portion_digest,
        },
        store::AssessmentState,
    };

    /// A loaded version with one long portion.
    pub(in crate::node) fn prepared_of(n: u8, bytes: usize) -> Arc<LoadedAssessment> {
        let mut prepared = LoadedAssessment::new(record(|_, _| {})).unwrap();
        prepared.id = StatementId([n; 32]);
        prepared.portions[0].bytes = Arc::from(vec![0; bytes]);
        Arc::new(prepared)
    }

    /// A version with two gaps, as the store has it. `bend` changes the second gap before the manifest is made.
    fn record(bend: impl FnOnce(&Portion, &mut Portion)) -> AssessmentRecord {
        let marking = Marking::new(Tlp::Green);
        let gap = || UnsealedPortion {
            language: None,
            translates: None,
            marking: marking.clone(),
            body: Body::Gap { text: "unknown".into() },
            rests_on: vec![],
        };
        let (assessment, issued) = (AssessmentId([1; 16]), Time::from_unix_nanos(0));
        let originator: TrustDomain = "gb.example".parse().unwrap();
        let (version, expires) = (1, issued.plus_seconds(60));
        let head = ManifestHead {
            assessment,
            version,
            previous: None,
            originator: originator.clone(),
            issued,
            expires,
            exercise: false,
        };
        let Composed { mut manifest, mut portions } = compose(head, vec![gap(), gap()]).unwrap();
        let [first, mut second] = [0, 1].map(|i: usize| wire::portion::decode(&portions[i]).unwrap());
        bend(&first, &mut second);
        let before = portion_digest(&assessment, &portions[1]);
        portions[1] = wire::portion::encode(&second);
        manifest.digests.retain(|d| *d != before);
        manifest.digests.push(portion_digest(&assessment, &portions[1]));
        manifest.digests.sort_unstable();
        let signature = Signature { suite: Suite::Ed25519, certificates: vec![vec![0]], value: vec![0; 64] };
        let payload = wire::manifest::encode(&manifest);
        let manifest_id = id_of(StatementKind::Manifest, &payload);
        let envelope = Envelope::new(StatementKind::Manifest, payload, vec![signature]);
        AssessmentRecord {
            assessment,
            version,
            manifest_id,
            manifest: wire::envelope::encode(&envelope),
            originator,
            since: issued,
            state: AssessmentState::Current,
            releases: vec![],
            portions,
            attached: vec![],
            subject_states: BTreeSet::new(),
            verified: None,
        }
    }

    #[test]
    fn what_came_in_parts_and_does_not_fit_together_counts_as_not_here() {
        assert_eq!(LoadedAssessment::new(record(|_, _| {})).unwrap().portions.len(), 2);
        let unfit = LoadedAssessment::new(record(|first, second| second.handle = first.handle)).err().unwrap();
        assert_ne!(unfit.reason, Reason::StoreCorrupt, "whoever signs what does not fit together damages no store");
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let cache = Entries::default();
        let prepared = Arc::new(LoadedAssessment::new(record(|_, _| {})).unwrap());
        let read = || prepared.clone();
        let (id, before) = (prepared.id, cache.forgotten());
        // More portions come, or it gives way to another, while somebody reads it from the store.
        cache.forget(&id);
        cache.put(read(), before);
        assert!(cache.get(&id).is_none());
        cache.put(read(), cache.forgotten());
        assert!(cache.get(&id).is_some());
        // It is recalled while somebody reads it. It has to be read again.
        let (before, taken_back) = (cache.forgotten(), cache.taken_back());
        cache.take_back(&id);
        cache.put(read(), before);
        assert!(cache.get(&id).is_none() && cache.taken_back() != taken_back);
    }
}
