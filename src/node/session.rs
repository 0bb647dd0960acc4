//! The session of one partner: what this process knows of its feed, its connections and its rates. Nothing here needs to survive a restart.
//!
//! Each field says what a second process on the same store would lack. `docs/state-in-memory.md` has the whole list.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    domain::{
        ids::{Sha256, StatementId},
        statement::StatementKind,
        time::Time,
    },
    node::{
        bundles::partner_bundles::PartnerBundles,
        lock::lock,
        rate_limit::{buckets::LeakyBuckets, window::WindowLimit},
        refusals::Refusals,
        revocations::exchanged::{PassedOn, Wanted},
        sessions::{examined::ExaminedQuarantine, obstacle::FeedObstacle, recent::Recent},
    },
};

/// The least time, in seconds, between two notes of when a partner was heard of.
pub(in crate::node) const CONTACT_SECONDS: i64 = 60;

/// The most lines of the log in an hour about a partner's entries that are kept from users. The ledger has all of them.
pub(in crate::node) const MOST_LINES: u32 = 600;

/// The session of one partner.
pub struct PartnerSession {
    /// Counts reasons to look into the queue. The store decides what is due; this only saves work. A stream also looks every 5 seconds.
    wake: watch::Sender<u64>,
    /// Held during a look at what goes out, so that there is one look at a time. The store decides; this only saves work: a round that was
    /// numbered after another position than the stored one is refused.
    pub(in crate::node) judging: AsyncMutex<()>,
    /// The open stream: its number, and what ends it. A second process would have its own: a partner with a stream at each would be sent
    /// everything twice, and what ends a stream at once here would not end the other one.
    streams: Mutex<Option<(u64, CancellationToken)>>,
    /// The number of the next stream. It tells the streams of this process apart; a second process would have its own, without harm.
    next_stream: AtomicU64,
    /// What stops the feed to the partner. A second process would have its own: it is right for the feed of that process.
    pub(in crate::node) outgoing: FeedObstacle,
    /// How this process follows the partner's feed. A second process would have its own: it would dial the partner too. The store decides
    /// which entries are new, so none is stored twice.
    inbound: watch::Sender<FollowState>,
    /// Counts requests to look at the partner's feed at once. A second process would have its own: a request reaches this process only.
    pull: watch::Sender<u64>,
    /// Counts reasons to speak to the partner: statements that wait, new revocations. The store decides what waits; this only saves work.
    /// Without the wake-up a statement waits until the next look.
    post: watch::Sender<u64>,
    /// What the partner's last hello said that it reads. `None` before the first hello. A cache: staleness is harmless because each
    /// connection begins with a hello, which says it again.
    reads: Mutex<Option<Reads>>,
    /// The edition of roots and lists that the partner's last hello named. A cache: staleness is harmless because another edition only has
    /// statements offered again, and each is taken once.
    edition: Mutex<Option<Vec<u8>>>,
    /// The statements last taken from the partner. A cache: staleness is harmless because each handler compares a statement with what
    /// is stored, as it must after a restart.
    pub(in crate::node) taken: AsyncMutex<Recent>,
    /// Held during a greeting about ledgers, so that there is one at a time. Two heads at once, each grown from the same one, may be a
    /// fork. The store decides; this only saves work: a head that was judged against another one than the newest is judged again.
    pub(in crate::node) greeting: AsyncMutex<()>,
    /// How fast it changes agreements. A second process would have its own: the partner gets as many changes from each.
    pace: Mutex<WindowLimit>,
    /// How fast it sends requests. A second process would have its own: the partner may send as many requests to each.
    asking: Mutex<WindowLimit>,
    /// How much of its rate for receipts it has used. A second process would have its own: each takes the whole rate.
    answering: Mutex<LeakyBuckets>,
    /// How much of its rate for recalls it has used, its own and those that it passes on. A second process would have its own: each takes
    /// the whole rate.
    recalling: Mutex<LeakyBuckets>,
    /// How much of what it sent was refused, until that is recorded. A second process would have its own: each records its own count. A
    /// count that is not recorded yet is lost with the process.
    refused: Mutex<Refusals>,
    /// How many lines of the log there were about faults in its entries. A second process would have its own, as it has a log of its own.
    telling: Mutex<WindowLimit>,
    /// How far its quarantine was examined. A second process would have its own: an entry that one process quarantines just while its
    /// agreement comes into force at the other one is examined when the catalogue changes again.
    examined: Mutex<ExaminedQuarantine>,
    /// Counts recalls that were put into the partner's outbox. The store decides: it refuses a new release of what was recalled. An already
    /// numbered one that was judged before a recall by another process goes out for at most 2 seconds, as it would over a slow network.
    recalls: AtomicU64,
    /// What it has told of bundles. Its fields say what a second process would lack.
    pub(in crate::node) bundles: PartnerBundles,
    /// When this process last noted in the store that the partner was heard of. The store decides; this only saves work.
    heard: Mutex<Option<Time>>,
    /// The revocation lists that this node asked the partner for in the answer to its last hello. A second process would have its own, for
    /// the hellos that it answered: a list that the partner hands to the other process is not expected there.
    asked_for: Mutex<Vec<Wanted>>,
    /// Which revocation lists of other organisations went between this node and the partner. Its fields say what a second process would
    /// lack.
    pub(in crate::node) passed_on: PassedOn,
    /// Held while a revocation list comes in from the partner, so that one comes at a time. A second process would have its own: one comes
    /// at a time to each.
    pub gathering: AsyncMutex<()>,
}

