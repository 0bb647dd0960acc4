//! Endorsements: makes them, checks those that came with an assessment, and shows them to readers.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        actor::{Actor, Authorized, Write},
        assessment::Manifest,
        endorsement::{Endorsement, MAX_ENDORSEMENTS},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{SpiffeId, StatementId, TrustDomain},
        statement::Envelope,
        time::Time,
    },
    node::{
        assessment_cache::{as_claimed::AsClaimed, loaded::LoadedAssessment, parts::LoadedEndorsement},
        assessment_state::state_at,
        assessments::{Assessments, giver::giver},
        decisions::{PARTNERS_A_THREAD, PartnerDecision, Queue, decided, urgency},
        directory::Partner,
        inbound::{content::Carrying, unusable::Unusable},
        outbound::queued::is_queued,
        parallel::on_all_cores,
        task::lost,
    },
    policy::{ItemId, plan},
    seal::{
        chains::{Chains, VerificationTime},
        rules,
        verify::verify,
    },
    store::{AssessmentRecord, AssessmentState, LoggedStatement, requests::NewAttachedStatement},
    wire,
};

/// The result of an endorsement that was made here.
pub struct Endorsed {
    /// Its statement id.
    pub id: StatementId,
    /// False if it was here before.
    pub is_new: bool,
    /// For each active partner, whether it gets the endorsement and why.
    pub decisions: Vec<PartnerDecision>,
    /// The version that it endorses.
    pub prepared: Arc<LoadedAssessment>,
}

/// An endorsement of an assessment, as this node sees it.
pub struct EndorsementCheck {
    /// Its statement id.
    pub id: StatementId,
    /// The statement with its signatures.
    pub envelope: Arc<Envelope>,
    /// What it says.
    pub endorsement: Endorsement,
    /// Who signed it. `None` if the chain does not say.
    pub by: Option<SpiffeId>,
    /// Why the signature does not count, if it does not.
    pub fault: Option<Reason>,
    /// The organisations from the originator to here: the endorser, and the hubs after it.
    pub via: Vec<TrustDomain>,
    /// The partner on whose introduction alone the endorser is held here.
    pub introduced_by: Option<TrustDomain>,
}

impl Assessments {
    /// Endorses a version that is here, and offers the endorsement to the partners that have the version or may have it.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, whatever verification refuses, `WRONG_DOMAIN`, `NOT_FOUND`, `CONFLICT` where it is not the latest version,
    /// `LIMIT_EXCEEDED`.
    pub async fn endorse(self: &Arc<Self>, actor: &Authorized<Write>, envelope: Envelope) -> Result<Endorsed, Fault> {
        let (now, encoded) = (self.clock.now(), wire::envelope::encode(&envelope));
        let verified = verify(&envelope, &rules::ENDORSEMENT, self.trust.chains(), now)?;
        let (id, endorsement) = (verified.id(), verified.into_content());
        if endorsement.endorser != *self.identity.domain() {
            let what = "a node takes from its own people only what they sign for their own organisation";
            return Err(Fault::at(Reason::WrongDomain, "endorser", what));
        }
        let record = self.endorsable(&endorsement).await?;
        let is_own = record.originator == *self.identity.domain();
        let prepared = Arc::new(LoadedAssessment::new(with(record, encoded.clone(), now))?);
        if !prepared.endorsements.iter().any(|e| e.id == id) {
            let what = format!("at most {MAX_ENDORSEMENTS} endorsements of one version are kept");
            return Err(Fault::new(Reason::LimitExceeded, what));
        }
        let (node, shared) = (self.clone(), prepared.clone());
        let planned = tokio::task::spawn_blocking(move || node.plan_endorsement(&shared, id, now));
        let (decisions, mut queue) = planned.await.map_err(lost)?;
        if is_own {
            queue = self.of_those_that_had_it(&prepared.id, queue).await?;
        }
        let wake: Vec<TrustDomain> = queue.iter().map(|(partner, _)| partner.clone()).collect();
        let events = events(actor, &prepared, id, &decisions, now);
        let (manifest_id, urgency, from) = (prepared.id, urgency(&prepared), self.identity.domain().clone());
        let statement = NewAttachedStatement { manifest_id, from, envelope: encoded, at: now, urgency, queue };
        let is_new = self.store.attach_statement(statement, events).await?;
        self.cache.entries.forget(&prepared.id);
        wake.iter().for_each(|partner| self.sessions.of(partner).wake());
        Ok(Endorsed { id, is_new, decisions, prepared })
    }

