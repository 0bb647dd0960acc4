//! The feed to a partner. It sends what was numbered before and then what becomes due, until the link or the permission ends.

use std::{collections::HashMap, sync::Arc};

use crate::{
    domain::{
        entry::{FeedEntry, Numbered},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        release::{FeedPosition, Release, Void},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    node::{
        assessment_cache::loaded::LoadedAssessment,
        catalogue::{TURNS, has_moved},
        decisions::urgency,
        outbound::{OutboundFeeds, channel::ChannelSender},
        recalls::lookup::is_recalled,
        session::Stream,
        task::lost,
    },
    policy::{PartnerPolicy, accept, plan},
    seal::verify::MAX_SKEW_SECONDS,
    store::{PendingWork, ReleaseRecord, StoreError, damage::Damage},
    wire,
};

/// For how many seconds after a decision its result may be sent.
const STALE_SECONDS: i64 = 2;

/// By how many numbers at most a partner may be ahead after the sender's ledger was lost.
const FURTHEST: u64 = 1 << 30;

/// The longest wait before looking again, in case a wake-up between replicas is lost.
const POLL: std::time::Duration = std::time::Duration::from_secs(5);

/// The last entry of its feed that a partner has.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResumePoint {
    /// Its number; 0 if the partner has none.
    pub sequence: u64,
    /// Its release, if the partner names it.
    pub release: Option<StatementId>,
}

/// The feed to a partner while it runs.
struct Feed<'a> {
    partner: &'a TrustDomain,
    /// The number of the last entry that was given to the stream.
    cursor: u64,
    until_caught_up: bool,
    wakes: tokio::sync::watch::Receiver<u64>,
    entries: &'a mut ChannelSender,
    stream: &'a Stream,
}