/// The kinds of statements that a partner reads, as its last hello said.
pub(in crate::node) struct Reads {
    kinds: Vec<StatementKind>,
    /// Whether the log already says that something is held back.
    said: bool,
}

/// How this node's following of a partner goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowState {
    /// Whether a stream is open.
    pub live: bool,
    /// The last request ([`PartnerSession::pull_now`]) that was answered: a look that began after it found nothing more waiting.
    pub caught_up: u64,
    /// The last request after which a try began that failed.
    pub failed: u64,
    /// Why there is no stream.
    pub problem: Option<String>,
    /// How far the partner's clock is ahead, in seconds.
    pub clock_ahead: i64,
}

/// A stream to a partner. Only the newest one counts.
pub struct Stream {
    live: Arc<PartnerSession>,
    number: u64,
    /// Cancelled when a newer stream takes over, or the partner loses its standing.
    pub ended: CancellationToken,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut streams = lock(&self.live.streams);
        if streams.as_ref().is_some_and(|(number, _)| *number == self.number) {
            *streams = None;
        }
    }
}

impl PartnerSession {
    /// A session in which nothing was said yet.
    pub(in crate::node) fn new() -> Self {
        Self {
            wake: watch::Sender::new(0),
            judging: AsyncMutex::default(),
            streams: Mutex::default(),
            next_stream: AtomicU64::new(0),
            outgoing: FeedObstacle::default(),
            inbound: watch::Sender::new(FollowState::default()),
            // The first look happens without a request.
            pull: watch::Sender::new(1),
            post: watch::Sender::new(0),
            reads: Mutex::default(),
            edition: Mutex::default(),
            taken: AsyncMutex::default(),
            greeting: AsyncMutex::default(),
            pace: Mutex::default(),
            asking: Mutex::default(),
            answering: Mutex::default(),
            recalling: Mutex::default(),
            refused: Mutex::default(),
            telling: Mutex::default(),
            examined: Mutex::default(),
            recalls: AtomicU64::new(0),
            bundles: PartnerBundles::default(),
            heard: Mutex::default(),
            asked_for: Mutex::default(),
            passed_on: PassedOn::default(),
            gathering: AsyncMutex::default(),
        }
    }

    /// Remembers which revocation lists the partner is asked to hand over.
    pub fn ask_for(&self, lists: Vec<Wanted>) {
        *lock(&self.asked_for) = lists;
    }

    /// The revocation list with that digest, if the partner was asked for it.
    pub fn asked_for(&self, sha256: &Sha256) -> Option<Wanted> {
        lock(&self.asked_for).iter().find(|wanted| wanted.list.sha256 == *sha256).cloned()
    }

    /// Counts one more change of agreements by the partner. `false` means that it must wait.
    pub(in crate::node) fn allows_a_change(&self, now: Time) -> bool {
        lock(&self.pace).allows(now)
    }

    /// Counts one more request by the partner, or answer to a request. `false` means that it must wait.
    pub(in crate::node) fn allows_a_request(&self, now: Time) -> bool {
        lock(&self.asking).allows(now)
    }

    /// Accesses how much of the rate for receipts the partner has used.
    pub(in crate::node) fn receipts<T>(&self, look: impl FnOnce(&mut LeakyBuckets) -> T) -> T {
        look(&mut lock(&self.answering))
    }

    /// Accesses how much of the rate for recalls the partner has used.
    pub(in crate::node) fn recalled_by<T>(&self, look: impl FnOnce(&mut LeakyBuckets) -> T) -> T {
        look(&mut lock(&self.recalling))
    }

    /// Accesses what was refused of the partner.
    pub(in crate::node) fn refusals<T>(&self, look: impl FnOnce(&mut Refusals) -> T) -> T {
        look(&mut lock(&self.refused))
    }

    /// Counts one more line of the log about the partner's entries. `false` means that there were enough.
    pub fn allows_a_line(&self, now: Time) -> bool {
        lock(&self.telling).allows_of(MOST_LINES, now)
    }