    /// The version that an endorsement names.
    async fn endorsable(&self, endorsement: &Endorsement) -> Result<AssessmentRecord, Fault> {
        let Endorsement { originator, assessment, version, manifest, .. } = endorsement;
        let found = self.store.by_manifest(manifest, false).await?;
        let record = found
            .filter(|r| (&r.originator, &r.assessment, &r.version) == (originator, assessment, version))
            .ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no such version of `{assessment}` here")))?;
        let state = state_at(record.state, &wire::envelope::decode(&record.manifest)?, self.clock.now())?;
        if state != AssessmentState::Current {
            let what = format!("the version is {state}; endorse one that is current, or none");
            return Err(Fault::new(Reason::Conflict, what));
        }
        Ok(record)
    }

    /// What each active partner gets of the endorsement, and when to look at the version again for it.
    fn plan_endorsement(
        &self,
        prepared: &LoadedAssessment,
        endorsement: StatementId,
        now: Time,
    ) -> (Vec<PartnerDecision>, Queue) {
        let endorsement = ItemId::Endorsement(endorsement);
        let directory = self.directory.current();
        let facts = prepared.facts(now, &directory);
        let partners: Vec<&Arc<Partner>> = directory.all_active().collect();
        let plan_for = |partner: &Arc<Partner>| {
            let steps = plan(&partner.outgoing, &facts, now);
            let name = &partner.record.organisation.domain;
            let gives = |d: &crate::policy::Decision| d.release.as_ref().is_some_and(|r| r.releases(&endorsement));
            let queue: Queue = steps.iter().filter(|(_, d)| gives(d)).map(|(at, _)| (name.clone(), *at)).collect();
            (PartnerDecision::new(partner, &steps).about(&endorsement.to_digest()), queue)
        };
        let planned = on_all_cores(partners, PARTNERS_A_THREAD, plan_for);
        let (decisions, queues): (Vec<_>, Vec<_>) = planned.into_iter().unzip();
        (decisions, queues.concat())
    }

    /// Keeps the partners that have the version or wait for it. Recipients are settled when a version is published, so an endorsement
    /// adds none.
    async fn of_those_that_had_it(&self, manifest: &StatementId, queue: Queue) -> Result<Queue, Fault> {
        let mut kept = vec![];
        for (partner, at) in queue {
            let has_it = !self.store.disclosed(&partner, manifest).await?.is_empty();
            if has_it || is_queued(&*self.store, &partner, manifest).await? {
                kept.push((partner, at));
            }
        }
        Ok(kept)
    }

    /// Checks the endorsements that a release discloses. Each must be of this manifest and signed with the key that it names; otherwise
    /// the entry was tampered with. The signer must be verified if the endorser is a party: the sender, the originator, or this
    /// organisation. Another organisation's endorsement is kept as it is, and counts for readers only where it is verified. Refusing it
    /// would tell the sender whether that organisation is a partner here.
    pub(in crate::node) fn check_endorsements(
        &self,
        carried: &Carrying<'_>,
        manifest_id: StatementId,
        manifest: &Manifest,
        envelopes: &[Arc<Envelope>],
    ) -> Result<Vec<LoadedEndorsement>, Unusable> {
        let Carrying { partner, release, path, examined } = carried;
        let mut checked = Vec::with_capacity(envelopes.len());
        for (i, envelope) in envelopes.iter().enumerate() {
            let here = |fault: Fault| fault.within(&format!("beside[{i}]"));
            // An endorsement of a later edition waits for a later version of this program.
            let claimed = verify(envelope, &rules::ENDORSEMENT, &AsClaimed, examined.when())
                .map_err(|fault| Unusable::by(&manifest.originator, here(fault)).only_for(Reason::NotYet))?;
            let endorsement = claimed.content();
            let is_of_it = endorsement.manifest == manifest_id
                && endorsement.originator == manifest.originator
                && (endorsement.assessment, endorsement.version) == (manifest.assessment, manifest.version);
            if !is_of_it {
                let what = "the endorsement is of another assessment or version";
                return Err(here(Fault::at(Reason::DigestNotListed, "manifest_id", what)).into());
            }
            if endorsement.seen.len() != manifest.digests.len() {
                let what = "there are not as many marks of what was seen as the manifest has digests";
                return Err(here(Fault::at(Reason::UnknownOrNonCanonical, "seen", what)).into());
            }
            let is_party = [*partner, &manifest.originator, self.identity.domain()].contains(&&endorsement.endorser);
            if is_party {
                let not_listed = || here(Fault::new(Reason::DigestNotListed, "no release lists the endorsement"));
                path.of_listed(*examined, partner, release, &claimed.id()).ok_or_else(not_listed)?;
            }
            let when = path.of_listed(*examined, partner, release, &claimed.id());
            let verified =
                verify(envelope, &rules::ENDORSEMENT, &self.trust.known, when.unwrap_or_else(|| examined.when()));
            let was_verified = match verified {
                // An endorsement that rests on an introduction alone is judged again once the introduction ends.
                Ok(_) if self.directory.introduced_by(&endorsement.endorser).is_some() => false,
                Ok(verified) => verified.on_word_of().is_none() && path.on_word_of.is_none(),
                Err(fault) if is_party => return Err(Unusable::by(&endorsement.endorser, here(fault))),
                Err(_) => false,
            };
            let mut endorsement = LoadedEndorsement::new(envelope.clone(), examined.arrived)?;
            endorsement.was_verified = was_verified;
            checked.push(endorsement);
        }
        if !checked.iter().map(|e| e.id).eq(release.endorsements.iter().map(|l| l.id)) {
            let what = "the endorsements are not those that the release discloses";
            return Err(Fault::at(Reason::DigestNotListed, "beside", what).into());
        }
        Ok(checked)
    }

