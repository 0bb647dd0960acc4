//! Receives entries of partners' feeds. Every signature, digest and term is checked before anything is stored. Content that the agreement
//! does not cover is quarantined. The entries and the position in the feed are stored in one transaction.

pub mod kept;
pub mod version;

use std::sync::Arc;

use crate::{
    domain::{
        assessment::Manifest,
        entry::FeedEntry,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        release::{EntryKind, FeedPosition, Release, Void},
        statement::StatementKind,
        time::Time,
    },
    feed::inbound::{EntryOrder, Inbound},
    node::{
        assessment_cache::loaded::with_attached,
        handed_over::only_by,
        inbound::{
            InboundFeeds,
            content::{AttachedEntries, Carrying, CheckedRelease, Content, NotCovered, gave_way},
            receive::kept::{received, received_content, returned},
            unusable::{ExaminedAt, Unusable},
            unverified::Budget,
        },
        requests::take::RequestedVersions,
        task::lost,
    },
    policy::{Facts, accept},
    seal::{
        open::{OpenedPortion, open_listed},
        rules,
        verify::{Claimed, Verified, verify},
    },
    store::{ReceivedEntry, ReceivingBasis, Verification, VersionStatus},
};

/// What came of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The last number that is on disk now. It is to be acknowledged.
    pub sequence: u64,
    /// How many entries are new.
    pub stored: u64,
}

/// An entry whose release was verified. Its content may still be refused; that does not hold up the feed.
enum Checked {
    Void(Verified<Void>, FeedEntry),
    Release { release: Box<Verified<Release>>, entry: FeedEntry, content: Result<Box<Content>, Unusable> },
}

impl Checked {
    fn position(&self) -> &FeedPosition {
        match self {
            Self::Void(void, _) => &void.content().position,
            Self::Release { release, .. } => &release.content().position,
        }
    }

    /// The manifest, if the content was verified.
    fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Release { content: Ok(content), .. } => Some(&content.manifest),
            Self::Release { .. } | Self::Void(..) => None,
        }
    }

    /// The id that the next release names as the one before.
    fn id(&self) -> StatementId {
        match self {
            Self::Void(void, _) => void.content().replaced,
            Self::Release { release, .. } => release.id(),
        }
    }
}

impl InboundFeeds {
    /// Checks and stores entries of a partner's feed, in order. On `Ok`, everything up to the returned number is on disk.
    ///
    /// # Errors
    /// A release or void that does not verify, is for somebody else, or does not continue the feed: nothing of the batch from there on is
    /// stored, and the partner's administrator must be told. Store faults.
    pub async fn receive(self: &Arc<Self>, partner: &TrustDomain, entries: Vec<FeedEntry>) -> Result<Received, Fault> {
        self.directory.decide_again(|| Box::pin(self.receive_once(partner, entries.clone()))).await
    }

    async fn receive_once(self: &Arc<Self>, partner: &TrustDomain, entries: Vec<FeedEntry>) -> Result<Received, Fault> {
        let catalogue = Some(self.directory.version());
        let checked = self.check_all(partner, entries).await?;
        let versions_here = self.versions_here(partner, &checked).await?;
        let mut budget = Budget::new(&self.budgets, self.store.unverified_usage(Some(partner)).await?);
        let position = self.store.inbound(partner).await?;
        let mut inbound = Inbound::resume(position.sequence, position.release);
        let after = inbound.sequence();
        let now = self.clock.now();
        let (mut stored, mut events, mut fault) = (vec![], vec![], None);
        for (entry, here) in checked.into_iter().zip(versions_here) {
            match entry {
                Ok(entry) => match self.judge(partner, &inbound, &entry).await {
                    Ok(EntryOrder::Repeat) => {}
                    Ok(EntryOrder::Next) => {
                        inbound = inbound.advanced(entry.id());
                        let (kept, deeds) = self.keep(partner, entry, here, &stored, &mut budget);
                        events.extend(deeds.into_iter().map(|deed| Event::of_node(now, deed)));
                        stored.push(kept);
                    }
                    Err(stop) => fault = Some(stop),
                },
                Err(stop) => fault = Some(stop),
            }
            if fault.is_some() {
                break;
            }
        }
        let count = stored.len() as u64;
        if count > 0 {
            self.commit(partner, ReceivingBasis { after, catalogue }, stored, events, now).await?;
        }
        match fault {
            Some(fault) => Err(fault),
            None => Ok(Received { sequence: inbound.sequence(), stored: count }),
        }
    }

