//! The feed to a partner: what was numbered before, then what becomes due, until the link or the permission ends.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Node, fault::lost, live::Stream, prepared::Prepared};
use crate::{
    domain::{
        entry::{Entry, Numbered},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        release::{Position, Release, Void},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    policy::{PartnerPolicy, accept, decide},
    store::ReleaseRecord,
    wire,
};

/// How many numbered releases are read and judged at once.
const PAGE: u32 = 128;
/// The longest wait before looking again, should a wake-up be lost between replicas.
const POLL: std::time::Duration = std::time::Duration::from_secs(5);

impl Node {
    /// Sends a partner its feed after `after`, until it is caught up (where asked for), or the receiver is gone, or the
    /// partner is no longer one.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; `SEQUENCE_FORK` where the partner has more than was ever numbered here; store faults.
    pub async fn feed_to(
        self: &Arc<Self>,
        partner: &TrustDomain,
        after: u64,
        until_caught_up: bool,
        entries: &mpsc::Sender<Numbered>,
        stream: &Stream,
    ) -> Result<(), Fault> {
        let live = self.live.of(partner);
        let mut wakes = live.wakes();
        let last = self.store.outbound(partner).await?.sequence;
        if after > last {
            let what = "you hold more of this feed than was ever released; the sender's store was rolled back";
            return Err(Fault::new(Reason::SequenceFork, what));
        }
        let mut cursor = after;
        loop {
            self.directory().active(partner)?;
            wakes.mark_unchanged();
            let mut page = self.resend(partner, cursor).await?;
            if page.is_empty() {
                page = self.release_due(partner).await?;
                // Another stream may have numbered in between: then the next look at the store finds those.
                if page.first().is_some_and(|n| n.sequence != cursor + 1) {
                    continue;
                }
            }
            if page.is_empty() {
                if until_caught_up {
                    return Ok(());
                }
                if !self.wait_for_more(partner, &mut wakes, entries, stream).await? {
                    return Ok(());
                }
                continue;
            }
            for numbered in page {
                cursor = numbered.sequence;
                if !send(entries, stream, numbered).await {
                    return Ok(());
                }
            }
        }
    }

    /// Waits until there may be more. `false`: the stream has ended.
    async fn wait_for_more(
        &self,
        partner: &TrustDomain,
        wakes: &mut tokio::sync::watch::Receiver<u64>,
        entries: &mpsc::Sender<Numbered>,
        stream: &Stream,
    ) -> Result<bool, Fault> {
        let now = self.now();
        let due = self.store.next_due(partner, now).await?;
        let seconds = due.map(|at| at.seconds_since(now).max(0) as u64);
        let wait = seconds
            .map_or(POLL, |s| std::time::Duration::from_secs(s).min(POLL) + std::time::Duration::from_millis(10));
        tokio::select! {
            _ = wakes.changed() => Ok(true),
            () = tokio::time::sleep(wait) => Ok(true),
            () = entries.closed() => Ok(false),
            () = stream.ended.cancelled() => Ok(false),
        }
    }

    /// Releases numbered before, as the permission is now: one that has ended goes as a void.
    async fn resend(self: &Arc<Self>, partner: &TrustDomain, cursor: u64) -> Result<Vec<Numbered>, Fault> {
        let records = self.store.releases_after(partner, cursor, PAGE).await?;
        if records.is_empty() {
            return Ok(vec![]);
        }
        let ids: Vec<StatementId> = records.iter().filter(|r| !r.is_void).map(|r| r.manifest_id).collect();
        let prepared = self.prepare(&ids).await?;
        let (node, partner) = (self.clone(), partner.clone());
        let now = self.now();
        let judged = tokio::task::spawn_blocking({
            let partner = partner.clone();
            move || node.judge_again(&partner, records, &prepared, now)
        });
        let Judged { numbered, voids, events, again } = judged.await.map_err(lost)??;
        if !voids.is_empty() {
            self.store.void_releases(&partner, voids, events).await?;
        }
        for id in again {
            self.store.enqueue(&id, 1, vec![(partner.clone(), now)]).await?;
        }
        Ok(numbered)
    }

    fn judge_again(
        &self,
        partner: &TrustDomain,
        records: Vec<ReleaseRecord>,
        prepared: &[Arc<Prepared>],
        now: Time,
    ) -> Result<Judged, Fault> {
        let directory = self.directory();
        let policy = &directory.active(partner)?.outgoing;
        let mut judged = Judged::default();
        for record in records {
            let release = wire::envelope::decode(&record.envelope)?;
            let assessment = prepared.iter().find(|p| p.id == record.manifest_id);
            let entry = match assessment {
                _ if record.is_void => Entry { release: Arc::new(release), manifest: None, portions: vec![] },
                Some(p) if still_permits(policy, p, &release, now)? => Entry {
                    release: Arc::new(release),
                    manifest: Some(p.envelope.clone()),
                    portions: p.disclose(&record.digests),
                },
                again => {
                    // Under a later version of the agreement it may still go, as a release of its own.
                    if again.is_some_and(|p| decide(policy, &p.facts(), now).release.is_some()) {
                        judged.again.push(record.manifest_id);
                    }
                    self.void(partner, &record, &wire::release::decode(&release.payload)?.position, now, &mut judged)?
                }
            };
            judged.numbered.push(Numbered { sequence: record.sequence, entry });
        }
        Ok(judged)
    }

    fn void(
        &self,
        partner: &TrustDomain,
        record: &ReleaseRecord,
        position: &Position,
        now: Time,
        judged: &mut Judged,
    ) -> Result<Entry, Fault> {
        let void = Void { recipient: partner.clone(), position: *position, replaced: record.id, voided_at: now };
        let envelope = self.sign(StatementKind::Void, wire::release::encode_void(&void))?;
        judged.voids.push((record.sequence, wire::envelope::encode(&envelope)));
        let deed = Deed::Voided { partner: partner.clone(), sequence: record.sequence, release: record.id };
        judged.events.push(Event { at: now, by: None, deed });
        Ok(Entry { release: Arc::new(envelope), manifest: None, portions: vec![] })
    }

    /// The partner has everything up to that number.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; `INVALID_ARGUMENT` for a number that was never given out; store faults.
    pub async fn acknowledge(&self, partner: &TrustDomain, sequence: u64) -> Result<(), Fault> {
        self.directory().active(partner)?;
        if sequence > self.store.outbound(partner).await?.sequence {
            return Err(Fault::at(Reason::InvalidArgument, "sequence", "no entry bears that number yet"));
        }
        Ok(self.store.acknowledged(partner, sequence, self.now()).await?)
    }
}

/// Whether the release would be signed now as it was signed then.
fn still_permits(policy: &PartnerPolicy, prepared: &Prepared, release: &Envelope, now: Time) -> Result<bool, Fault> {
    let release = Release { released_at: now, ..wire::release::decode(&release.payload)? };
    Ok(accept(policy, &release, &prepared.facts()).is_ok())
}

#[derive(Default)]
struct Judged {
    numbered: Vec<Numbered>,
    voids: Vec<(u64, Vec<u8>)>,
    events: Vec<Event>,
    /// To be released anew.
    again: Vec<StatementId>,
}

async fn send(entries: &mpsc::Sender<Numbered>, stream: &Stream, numbered: Numbered) -> bool {
    tokio::select! {
        sent = entries.send(numbered) => sent.is_ok(),
        () = stream.ended.cancelled() => false,
    }
}
