//! Quarantine: entries that no agreement covered are examined again once their agreement is in force here.
//! A partner may release under an agreement as soon as it has signed it, before its signature has arrived here.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{
        entry::FeedEntry,
        event::{Deed, Event},
        fault::Fault,
        ids::{StatementId, TrustDomain},
        receipt::ReceiptKind,
        statement::StatementKind,
        time::Time,
    },
    node::{
        directory::Partner,
        inbound::{InboundFeeds, content::Content, unusable::ExaminedAt},
        receipts::answer::Said,
        requests::take::RequestedVersions,
        task::lost,
    },
    store::{
        receipts::{QuarantinedEntry, Readmission},
        unverified::UnverifiedFilter,
    },
    wire,
};

/// How many entries are examined at once.
const PAGE: u32 = 64;

/// How long to wait after the store has failed.
const PAUSE: Duration = Duration::from_secs(5);

/// An entry that the agreement covers.
struct Covered {
    sequence: u64,
    release: StatementId,
    manifest: StatementId,
    content: Content,
    /// For what came through hubs: the encoded releases by which its sender got it, and the sender's own release.
    route: Option<(Vec<Vec<u8>>, Vec<u8>)>,
}

impl InboundFeeds {
    /// Examines the quarantine again whenever agreements change. It never returns.
    pub async fn readmit_for_ever(self: Arc<Self>) {
        let mut turns = self.sessions.turns();
        loop {
            turns.mark_unchanged();
            let pause = match self.readmit_all().await {
                Ok(()) => None,
                Err(fault) => {
                    tracing::warn!(reason = %fault.reason, "what is in quarantine could not be examined again");
                    Some(PAUSE)
                }
            };
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => _ = turns.changed().await,
            }
        }
    }

    /// Examines once what is in quarantine, and the recalls that could not be verified.
    ///
    /// # Errors
    /// Store faults; the next turn examines again.
    pub async fn readmit_all(self: &Arc<Self>) -> Result<(), Fault> {
        let changed = self.sessions.take_changed();
        // Recalls are examined first, so that nothing is shown that was recalled.
        if changed.contains(self.identity.domain()) {
            let outbound = self.outbound.clone();
            // It runs in a task of its own, because it looks through all releases.
            tokio::spawn(async move {
                if let Err(fault) = outbound.hand_over_again().await {
                    tracing::warn!(reason = %fault.reason, "could not look for releases by a revoked key");
                }
            });
        }
        if !changed.is_empty() {
            self.recalls.prove_recalls().await?;
            self.examine_held(changed).await?;
        }
        for assessment in self.sessions.take_taken_back() {
            self.examine_waiting(UnverifiedFilter::Of(&assessment)).await?;
        }
        let directory = self.directory.current();
        for partner in directory.all_active() {
            let live = self.sessions.of(&partner.record.organisation.domain);
            for (agreement, after) in live.to_examine(partner.incoming.references().map(|r| r.id).collect()) {
                if let Err(fault) = self.readmit_under(partner, &agreement, after).await {
                    live.examine_again();
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    async fn readmit_under(
        self: &Arc<Self>,
        partner: &Arc<Partner>,
        agreement: &StatementId,
        mut after: u64,
    ) -> Result<(), Fault> {
        let domain = &partner.record.organisation.domain;
        // Each page is decided by itself, so that a change of the catalogue makes nobody begin at the first page again.
        while let Some(last) =
            self.directory.decide_again(|| Box::pin(self.readmit_page(domain, agreement, after))).await?
        {
            after = last;
        }
        Ok(())
    }

    /// Examines the next entries. Returns the number of the last one; `None` if there are no more, or the agreement does not stand.
    async fn readmit_page(
        self: &Arc<Self>,
        domain: &TrustDomain,
        agreement: &StatementId,
        after: u64,
    ) -> Result<Option<u64>, Fault> {
        let (catalogue, directory) = (self.directory.version(), self.directory.current());
        // The agreement may have been stopped since. The store refuses what was decided on another version of the catalogue.
        if !directory.active(domain).is_ok_and(|p| p.incoming.references().any(|r| r.id == *agreement)) {
            return Ok(None);
        }
        let page = self.store.quarantined_for(domain, agreement, after, PAGE).await?;
        let Some(last) = page.last().map(|last| last.sequence) else { return Ok(None) };
        tracing::debug!(partner = %domain, entries = page.len(), "examines what is in quarantine");
        let (node, from, now) = (self.clone(), domain.clone(), self.clock.now());
        let entries = page.iter().map(entry_of).collect::<Result<Vec<_>, _>>()?;
        let asked = self.requests.asked(domain, &entries).await?;
        let covered = tokio::task::spawn_blocking(move || {
            page.iter()
                .zip(&entries)
                .filter_map(|(held, entry)| node.covered(&from, held, entry, &asked, now).transpose())
                .collect::<Result<Vec<_>, _>>()
        });
        for entry in covered.await.map_err(lost)?? {
            self.readmit(domain, agreement, entry, catalogue, self.clock.now()).await?;
        }
        Ok(Some(last))
    }

    async fn readmit(
        &self,
        partner: &TrustDomain,
        agreement: &StatementId,
        entry: Covered,
        catalogue: u64,
        now: Time,
    ) -> Result<(), Fault> {
        let Covered { sequence, release, manifest, content, route } = entry;
        // The receipt carries the route of what came through hubs, so that the originator hears of it too.
        let route = route.as_ref().map(|(provenance, release)| (&provenance[..], &release[..]));
        let receipt = self.receipts.signed(&Said::only(ReceiptKind::Stored), partner, vec![release], route, now)?;
        let deed = Deed::Readmitted { manifest, partner: partner.clone(), sequence, release, agreement: *agreement };
        let gave_way = content.takes_the_place_of(self.version_here(partner, content.manifest()).await?);
        let deeds = gave_way.map(|id| Deed::GaveWay { manifest: id, to: manifest }).into_iter().chain([deed]);
        let readmission = Readmission {
            catalogue: Some(catalogue),
            partner: partner.clone(),
            sequence,
            attachments: content.attachments(),
            post: vec![receipt],
            events: deeds.map(|deed| Event::of_node(now, deed)).collect(),
            verified: content.verified().clone(),
        };
        if self.store.readmit(readmission).await? {
            tracing::info!(%partner, sequence, "shows what was in quarantine: its agreement is in force now");
            gave_way.iter().chain([&manifest]).for_each(|id| self.cache.entries.forget(id));
            self.sessions.arrived();
            self.sessions.of(partner).post();
        }
        Ok(())
    }
}

/// The entry as it came.
fn entry_of(held: &QuarantinedEntry) -> Result<FeedEntry, Fault> {
    let envelope = |bytes: &Vec<u8>| wire::envelope::decode(bytes).map(Arc::new);
    let all = held.attached.iter().map(envelope).collect::<Result<Vec<_>, _>>()?;
    let attached = |kind: StatementKind| all.iter().filter(|e| e.kind == kind).cloned().collect();
    Ok(FeedEntry {
        release: envelope(&held.release)?,
        manifest: Some(envelope(&held.manifest)?),
        portions: held.portions.iter().map(|p| Arc::from(p.as_slice())).collect(),
        provenance: held.provenance.iter().map(envelope).collect::<Result<_, _>>()?,
        endorsements: attached(StatementKind::Endorsement),
        exceptions: attached(StatementKind::Exception),
        later: vec![],
    })
}

impl InboundFeeds {
    /// The entry, if it now meets everything that is asked of an arriving one: signatures, the route, and the agreement as at the time of
    /// the release.
    fn covered(
        &self,
        partner: &TrustDomain,
        held: &QuarantinedEntry,
        entry: &FeedEntry,
        asked: &RequestedVersions,
        now: Time,
    ) -> Result<Option<Covered>, Fault> {
        let release = wire::release::decode(&entry.release.payload)?;
        let examined = ExaminedAt { now, arrived: held.arrived_at };
        let content = match self.check_content(partner, &release, entry, asked, examined) {
            // A version of this organisation is here already, and only its endorsements would be new. The partner may release them again.
            Ok(content) if content.manifest.originator == *self.identity.domain() => return Ok(None),
            Ok(content) if content.not_covered.is_none() => content,
            // What can't be verified any more stays in quarantine.
            Ok(_) | Err(_) => return Ok(None),
        };
        let (sequence, release, manifest) = (held.sequence, held.release_id, held.manifest_id);
        let route = (!held.provenance.is_empty()).then(|| (held.provenance.clone(), held.release.clone()));
        Ok(Some(Covered { sequence, release, manifest, content, route }))
    }
}
