//! Which feeds are live, what woke them, and what stands in the way of those that are not.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio_util::sync::CancellationToken;

use crate::domain::ids::TrustDomain;

/// Live state of all feeds. Nothing here needs to survive a restart.
#[derive(Default)]
pub struct LiveFeeds {
    partners: Mutex<HashMap<TrustDomain, Arc<Live>>>,
    /// Counts entries stored from any partner: followers wait on it.
    arrivals: watch::Sender<u64>,
}

/// Live state of the feeds with one partner.
pub struct Live {
    /// Counts reasons to look into the queue.
    wake: watch::Sender<u64>,
    /// One round of numbering at a time.
    pub(super) numbering: AsyncMutex<()>,
    /// One look at what goes out at a time.
    pub(super) judging: AsyncMutex<()>,
    streams: Mutex<Option<(u64, CancellationToken)>>,
    next_stream: AtomicU64,
    /// What this node's own following of the partner is up to.
    inbound: watch::Sender<Inbound>,
    /// Counts requests to look at the partner's feed at once.
    pull: watch::Sender<u64>,
    /// Counts reasons to speak to the partner: statements that wait, new revocations.
    post: watch::Sender<u64>,
}

/// How this node's following of a partner goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inbound {
    /// Whether a stream is open.
    pub live: bool,
    /// How often the partner said that nothing more is waiting.
    pub caught_up: u64,
    /// How many tries have failed.
    pub failures: u64,
    /// Why there is no stream.
    pub problem: Option<String>,
    /// How far the partner's clock is ahead, seconds.
    pub clock_ahead: i64,
}

/// Locks even after a panic elsewhere: these maps are whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LiveFeeds {
    /// The live state with a partner.
    pub fn of(&self, partner: &TrustDomain) -> Arc<Live> {
        let mut partners = lock(&self.partners);
        if let Some(live) = partners.get(partner) {
            return live.clone();
        }
        let live = Arc::new(Live {
            wake: watch::Sender::new(0),
            numbering: AsyncMutex::default(),
            judging: AsyncMutex::default(),
            streams: Mutex::default(),
            next_stream: AtomicU64::new(0),
            inbound: watch::Sender::new(Inbound::default()),
            pull: watch::Sender::new(0),
            post: watch::Sender::new(0),
        });
        partners.insert(partner.clone(), live.clone());
        live
    }

    /// Ends all streams to partners: the node stops, and they come back when it is up again.
    pub fn end_streams(&self) {
        lock(&self.partners).values().for_each(|live| live.end_stream());
    }

    /// Something was stored from a partner.
    pub fn arrived(&self) {
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells of arrivals.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }
}

/// A stream to a partner; the newest one counts.
pub struct Stream {
    live: Arc<Live>,
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

impl Live {
    /// There may be something to release.
    pub fn wake(&self) {
        self.wake.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells of reasons to look into the queue.
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.wake.subscribe()
    }

    /// Opens the stream to this partner and ends the one before: a partner that came back by another way is not held up
    /// by a connection that died unseen.
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
    pub fn inbound(&self) -> &watch::Sender<Inbound> {
        &self.inbound
    }

    /// Asks the follower to look at the partner's feed at once.
    pub fn pull_now(&self) {
        self.pull.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// There is something to say to the partner.
    pub fn post(&self) {
        self.post.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells of reasons to speak to the partner.
    pub fn posts(&self) -> watch::Receiver<u64> {
        self.post.subscribe()
    }

    /// Tells of such requests.
    pub fn pulls(&self) -> watch::Receiver<u64> {
        self.pull.subscribe()
    }
}