    /// Wakes the feed, because there may be something to release.
    pub fn wake(&self) {
        self.wake.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Notes that a recall waits for the partner. Nothing that was decided before the recall goes out unchecked any more.
    pub(in crate::node) fn recalled(&self) {
        self.recalls.fetch_add(1, Ordering::AcqRel);
        self.post();
        self.wake();
    }

    /// How many recalls were put into the partner's outbox since this process started.
    pub(in crate::node) fn recalls(&self) -> u64 {
        self.recalls.load(Ordering::Acquire)
    }

    /// Whether the store is to be told that the partner was heard of. This is so at most once a minute.
    pub(in crate::node) fn notes_contact(&self, now: Time) -> bool {
        let mut heard = lock(&self.heard);
        let is_due = heard.is_none_or(|at| now.seconds_since(at).abs() >= CONTACT_SECONDS);
        if is_due {
            *heard = Some(now);
        }
        is_due
    }

    /// A receiver that sees each reason to look into the queue.
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// Opens the stream to this partner and ends the one before. A partner that came back on another connection does not wait for the old
    /// one, which may have died unnoticed.
    pub fn open_stream(self: &Arc<Self>) -> Stream {
        let number = self.next_stream.fetch_add(1, Ordering::Relaxed);
        let ended = CancellationToken::new();
        if let Some((_, before)) = lock(&self.streams).replace((number, ended.clone())) {
            before.cancel();
        }
        Stream { live: self.clone(), number, ended }
    }

    /// Ends the stream to this partner.
    pub fn end_stream(&self) {
        if let Some((_, stream)) = lock(&self.streams).take() {
            stream.cancel();
        }
    }

    /// Whether a stream to this partner is open.
    pub fn is_streaming(&self) -> bool {
        lock(&self.streams).is_some()
    }

    /// How this node's following of the partner goes.
    pub fn inbound(&self) -> &watch::Sender<FollowState> {
        &self.inbound
    }

    /// Asks the follower to look at the partner's feed at once. Returns the request's number; the first look has number 1.
    pub fn pull_now(&self) -> u64 {
        self.pull.send_modify(|count| *count = count.wrapping_add(1));
        *self.pull.borrow()
    }

    /// Wakes whoever speaks to the partner, because there is something to say.
    pub fn post(&self) {
        self.post.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that sees each reason to speak to the partner.
    pub fn posts(&self) -> watch::Receiver<u64> {
        self.post.subscribe()
    }

    /// Notes what the partner has said that it reads.
    pub fn set_reads(&self, kinds: Vec<StatementKind>) {
        let mut reads = lock(&self.reads);
        let said = reads.as_ref().is_some_and(|r| r.said && r.kinds == kinds);
        *reads = Some(Reads { kinds, said });
    }

    /// The edition of roots and lists that the partner holds, as far as it has told.
    pub(in crate::node) fn edition(&self) -> Option<Vec<u8>> {
        lock(&self.edition).clone()
    }

    /// Notes the edition that the partner holds. Returns `true` if it differs from what was known.
    pub(in crate::node) fn set_edition(&self, edition: Vec<u8>) -> bool {
        lock(&self.edition).replace(edition.clone()).is_none_or(|before| before != edition)
    }

    /// Whether the partner reads that kind. `false` until it has said so.
    pub fn reads(&self, kind: StatementKind) -> bool {
        lock(&self.reads).as_ref().is_some_and(|r| r.kinds.contains(&kind))
    }

    /// Whether the partner has said what it reads since this process started.
    pub(in crate::node) fn has_said_what_it_reads(&self) -> bool {
        lock(&self.reads).is_some()
    }

    /// Whether something is held back for the first time since the partner said what it reads.
    pub(in crate::node) fn first_held(&self) -> bool {
        lock(&self.reads).as_mut().is_some_and(|r| !std::mem::replace(&mut r.said, true))
    }

    /// The agreements in force under which part of its quarantine is to be examined, each with the number after which to start.
    pub(in crate::node) fn to_examine(&self, in_force: Vec<StatementId>) -> Vec<(StatementId, u64)> {
        lock(&self.examined).take(in_force)
    }

    /// Notes an entry in its quarantine that only that agreement may cover.
    pub(in crate::node) fn arrived_under(&self, agreement: StatementId, sequence: u64) {
        lock(&self.examined).arrived(agreement, sequence);
    }

    /// Has everything of its quarantine examined again.
    pub(in crate::node) fn examine_again(&self) {
        lock(&self.examined).forget();
    }

    /// A receiver that sees each request to look at once.
    pub fn pulls(&self) -> watch::Receiver<u64> {
        self.pull.subscribe()
    }
}
