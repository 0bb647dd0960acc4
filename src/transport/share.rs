//! What one partner may take of the node: all its connections and calls draw on one purse, counted in bytes read. Whoever has
//! spent it is not read for a while, and nobody else feels it. A token bucket; nothing is refused by it.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};

use super::limits::Limits;

/// What a handshake costs, which nobody is known to have begun before it has ended.
pub(super) const HANDSHAKE: u64 = 32 << 10;
/// What a node that is dialled may say at once beside what it is asked for: more than the window of a connection, so that whoever
/// answers is never short.
const DIALLED_BURST: u64 = 4 << 20;
/// How many purses' worth anybody can owe: beyond that its connections would only time out.
const MOST_DEBT: u64 = 4;

/// A peer's share, the same for all its connections.
#[derive(Debug, Clone)]
pub struct Share(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    purse: Mutex<Purse>,
    /// Bytes in a second, and at once. `None`: whoever it is may be read as fast as it writes.
    pace: Option<(u64, u64)>,
    calls: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    feeds: Arc<Semaphore>,
}

/// Where a call finds its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Among those that are worked on at one time. Who comes beyond them waits for those before; what it would say is not read
    /// meanwhile.
    Call,
    /// So many of the places of answers that stay open; where there are no more, the call is refused.
    Answer(u32),
    /// Among the feeds, which have places of their own: a link that died without a word keeps its answers open until it is missed, and
    /// nothing that it left behind may keep a partner from its feed.
    Feed,
}

/// What is left, in bytes; below 0: owed. As of when.
#[derive(Debug)]
struct Purse {
    left: i64,
    at: Instant,
}

/// A place among the calls or open answers of a peer, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Share {
    fn new(limits: &Limits, is_paced: bool) -> Self {
        let pace = (limits.partner_bytes_per_second.into(), limits.partner_burst_bytes.into());
        Self::with(limits, is_paced.then_some(pace), pace.1)
    }

    /// Of a node that this one has dialled. What it answers is given back ([`Self::give_back`]): how much that is, is for this side to ask.
    pub(super) fn dialled(limits: &Limits) -> Self {
        Self::with(limits, Some((limits.partner_bytes_per_second.into(), DIALLED_BURST)), DIALLED_BURST)
    }

    fn with(limits: &Limits, pace: Option<(u64, u64)>, full: u64) -> Self {
        let places = |count: u32| Arc::new(Semaphore::new(count.try_into().unwrap_or(Semaphore::MAX_PERMITS)));
        let purse = Purse { left: signed(full), at: Instant::now() };
        Self(Arc::new(Inner {
            purse: Mutex::new(purse),
            pace,
            calls: places(limits.calls_per_partner),
            answers: places(limits.open_answers_per_partner),
            feeds: places(limits.feeds_per_partner),
        }))
    }

    /// Takes the price of something out of the purse, also where it is empty.
    pub fn spend(&self, bytes: u64) {
        self.spend_at(bytes, Instant::now());
    }

    fn spend_at(&self, bytes: u64, now: Instant) {
        let Some((rate, burst)) = self.0.pace else { return };
        let mut purse = self.0.purse.lock().unwrap_or_else(PoisonError::into_inner);
        purse.fill(rate, burst, now);
        purse.left = purse.left.saturating_sub(signed(bytes)).max(-signed(burst.saturating_mul(MOST_DEBT)));
    }

    /// What was read was asked for.
    pub(super) fn give_back(&self, bytes: u64) {
        let Some((_, burst)) = self.0.pace else { return };
        let mut purse = self.0.purse.lock().unwrap_or_else(PoisonError::into_inner);
        purse.left = purse.left.saturating_add(signed(bytes)).min(signed(burst));
    }

    /// How long nothing more is to be read.
    fn debt(&self, now: Instant) -> Option<Duration> {
        let (rate, burst) = self.0.pace?;
        let mut purse = self.0.purse.lock().unwrap_or_else(PoisonError::into_inner);
        purse.fill(rate, burst, now);
        let owed = u64::try_from(purse.left.checked_neg()?).ok().filter(|owed| *owed > 0)?;
        Some(Duration::from_millis(owed.saturating_mul(1000) / rate.max(1) + 1))
    }

    /// The place of a call, if there is one.
    pub async fn place(&self, room: Room) -> Option<Place> {
        let Inner { calls, answers, feeds, .. } = &*self.0;
        let permit = match room {
            Room::Call => calls.clone().acquire_owned().await.ok()?,
            Room::Answer(places) => answers.clone().try_acquire_many_owned(places).ok()?,
            Room::Feed => feeds.clone().try_acquire_owned().ok()?,
        };
        Some(Place { _permit: permit })
    }
}