    /// The endorsements of what is here, each signature verified anew.
    ///
    /// # Errors
    /// Decoding faults of what the store holds.
    pub(in crate::node) fn check_held_endorsements(
        &self,
        record: &AssessmentRecord,
    ) -> Result<Vec<EndorsementCheck>, Fault> {
        let (endorsements, _) = crate::node::assessment_cache::loaded::attached(&record.attached)?;
        let paths = record.releases.iter().map(path).collect::<Result<Vec<_>, _>>()?;
        let check = |e: LoadedEndorsement| {
            let LoadedEndorsement { id, endorsement, envelope, logged_at, was_verified, .. } = e;
            // It is judged as of when it was logged here. If it was verified then, that is as good as the endorser's own statement of the
            // time.
            let endorser = endorsement.endorser.clone();
            let when = VerificationTime { arrived: logged_at, ..self.clock.now().into() };
            let when = when.stated(logged_at, if was_verified { &endorser } else { self.identity.domain() });
            let fault = verify(&envelope, &rules::ENDORSEMENT, &self.trust.stored, when).err().map(|f| f.reason);
            // What was verified once stays verified, but the signature must still fit its bytes.
            let fault = match fault {
                Some(reason) if was_verified && reason != Reason::CertificateRevoked => {
                    verify(&envelope, &rules::ENDORSEMENT, &AsClaimed, when).err().map(|f| f.reason)
                }
                fault => fault,
            };
            let chain = envelope.signatures.first().map(|s| s.certificates.as_slice()).unwrap_or_default();
            let by = AsClaimed.signer(chain, &when).ok().map(|s| s.id);
            let path = paths.iter().find(|(ids, _)| ids.contains(&id)).map(|(_, path)| path.as_slice());
            let via = self.chain(&endorsement, path.unwrap_or_default());
            let introduced_by = self.directory.introduced_by(&endorsement.endorser);
            EndorsementCheck { id, envelope, endorsement, by, fault, via, introduced_by }
        };
        Ok(endorsements.into_iter().map(check).collect())
    }

    /// The organisations from the originator to the endorser, and through the hubs after it to here.
    fn chain(&self, endorsement: &Endorsement, path: &[TrustDomain]) -> Vec<TrustDomain> {
        let Endorsement { originator, endorser, .. } = endorsement;
        let after = path.iter().position(|d| d == endorser).map_or(0, |place| place + 1);
        let hubs = path.iter().skip(after).filter(|d| *d != originator);
        let mut chain: Vec<TrustDomain> = [originator, endorser].into_iter().chain(hubs).cloned().collect();
        chain.push(self.identity.domain().clone());
        chain.dedup();
        chain
    }
}

/// The record with one more statement that is attached to its portions.
fn with(mut record: AssessmentRecord, envelope: Vec<u8>, at: Time) -> AssessmentRecord {
    if record.attached.iter().all(|s| s.envelope != envelope) {
        record.attached.push(LoggedStatement { envelope, at, verified: true });
    }
    record
}

/// The endorsements that came by a release, and the organisations by which it came, from the originator on.
fn path(came_by: &crate::store::Delivery) -> Result<(BTreeSet<StatementId>, Vec<TrustDomain>), Fault> {
    let envelope = wire::envelope::decode(&came_by.release)?;
    let ids = wire::release::decode(&envelope.payload)?.endorsements.iter().map(|l| l.id).collect();
    let mut path =
        came_by.provenance.iter().map(|r| giver(&wire::envelope::decode(r)?)).collect::<Result<Vec<_>, _>>()?;
    path.push(giver(&envelope)?);
    Ok((ids, path))
}

fn events(
    actor: &Actor,
    prepared: &LoadedAssessment,
    endorsement: StatementId,
    decisions: &[PartnerDecision],
    at: Time,
) -> Vec<Event> {
    let manifest = prepared.id;
    let endorsed = Event::by(actor, at, Deed::Endorsed { manifest, endorsement });
    std::iter::once(endorsed).chain(decided(&manifest, decisions, at)).collect()
}