    /// Stores entries, records and receipts in one transaction, and then wakes whoever waits for them.
    async fn commit(
        &self,
        partner: &TrustDomain,
        basis: ReceivingBasis,
        entries: Vec<ReceivedEntry>,
        events: Vec<Event>,
        now: Time,
    ) -> Result<(), Fault> {
        let mut touched: Vec<_> = entries.iter().filter_map(|s| s.content.as_ref().map(|c| c.manifest_id)).collect();
        touched.extend(entries.iter().filter_map(|s| s.came_back.as_ref().map(|back| back.manifest_id)));
        touched.extend(gave_way(&events));
        let versions: Vec<_> = entries.iter().filter_map(|e| e.content.as_ref().map(|c| c.assessment)).collect();
        let held: Vec<_> = entries.iter().filter_map(|e| Some((e.missing_agreement?, e.sequence))).collect();
        let receipts = self.receipts.receipts_at_once(partner, &entries, now)?;
        let has_receipts = !receipts.is_empty();
        self.store.receive(partner, basis, entries, now, events, receipts).await?;
        touched.iter().for_each(|id| self.cache.entries.forget(id));
        versions.iter().for_each(|assessment| self.cache.entries.forget_versions(assessment));
        self.sessions.arrived();
        let live = self.sessions.of(partner);
        if has_receipts {
            live.post();
        }
        if !held.is_empty() {
            // The agreement may have come into force between the check and the commit.
            held.into_iter().for_each(|(agreement, sequence)| live.arrived_under(agreement, sequence));
            self.sessions.turned();
        }
        Ok(())
    }