impl OutboundFeeds {
    /// Sends a partner its feed after the entry that it names. It ends when the partner is caught up (if asked for), when the receiver is gone, or when
    /// the organisation is no longer a partner.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; `SEQUENCE_FORK` where the partner has more than was ever numbered here; `BEHIND_WITNESSES`; store faults.
    pub async fn feed_to(
        self: &Arc<Self>,
        partner: &TrustDomain,
        resume: ResumePoint,
        until_caught_up: bool,
        entries: &mut ChannelSender,
        stream: &Stream,
    ) -> Result<(), Fault> {
        let wakes = self.sessions.of(partner).wakes();
        self.begin_after(partner, resume).await?;
        let mut feed = Feed { partner, cursor: resume.sequence, until_caught_up, wakes, entries, stream };
        let mut in_vain = 0;
        loop {
            match self.feed_some(&mut feed, in_vain).await {
                Ok(true) => in_vain = 0,
                Ok(false) => return Ok(()),
                Err(fault) if has_moved(&fault) && in_vain < TURNS => {
                    in_vain += 1;
                    self.directory.catch_up().await?;
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Looks once at what is pending for a partner, and sends what may be sent. Returns `false` if the feed ends. `in_vain` is how often
    /// the catalogue has moved between a look and its end.
    async fn feed_some(self: &Arc<Self>, feed: &mut Feed<'_>, in_vain: usize) -> Result<bool, Fault> {
        let Feed { partner, cursor, until_caught_up, wakes, entries, stream } = feed;
        let live = self.sessions.of(partner);
        // Nothing is numbered before the stream asks for it, because an entry that is numbered can't be overtaken by a more urgent one.
        let Some(room) = entries.room(stream, || self.clock.now()).await else { return Ok(false) };
        // There is one look at a time for a partner. A partner that opens streams in a row waits for its own earlier looks.
        let judging = live.judging.lock().await;
        let mut alone = self.directory.alone_after(in_vain).await?;
        if stream.ended.is_cancelled() || entries.is_closed() {
            return Ok(false);
        }
        let (catalogue, decided) = (self.directory.version(), self.directory.current());
        decided.active(partner)?;
        self.ledger.may_feed()?;
        wakes.mark_unchanged();
        let (judged_at, recalls) = (self.clock.now(), live.recalls());
        let look = self.look(partner, *cursor, catalogue, judged_at, room).await?;
        let is_nothing = look.numbered.is_empty() && look.due.is_empty();
        // What is due waits for a good key of this node. The link stays open.
        let key_fault = if is_nothing { None } else { self.identity.good_key().err() };
        live.outgoing.set_obstacle(partner, key_fault.as_ref());
        if is_nothing || key_fault.is_some() {
            drop((judging, alone));
            let next_due = look.next_due.filter(|_| is_nothing);
            return match key_fault {
                Some(fault) if *until_caught_up => Err(fault),
                _ => Ok(!*until_caught_up && wait_for_more(next_due, judged_at, wakes, entries, stream).await),
            };
        }
        let next_due = look.next_due;
        let (page, is_all) = self.page(partner, look, judged_at).await?;
        drop(judging);
        // The time that the decision took does not count. Otherwise a slow decision would be made again for ever.
        let (decided_at, mut is_any_given) = (self.clock.now(), false);
        for numbered in page {
            let Some(place) = entries.place(stream).await else { return Ok(false) };
            // A slow partner takes an entry long after it was decided. The entry is numbered and kept, so the next look judges it as
            // things are then.
            let is_stale = self.clock.now().seconds_since(decided_at) >= STALE_SECONDS;
            // A recall holds up only what it takes back. That goes as a void, or not at all.
            let is_taken_back = live.recalls() != recalls && is_recalled(&*self.store, &numbered.entry).await?;
            if is_stale || is_taken_back {
                return Ok(true);
            }
            if !Arc::ptr_eq(&decided, &self.directory.current()) {
                return if is_any_given { Ok(true) } else { Err(StoreError::CatalogueMoved.into()) };
            }
            *cursor = numbered.sequence;
            place.give(numbered, self.clock.now());
            // The channel had room for one entry. A slow partner must not hold up changes by not taking the next one.
            is_any_given = true;
            drop(alone.take());
        }
        Ok(!is_all || *until_caught_up || wait_for_more(next_due, judged_at, wakes, entries, stream).await)
    }

    /// What is pending for a partner, if the store has the version of the catalogue that is in memory.
    async fn look(
        &self,
        partner: &TrustDomain,
        after: u64,
        catalogue: u64,
        now: Time,
        room: u64,
    ) -> Result<PendingWork, Fault> {
        let look = self.store.pending_work(partner, after, now, room).await?;
        if look.catalogue != catalogue {
            // What is in memory is older, or this process is about to follow its own change.
            return Err(StoreError::CatalogueMoved.into());
        }
        self.cache.follow_recalls(look.recalls).await?;
        Ok(look)
    }

    /// Decides and numbers what a look has found. The second value tells whether that was all; if so, there is more only once somebody
    /// wakes the stream.
    async fn page(
        self: &Arc<Self>,
        partner: &TrustDomain,
        look: PendingWork,
        judged_at: Time,
    ) -> Result<(Vec<Numbered>, bool), Fault> {
        let (due, is_more) = (look.due.len(), look.is_more);
        let page = match look.numbered.is_empty() {
            true => self.release_due(partner, look.position, look.catalogue, look.due, judged_at).await?,
            false => self.resend(partner, look.numbered).await?,
        };
        let is_all = page.len() == due && !is_more;
        Ok((page, is_all))
    }

    /// Handles the position after which the partner resumes.
    async fn begin_after(&self, partner: &TrustDomain, resume: ResumePoint) -> Result<(), Fault> {
        let (position, after) = (self.store.outbound(partner).await?, resume.sequence);
        if after > position.sequence {
            self.ledger.may_feed()?;
            return self.adopt_position(partner, resume, position.sequence).await;
        }
        if after > position.acknowledged {
            // The acknowledgement was lost on its way. On a quiet feed no other one follows.
            self.store.acknowledged(partner, after, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Handles a partner that holds more of its feed than was numbered here. The partner's position is taken over once after a lost
    /// ledger was settled, so that the numbers go on from there. Before that, or a second time, it is refused.
    async fn adopt_position(&self, partner: &TrustDomain, resume: ResumePoint, before: u64) -> Result<(), Fault> {
        let ResumePoint { sequence, release } = resume;
        let what = "you hold more of this feed than was ever released; the sender's store was rolled back";
        let fork = || Fault::new(Reason::SequenceFork, what);
        let release = release.filter(|_| sequence - before <= FURTHEST).ok_or_else(fork)?;
        let deed = Deed::PositionAdopted { partner: partner.clone(), sequence, release, before };
        let event = Event::of_node(self.clock.now(), deed);
        if !self.store.adopt_position(partner, sequence, &release, event).await? {
            return Err(fork());
        }
        tracing::warn!(%partner, sequence, before, "took over the place at which the partner's copy of its feed stands");
        Ok(())
    }

    /// Sends again releases that were numbered before, judged by the permission as it is now. A release whose permission has ended goes
    /// as a void.
    async fn resend(
        self: &Arc<Self>,
        partner: &TrustDomain,
        records: Vec<ReleaseRecord>,
    ) -> Result<Vec<Numbered>, Fault> {
        let ids: Vec<StatementId> = records.iter().filter(|r| !r.is_void).map(|r| r.manifest_id).collect();
        let prepared = self.cache.prepare(&ids).await?.into_iter().map(|p| (p.id, p)).collect();
        let (node, partner) = (self.clone(), partner.clone());
        let now = self.clock.now();
        let judged = tokio::task::spawn_blocking({
            let partner = partner.clone();
            move || node.judge_again(&partner, records, &prepared, now)
        });
        let Judged { numbered, voids, events, again } = judged.await.map_err(lost)??;
        // The queue is written first. A crash in between then causes one look too many, not one too few.
        for (id, urgency, at) in again {
            self.store.enqueue(&id, urgency, vec![(partner.clone(), at)]).await?;
        }
        if !voids.is_empty() {
            self.store.void_releases(&partner, voids, events).await?;
        }
        Ok(numbered)
    }

    fn judge_again(
        &self,
        partner: &TrustDomain,
        records: Vec<ReleaseRecord>,
        prepared: &HashMap<StatementId, Arc<LoadedAssessment>>,
        now: Time,
    ) -> Result<Judged, Fault> {
        let directory = self.directory.current();
        let policy = &directory.active(partner)?.outgoing;
        let mut judged = Judged::default();
        for record in records {
            let (envelope, content, position, made_at) = read(&record).inspect_err(|_| {
                self.store.report_corruption(Damage::Feed(partner.clone()));
            })?;
            let release = self.identity.signed_by_a_good_key(envelope, now)?;
            // The release was made while this node's clock was ahead. The partner refuses it as one from the future for as long as that
            // lasts, so it never had it.
            let is_ahead = made_at.seconds_since(now) > MAX_SKEW_SECONDS;
            let entry = match (content, prepared.get(&record.manifest_id)) {
                (None, _) if !is_ahead => FeedEntry::void(release),
                (Some(content), Some(p)) if !is_ahead && still_permits(policy, p, &content, now) => {
                    p.entry(release, &content)
                }
                (_, again) => {
                    // Under a later version of the agreement it may still go, now or later, as a release of its own.
                    if let Some(p) = again {
                        let steps = plan(policy, &p.facts(now, &directory), now);
                        let releasing = steps.into_iter().filter(|(_, d)| d.release.is_some());
                        judged.again.extend(releasing.map(|(at, _)| (p.id, urgency(p), at)));
                    }
                    self.void(partner, &record, &position, now, &mut judged)?
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
        position: &FeedPosition,
        now: Time,
        judged: &mut Judged,
    ) -> Result<FeedEntry, Fault> {
        let void = Void { recipient: partner.clone(), position: *position, replaced: record.id, voided_at: now };
        let envelope = self.identity.sign(StatementKind::Void, wire::release::encode_void(&void))?;
        judged.voids.push((record.sequence, wire::envelope::encode(&envelope)));
        let deed = Deed::Voided { partner: partner.clone(), sequence: record.sequence, release: record.id };
        judged.events.push(Event::of_node(now, deed));
        Ok(FeedEntry::void(envelope))
    }

    /// Notes that the partner has everything up to that number.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; `INVALID_ARGUMENT` for a number that was never given out; store faults.
    pub async fn acknowledge(&self, partner: &TrustDomain, sequence: u64) -> Result<(), Fault> {
        self.directory.current().active(partner)?;
        if !self.store.acknowledged(partner, sequence, self.clock.now()).await? {
            return Err(Fault::at(Reason::InvalidArgument, "sequence", "no entry bears that number yet"));
        }
        Ok(())
    }
}

/// A release that was numbered before, or the void in its place: its envelope, its content, its position, and when it was made.
type ReadStatement = (Envelope, Option<Release>, FeedPosition, Time);

fn read(record: &ReleaseRecord) -> Result<ReadStatement, Fault> {
    let unlike = |_| StoreError::Damaged(Damage::Row);
    let envelope = wire::envelope::decode(&record.envelope).map_err(unlike)?;
    if record.is_void {
        let void = wire::release::decode_void(&envelope.payload).map_err(unlike)?;
        return Ok((envelope, None, void.position, void.voided_at));
    }
    let content = wire::release::decode(&envelope.payload).map_err(unlike)?;
    let (position, made_at) = (content.position, content.released_at);
    Ok((envelope, Some(content), position, made_at))
}

/// Whether the release would be signed now as it was signed then.
pub(in crate::node) fn still_permits(
    policy: &PartnerPolicy,
    prepared: &LoadedAssessment,
    release: &Release,
    now: Time,
) -> bool {
    let release = Release { released_at: now, ..release.clone() };
    // It is judged by this version alone. Otherwise a partner that asks again would learn what a later version says, or that another was
    // suspended.
    accept(policy, &release, &prepared.facts_as_released(now)).is_ok()
}

#[derive(Default)]
struct Judged {
    numbered: Vec<Numbered>,
    voids: Vec<(u64, Vec<u8>)>,
    events: Vec<Event>,
    /// What is to be released anew: how urgent it is, and from when on.
    again: Vec<(StatementId, u8, Time)>,
}

/// Waits until there may be more to send. Returns `false` if the stream has ended.
async fn wait_for_more(
    next_due: Option<Time>,
    now: Time,
    wakes: &mut tokio::sync::watch::Receiver<u64>,
    entries: &ChannelSender,
    stream: &Stream,
) -> bool {
    let seconds = next_due.map(|at| at.seconds_since(now).max(0) as u64);
    let wait =
        seconds.map_or(POLL, |s| std::time::Duration::from_secs(s).min(POLL) + std::time::Duration::from_millis(10));
    tokio::select! {
        _ = wakes.changed() => true,
        () = tokio::time::sleep(wait) => true,
        () = entries.closed() => false,
        () = stream.ended.cancelled() => false,
    }
}