impl Purse {
    fn fill(&mut self, rate: u64, burst: u64, now: Instant) {
        let earned = now.duration_since(self.at).as_micros().saturating_mul(rate.into()) / 1_000_000;
        // Below a byte the time is kept for the next look.
        if earned > 0 {
            self.left = self.left.saturating_add(i64::try_from(earned).unwrap_or(i64::MAX)).min(signed(burst));
            self.at = now;
        }
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The shares of all peers. They outlive connections, or whoever comes again would begin anew; there are as many as there are
/// organisations that may connect.
#[derive(Debug, Default)]
pub struct Shares(Mutex<HashMap<String, Share>>);

impl Shares {
    /// The share of a peer, the same for all its connections; paced where it is a partner. The own people at the desk are not.
    pub fn of(&self, name: &str, limits: &Limits, is_paced: bool) -> Share {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shares.entry(name.to_owned()).or_insert_with(|| Share::new(limits, is_paced)).clone()
    }
}

/// A stream that is read no faster than its peer's share allows, once it is known whose it is.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    share: Option<Share>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, share: None, pause: None }
    }

    /// From here on it is this peer's.
    pub fn belongs_to(&mut self, share: Share) {
        self.share = Some(share);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(share) = self.share.clone() else { return Pin::new(&mut self.stream).poll_read(cx, buf) };
        while let Some(debt) = share.debt(Instant::now()) {
            let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(debt)));
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        share.spend((buf.filled().len() - before) as u64);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// An answer that keeps its place until its peer has taken all of it, or has gone.
pub struct Held {
    body: Body,
    _place: Option<Place>,
}

impl Held {
    /// The answer with its place.
    pub fn new(body: Body, place: Option<Place>) -> Self {
        Self { body, _place: place }
    }
}

impl hyper::body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(rate: u32, burst: u32) -> Share {
        let limits = Limits { partner_bytes_per_second: rate, partner_burst_bytes: burst, ..Limits::default() };
        Share::new(&limits, true)
    }

    #[test]
    fn what_was_spent_comes_back_with_time_and_never_more_than_the_purse_holds() {
        let (share, start) = (share(1000, 4000), Instant::now());
        let after = |ms| start + Duration::from_millis(ms);
        share.spend_at(4000, start);
        assert!(share.debt(start).is_none());
        share.spend_at(500, start);
        assert!(share.debt(start).unwrap() >= Duration::from_millis(490));
        assert!(share.debt(after(400)).is_some() && share.debt(after(510)).is_none());
        let late = after(3_600_000);
        share.spend_at(4100, late);
        assert!(share.debt(late).unwrap() >= Duration::from_millis(99));
        // However much is owed, it is not for ever.
        share.spend_at(u64::MAX, late);
        assert_eq!(share.debt(late), Some(Duration::from_millis(16_001)));
    }

    #[test]
    fn what_was_asked_for_costs_a_dialled_node_nothing_and_what_was_not_does() {
        let (share, start) = (Share::dialled(&Limits::default()), Instant::now());
        for _ in 0..100 {
            share.spend_at(2 << 20, start);
            share.give_back(2 << 20);
        }
        assert!(share.debt(start).is_none());
        share.spend_at(6 << 20, start);
        assert!(share.debt(start).unwrap() > Duration::from_millis(1900));
    }

    #[tokio::test]
    async fn a_flood_is_read_at_the_pace_of_its_peer_over_all_its_connections() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (share, started) = (share(10_000, 1000), Instant::now());
        for _ in 0..2 {
            let (mut theirs, ours) = tokio::io::duplex(1 << 20);
            let mut ours = Metered::new(ours);
            ours.belongs_to(share.clone());
            theirs.write_all(&[7; 3_000]).await.unwrap();
            // In pieces: what is owed shows in between.
            for _ in 0..6 {
                ours.read_exact(&mut [0; 500]).await.unwrap();
            }
        }
        // 6,000 bytes, of which 1,000 at once and a piece on credit.
        assert!(started.elapsed() >= Duration::from_millis(440), "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_place_is_free_again_once_the_answer_is_gone() {
        let limits = Limits { calls_per_partner: 1, open_answers_per_partner: 2, ..Limits::default() };
        let share = Share::new(&limits, true);
        let answer = Held::new(Body::empty(), share.place(Room::Answer(2)).await);
        assert!(share.place(Room::Answer(1)).await.is_none());
        assert!(share.place(Room::Feed).await.is_some(), "answers that nobody reads keep no partner from its feed");
        drop(answer);
        assert!(share.place(Room::Answer(1)).await.is_some());
        let call = share.place(Room::Call).await;
        assert!(tokio::time::timeout(Duration::from_millis(20), share.place(Room::Call)).await.is_err());
        drop(call);
        assert!(share.place(Room::Call).await.is_some());
    }
}