    /// Checks the signatures and digests of all entries on all available cores.
    async fn check_all(
        self: &Arc<Self>,
        partner: &TrustDomain,
        entries: Vec<FeedEntry>,
    ) -> Result<Vec<Result<Checked, Fault>>, Fault> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = entries.len().div_ceil(cores).max(1);
        let asked = Arc::new(self.requests.asked(partner, &entries).await?);
        let mut tasks = vec![];
        let mut entries = entries.into_iter().peekable();
        while entries.peek().is_some() {
            let share: Vec<FeedEntry> = entries.by_ref().take(share).collect();
            let (node, partner, asked, now) = (self.clone(), partner.clone(), asked.clone(), self.clock.now());
            tasks.push(tokio::task::spawn_blocking(move || {
                share.into_iter().map(|e| node.check(&partner, e, &asked, now)).collect::<Vec<_>>()
            }));
        }
        let mut checked = vec![];
        for task in tasks {
            checked.extend(task.await.map_err(lost)?);
        }
        Ok(checked)
    }

    fn check(
        &self,
        partner: &TrustDomain,
        entry: FeedEntry,
        asked: &RequestedVersions,
        now: Time,
    ) -> Result<Checked, Fault> {
        if entry.release.kind == StatementKind::Void {
            let void = verify(&entry.release, &rules::VOID, self.trust.chains(), now)?;
            self.addressed(partner, &void, &void.content().recipient)?;
            return Ok(Checked::Void(void, entry));
        }
        let release = verify(&entry.release, &rules::RELEASE, self.trust.chains(), now)?;
        self.addressed(partner, &release, &release.content().recipient)?;
        let content = self.check_content(partner, release.content(), &entry, asked, ExaminedAt::at(now)).map(Box::new);
        Ok(Checked::Release { release: Box::new(release), entry, content })
    }

    /// Requires that a release is signed by this partner and addressed to this organisation.
    fn addressed<T>(
        &self,
        partner: &TrustDomain,
        statement: &Verified<T>,
        recipient: &TrustDomain,
    ) -> Result<(), Fault> {
        if !statement.signers().iter().all(|s| s.domain() == partner) {
            return Err(Fault::new(
                Reason::WrongDomain,
                "the feed holds a release that another organisation has signed",
            ));
        }
        if recipient != self.identity.domain() {
            return Err(Fault::new(Reason::WrongDomain, "the feed holds a release that is for another organisation"));
        }
        Ok(())
    }

    pub(in crate::node) fn check_content(
        &self,
        partner: &TrustDomain,
        release: &Release,
        entry: &FeedEntry,
        asked: &RequestedVersions,
        examined: ExaminedAt,
    ) -> Result<Content, Unusable> {
        if let Some(field) = of_a_later_version(release, entry) {
            let what = "it needs a later version of this program, and is held until then";
            return Err(Unusable::by(partner, Fault::at(Reason::NotYet, field, what)));
        }
        let missing = || Fault::at(Reason::UnknownOrNonCanonical, "manifest", "the manifest is missing");
        let envelope = entry.manifest.as_ref().ok_or_else(missing)?;
        let claimed = Claimed::read(envelope, &rules::MANIFEST).map_err(|f| f.within("manifest"))?;
        let originator = &claimed.content().originator.clone();
        // The receipt tells the partner the reason. It must be the same whichever other organisations are partners here.
        only_by(&[originator], envelope).map_err(|f| f.within("manifest"))?;
        let path = self.check_route(originator, partner, release, entry, examined)?;
        let when = path.of_manifest(examined, partner, release);
        let manifest = claimed
            .verify(&self.trust.known, when)
            .map_err(|fault| Unusable::by(originator, fault).within("manifest"))?;
        let verified = Verification {
            at: examined.now,
            roots: manifest.roots().to_vec(),
            on_word_of: path.on_word_of.clone().or_else(|| manifest.on_word_of().cloned()),
        };
        let manifest_id = manifest.id();
        let manifest = manifest.into_content();
        if manifest_id != release.manifest {
            let what = "the manifest is not the one that the release names";
            return Err(Fault::at(Reason::DigestNotListed, "manifest", what).into());
        }
        let portions: Vec<&[u8]> = entry.portions.iter().map(|p| &**p).collect();
        let opened = open_listed(&manifest, &portions).map_err(|fault| Unusable::by(originator, fault))?;
        if !opened.iter().map(OpenedPortion::digest).eq(release.digests.iter().copied()) {
            let what = "the portions are not those that the release discloses";
            return Err(Fault::at(Reason::DigestNotListed, "portions", what).into());
        }
        let carried = Carrying { partner, release, path: &path, examined };
        let attached = AttachedEntries {
            endorsements: self.assessments.check_endorsements(&carried, manifest_id, &manifest, &entry.endorsements)?,
            exceptions: self.requests.check_exceptions(&carried, &entry.exceptions, asked)?,
        };
        // The decision is made here and not in `keep`, because it takes as long as the signatures and this part runs on all cores.
        let not_covered = self.not_covered(&carried, &manifest, &opened, &attached);
        let unverified = attached.endorsements.iter().filter(|e| !e.was_verified).map(|e| e.id).collect();
        Ok(Content { manifest, verified, manifest_id, portions: opened, unverified, not_covered })
    }

    async fn judge(&self, partner: &TrustDomain, inbound: &Inbound, entry: &Checked) -> Result<EntryOrder, Fault> {
        let verdict = inbound.judge(entry.position())?;
        if verdict == EntryOrder::Repeat {
            let sequence = entry.position().sequence;
            let before = self.store.received_release(partner, sequence).await?;
            // An entry that is repeated within a batch is not in the store yet. The order of the batch was judged already.
            if before.is_some_and(|id| id != entry.id()) {
                let what = format!("number {sequence} came before with other bytes");
                return Err(Fault::new(Reason::ReplayDiffers, what));
            }
        }
        Ok(verdict)
    }

    /// What is kept of an entry, and the ledger's records of it.
    fn keep(
        &self,
        partner: &TrustDomain,
        entry: Checked,
        here: VersionStatus,
        before: &[ReceivedEntry],
        budget: &mut Budget,
    ) -> (ReceivedEntry, Vec<Deed>) {
        match entry {
            Checked::Void(void, raw) => {
                let (sequence, release, manifest) =
                    (void.content().position.sequence, void.content().replaced, void.content().replaced);
                let kept = received(sequence, release, &raw);
                let partner = partner.clone();
                let deed = Deed::Received { manifest, partner, sequence, release, quarantined: None, at_fault: None };
                (kept, vec![deed])
            }
            Checked::Release { release, entry, content } => {
                let checked = CheckedRelease { release: release.content(), id: release.id(), entry, content };
                self.keep_release(partner, checked, here, before, budget)
            }
        }
    }

    /// What is kept of a release. Verified content is shown if it is covered, else quarantined. An entry that can't be verified yet is
    /// kept sealed as a whole. Of an entry that never can be, only the fact that it came is kept.
    pub(in crate::node) fn keep_release(
        &self,
        partner: &TrustDomain,
        checked: CheckedRelease<'_>,
        here: VersionStatus,
        before: &[ReceivedEntry],
        budget: &mut Budget,
    ) -> (ReceivedEntry, Vec<Deed>) {
        let CheckedRelease { release, id: release_id, entry, content } = checked;
        let sequence = release.position.sequence;
        // It is also set for what is refused below, which is what happens to a second manifest of a version.
        let signed = content
            .as_ref()
            .ok()
            .and_then(|c| c.signed(&entry, self.directory.introduced_by(&c.manifest.originator).is_some()));
        let content = content.and_then(|content| {
            let here = content.with_batch(here, before);
            content.may_stand(here, entry.provenance.is_empty())?;
            if self.comes_back(&content) {
                content.must_be_here(here)?;
            }
            Ok((content.takes_the_place_of(here), content))
        });
        let mut kept = ReceivedEntry { signed, ..received(sequence, release_id, &entry) };
        let (mut reason, mut at_fault, mut deeds) = (None, None, vec![]);
        match content {
            Ok((gave_way, content)) => {
                if let Some(manifest) = gave_way {
                    tracing::warn!(%partner, sequence, "shows its originator's version in the place of one on a hub's word");
                    deeds.push(Deed::GaveWay { manifest, to: content.manifest_id });
                }
                if let Some(not_covered) = &content.not_covered {
                    reason = Some(not_covered.reason);
                    at_fault = not_covered.at_fault.clone();
                }
                let may_settle = reason == Some(Reason::AgreementDiffers);
                kept.missing_agreement = may_settle.then_some(release.agreement.id);
                if self.comes_back(&content) {
                    kept.came_back = Some(returned(&content, &entry));
                } else {
                    let due = self.assessments.due(partner, release, &content.portions);
                    kept.content = Some(received_content(release, &content, &entry, reason.is_some(), due));
                }
            }
            Err(unusable) => {
                let (hold, why) = budget.judge(&unusable, &entry);
                (kept.pending_verification, reason, kept.refused) = (hold, Some(why), true);
            }
        }
        kept.reason = reason.map(|r| r.to_string());
        if let Some(reason) = reason.filter(|_| self.sessions.of(partner).allows_a_line(self.clock.now())) {
            tracing::warn!(%partner, sequence, %reason, waits = kept.pending_verification.is_some(), "kept an entry from users");
        }
        let (partner, manifest, quarantined) = (partner.clone(), release.manifest, kept.reason.clone());
        deeds.push(Deed::Received { manifest, partner, sequence, release: release_id, quarantined, at_fault });
        (kept, deeds)
    }

    /// Whether it is a version of this organisation, returned by a partner that endorses it.
    fn comes_back(&self, content: &Content) -> bool {
        content.not_covered.is_none() && content.manifest.originator == *self.identity.domain()
    }

    /// What is stored here of the version that this manifest belongs to.
    pub(in crate::node) async fn version_here(
        &self,
        from: &TrustDomain,
        manifest: &Manifest,
    ) -> Result<VersionStatus, Fault> {
        let named = vec![(manifest.originator.clone(), manifest.assessment, manifest.version)];
        Ok(self.store.version_statuses(from, named).await?.into_iter().next().unwrap_or_default())
    }

    /// What is stored here of each version that came, for all entries in their order.
    async fn versions_here(
        &self,
        from: &TrustDomain,
        entries: &[Result<Checked, Fault>],
    ) -> Result<Vec<VersionStatus>, Fault> {
        let manifests: Vec<Option<&Manifest>> = entries.iter().map(|e| e.as_ref().ok()?.manifest()).collect();
        let named = manifests.iter().flatten().map(|m| (m.originator.clone(), m.assessment, m.version)).collect();
        let mut found = self.store.version_statuses(from, named).await?.into_iter();
        let each = manifests.iter().map(|m| m.and_then(|_| found.next()).unwrap_or_default());
        Ok(each.collect())
    }

    /// Why a release is not covered by this node's copy of the agreement or by the terms of an earlier hop. `None` if it is covered.
    fn not_covered(
        &self,
        carried: &Carrying<'_>,
        manifest: &Manifest,
        portions: &[OpenedPortion],
        attached: &AttachedEntries,
    ) -> Option<NotCovered> {
        let Carrying { partner, release, path, examined } = carried;
        let directory = self.directory.current();
        let Ok(partner) = directory.active(partner) else { return Some(Reason::NotAPartner.into()) };
        let facts = Facts::new(manifest, portions.iter().map(|o| (o.digest(), o.portion())));
        // Delays and ages count from when the giver logged it.
        let facts =
            facts.with_logged_at(release.logged_at.min(release.released_at)).with_provenances(path.provenances());
        let facts = with_attached(facts, &attached.endorsements, &attached.exceptions);
        if let Err(breach) = self.judge_route(path, &facts) {
            let why: Vec<&str> = breach.reasons.iter().map(|r| &*r.id).collect();
            tracing::warn!(by = %breach.by, why = why.join(", "), "an organisation passed on more than it might");
            return Some(NotCovered { reason: Reason::NotCovered, at_fault: Some(breach.by) });
        }
        // The agreement must have been in force when the entry arrived. What is examined again later is held to the same terms.
        if !partner.could_stand_on(&release.agreement.id, examined.arrived) {
            return Some(Reason::AgreementDiffers.into());
        }
        let Err(reasons) = accept(&partner.incoming, release, &facts) else { return None };
        let differs = reasons.iter().any(|r| r.id == "agreement-differs");
        let reason = if differs { Reason::AgreementDiffers } else { Reason::NotCovered };
        // Only the ids are logged, because the explanations name places.
        let ids: Vec<&str> = reasons.iter().map(|r| &*r.id).collect();
        tracing::debug!(why = ids.join(", "), "not covered");
        Some(reason.into())
    }
}

/// The part of an entry that only a later version of the program reads: a resolution, or what is attached to the portions.
fn of_a_later_version(release: &Release, entry: &FeedEntry) -> Option<&'static str> {
    let is_resolution = release.kind == EntryKind::Resolution;
    let has_later = !release.unknown.is_empty() || !entry.later.is_empty();
    is_resolution.then_some("kind").or_else(|| has_later.then_some("beside"))
}
