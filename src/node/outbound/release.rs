//! Releases what is due for a partner. Each assessment is decided again, and its release is signed, numbered, logged and committed before
//! it may be sent.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use crate::{
    domain::{
        entry::Numbered,
        event::{Deed, Event},
        fault::Fault,
        ids::{Digest, StatementId, TrustDomain},
        release::{EntryKind, Release},
        statement::StatementKind,
        time::Time,
    },
    feed::outbound::Outbound,
    node::{
        assessment_cache::loaded::LoadedAssessment, decisions::urgency, directory::Partner, outbound::OutboundFeeds,
        task::lost,
    },
    policy::{Cleared, Decision, Facts, ItemId, decide, plan},
    seal::statement::id_of,
    store::{OutboundPosition, QueueItem, ReleaseBatch, ReleaseRecord, StoreError, damage::Damage},
    wire,
};

/// After how many seconds to look again at what came under a suspended agreement.
const LOOK_AGAIN_SECONDS: i64 = 20;

/// An assessment that is due to a partner.
struct Due {
    prepared: Arc<LoadedAssessment>,
    /// What the partner was given of it before.
    disclosed: BTreeSet<Digest>,
    /// The routes by which it came that the partner can't verify.
    spoiled: HashSet<StatementId>,
}

/// One round: what goes out, and what is settled without going out.
struct Round {
    /// When it is decided and signed.
    now: Time,
    numbered: Vec<Numbered>,
    records: Vec<ReleaseRecord>,
    /// The organisations whose signatures go out with the releases.
    signers: BTreeSet<TrustDomain>,
    events: Vec<Event>,
    /// What may go later but not now: how urgent it is, and from when on.
    later: Vec<(StatementId, u8, Time)>,
    /// What has to be acknowledged, and by when.
    duties: Vec<(StatementId, Time)>,
}

impl Round {
    fn at(now: Time) -> Self {
        let (numbered, records, signers) = (vec![], vec![], BTreeSet::new());
        Self { now, numbered, records, signers, events: vec![], later: vec![], duties: vec![] }
    }
}

/// Every reason why nothing goes, each once.
pub(in crate::node) fn because(decision: &Decision) -> Vec<String> {
    let reasons = decision.portions.iter().flat_map(|p| p.verdict.reasons());
    let mut words: Vec<String> = reasons.map(ToString::to_string).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Records why nothing of it may go now, and when to look again.
fn drop_one(partner: &Partner, prepared: &LoadedAssessment, facts: &Facts<'_>, decision: &Decision, round: &mut Round) {
    let deed = Deed::Dropped {
        manifest: prepared.id,
        partner: partner.record.organisation.domain.clone(),
        because: because(decision),
    };
    let now = round.now;
    round.events.push(Event::of_node(now, deed));
    // Another version of the agreement may set another time.
    let steps = plan(&partner.outgoing, facts, now);
    let releasing = steps.into_iter().filter(|(at, d)| *at > now && d.release.is_some());
    round.later.extend(releasing.map(|(at, _)| (prepared.id, urgency(prepared), at)));
}

impl OutboundFeeds {
    /// Releases one batch of what is due for a partner. Each item comes with what the partner was given of it before. An empty answer
    /// means that nothing of this batch went out; the caller looks again.
    ///
    /// # Errors
    /// Faults where the organisation is no longer a partner, or the store fails. Nothing is numbered then.
    pub(in crate::node) async fn release_due(
        self: &Arc<Self>,
        partner: &TrustDomain,
        position: OutboundPosition,
        catalogue: u64,
        due: Vec<(QueueItem, Vec<Digest>)>,
        now: Time,
    ) -> Result<Vec<Numbered>, Fault> {
        let entry = self.directory.current().active(partner)?.clone();
        let outbound = Outbound::resume(position.sequence, position.release);
        let settled = due.iter().map(|(item, _)| item.id).collect();
        let asked: Vec<StatementId> = due.iter().map(|(item, _)| item.manifest_id).collect();
        let work = self.gather(partner, due).await?;
        let unreadable = self.unreadable(partner, &asked, &work, now);
        let node = self.clone();
        let round = tokio::task::spawn_blocking(move || node.decide_and_sign(&entry, outbound, work, now));
        let Round { numbered, records, mut signers, mut events, later, duties, .. } = round.await.map_err(lost)??;
        events.extend(unreadable);
        // The later looks are queued before the items are settled. A crash in between then causes one look too many, not one too few.
        for (id, urgency, at) in later {
            self.store.enqueue(&id, urgency, vec![(partner.clone(), at)]).await?;
        }
        signers.remove(self.identity.domain());
        let catalogue = Some(catalogue);
        let batch =
            ReleaseBatch { catalogue, after: outbound.sequence(), releases: records, signers, settled, duties, events };
        match self.store.commit_releases(partner, batch).await {
            // Another process has numbered in the meantime, or something was recalled. That takes precedence.
            Err(StoreError::Conflict) => Ok(vec![]),
            other => Ok(other.map(|()| numbered)?),
        }
    }

    /// The assessments that are due.
    async fn gather(&self, partner: &TrustDomain, due: Vec<(QueueItem, Vec<Digest>)>) -> Result<Vec<Due>, Fault> {
        // Two reasons to look at one assessment need only one look.
        let mut given: HashMap<StatementId, Vec<Digest>> = HashMap::with_capacity(due.len());
        let mut ids: Vec<StatementId> = Vec::with_capacity(due.len());
        for (item, disclosed) in due {
            if given.insert(item.manifest_id, disclosed).is_none() {
                ids.push(item.manifest_id);
            }
        }
        let mut work = Vec::with_capacity(ids.len());
        for prepared in self.cache.prepare(&ids).await? {
            let disclosed = given.remove(&prepared.id).unwrap_or_default().into_iter().collect();
            let spoiled = self.spoiled_routes(&prepared, partner).await?;
            work.push(Due { prepared, disclosed, spoiled });
        }
        Ok(work)
    }

    /// The ledger's records of what is due but can't be read any more. It goes nowhere.
    fn unreadable(&self, partner: &TrustDomain, asked: &[StatementId], work: &[Due], now: Time) -> Vec<Event> {
        let damages = self.store.damages();
        let is_lost = |id: &&StatementId| {
            damages.contains(&Damage::Version(**id)) && !work.iter().any(|due| due.prepared.id == **id)
        };
        let because = || vec!["unreadable: what is kept of it can't be read any more".to_owned()];
        let dropped = |id| Deed::Dropped { manifest: id, partner: partner.clone(), because: because() };
        asked.iter().filter(is_lost).map(|id| Event::of_node(now, dropped(*id))).collect()
    }

    fn decide_and_sign(
        &self,
        partner: &Partner,
        mut outbound: Outbound,
        work: Vec<Due>,
        now: Time,
    ) -> Result<Round, Fault> {
        let (mut round, directory) = (Round::at(now), self.directory.current());
        for Due { prepared, mut disclosed, spoiled } in work {
            let routes = || prepared.routes.iter().filter(|route| !spoiled.contains(&route.provenance.release));
            let all = prepared.facts(now, &directory);
            let facts = all.clone().with_provenances(routes().map(|route| route.provenance(&directory)).collect());
            let decision = decide(&partner.outgoing, &facts, now);
            let Some(cleared) = &decision.release else {
                if prepared.waits_for_resume(&directory) && now < prepared.manifest.expires {
                    let again = now.plus_seconds(LOOK_AGAIN_SECONDS);
                    round.later.push((prepared.id, urgency(&prepared), again));
                    continue;
                }
                drop_one(partner, &prepared, &all, &decision, &mut round);
                continue;
            };
            outbound = self.sign_new(partner, outbound, &prepared, cleared, &mut disclosed, &mut round)?;
            // A release names only one route. What came by several routes is therefore also released by each further route that allows more.
            for route in routes().filter(|route| Some(route.provenance.release) != cleared.via()) {
                let facts = all.clone().with_provenances(vec![route.provenance(&directory)]);
                if let Some(more) = &decide(&partner.outgoing, &facts, now).release {
                    outbound = self.sign_new(partner, outbound, &prepared, more, &mut disclosed, &mut round)?;
                }
            }
        }
        Ok(round)
    }

    /// Signs a release if it holds something that the partner does not have. Otherwise there is no release and no record.
    fn sign_new(
        &self,
        partner: &Partner,
        outbound: Outbound,
        prepared: &LoadedAssessment,
        cleared: &Cleared,
        disclosed: &mut BTreeSet<Digest>,
        round: &mut Round,
    ) -> Result<Outbound, Fault> {
        // To its originator only endorsements are new.
        let is_back = *cleared.recipient() == prepared.manifest.originator;
        let counts = |item: &ItemId| !is_back || matches!(item, ItemId::Endorsement(_));
        if cleared.disclosed().filter(counts).all(|item| disclosed.contains(&item.to_digest())) {
            return Ok(outbound);
        }
        if !prepared.fits(cleared.via()) {
            let because = vec!["way-too-long: it came by more releases than an entry holds".to_owned()];
            let deed = Deed::Dropped { manifest: prepared.id, partner: cleared.recipient().clone(), because };
            round.events.push(Event::of_node(round.now, deed));
            return Ok(outbound);
        }
        disclosed.extend(cleared.disclosed().map(ItemId::to_digest));
        self.sign_one(partner, outbound, prepared, cleared, round)
    }

    fn sign_one(
        &self,
        partner: &Partner,
        outbound: Outbound,
        prepared: &LoadedAssessment,
        cleared: &Cleared,
        round: &mut Round,
    ) -> Result<Outbound, Fault> {
        let now = round.now;
        let release = Release {
            recipient: partner.record.organisation.domain.clone(),
            kind: if prepared.manifest.version == 1 { EntryKind::Assessment } else { EntryKind::Correction },
            manifest: prepared.id,
            digests: cleared.digests().collect(),
            agreement: cleared.agreement(),
            grants: cleared.grants().to_vec(),
            terms: cleared.terms().clone(),
            position: outbound.next(),
            released_at: now,
            via: cleared.via(),
            // If this clock was ahead when it was logged, the release would be older than what it hands over.
            logged_at: prepared.stated_at(cleared.via()).min(now.whole_seconds()),
            endorsements: prepared.list_endorsements(cleared.endorsements()),
            exceptions: prepared.list_exceptions(cleared.exceptions()),
            unknown: vec![],
        };
        let envelope = self.identity.sign(StatementKind::Release, wire::release::encode(&release))?;
        let id = id_of(StatementKind::Release, &envelope.payload);
        let sequence = release.position.sequence;
        let mut digests: Vec<Digest> = release.disclosed().collect();
        digests.sort_unstable();
        round.events.push(Event::of_node(
            now,
            Deed::Released {
                manifest: prepared.id,
                partner: release.recipient.clone(),
                sequence,
                release: id,
                digests: digests.clone(),
                grants: release.grants.iter().map(ToString::to_string).collect(),
            },
        ));
        round.signers.extend(prepared.signers(&release).cloned());
        round.records.push(ReleaseRecord {
            sequence,
            id,
            manifest_id: prepared.id,
            envelope: wire::envelope::encode(&envelope),
            is_void: false,
            attachments: prepared.attachments(&release.digests),
            digests,
        });
        // Nobody acknowledges an assessment of its own.
        let is_back = release.recipient == prepared.manifest.originator;
        let due = partner.due(&release.agreement.id, || prepared.level(&release.digests), now).filter(|_| !is_back);
        round.duties.extend(due.map(|due| (prepared.id, due)));
        let entry = prepared.entry(envelope, &release);
        round.numbered.push(Numbered { sequence, entry });
        Ok(outbound.released(id))
    }
}
