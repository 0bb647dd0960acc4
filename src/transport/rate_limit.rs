//! Limits what one partner may use of the node. All its connections and calls share one token bucket, which counts the bytes that are
//! read from it. When the bucket is empty, we stop reading from the partner's connections until it refills. Nothing is refused,
//! and other partners are not affected.

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

/// The cost of a handshake, bytes. It is charged after the handshake, because the peer is not known before.
pub(super) const HANDSHAKE: u64 = 32 << 10;
/// How many bytes a dialled node may send at once beyond what it was asked for. This is more than the flow-control window of a connection, so
/// that an answer never waits for the bucket.
const DIALLED_BURST: u64 = 4 << 20;
/// The most debt, in full buckets. With more debt, a peer's connections would only time out.
const MOST_DEBT: u64 = 4;

/// The rate limit of one peer. All its connections to this process share it. A second process would have its own: the peer may use the whole
/// rate at each.
#[derive(Debug, Clone)]
pub struct RateLimit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// What is left of the rate.
    bucket: Mutex<TokenBucket>,
    /// Bytes per second, and the size of the bucket. `None`: the peer is not limited.
    rate: Option<(u64, u64)>,
    calls: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    feeds: Arc<Semaphore>,
}

/// Which of the peer's permits a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// One of the calls that are worked on at the same time. A call beyond them waits, and is not read meanwhile.
    Call,
    /// This number of the permits for open answers. The call is refused if fewer are left.
    Answer(u32),
    /// One of the permits for feeds, which are separate. When a link dies silently, its answers stay open until the loss is noticed. They must
    /// not keep the partner from opening its feed again.
    Feed,
}

/// How many bytes are left, and as of when. A negative number is debt.
#[derive(Debug)]
struct TokenBucket {
    left: i64,
    at: Instant,
}

/// A permit for one call or open answer of a peer. It is released when it is dropped.
#[derive(Debug)]
pub struct CallPermit {
    _permit: OwnedSemaphorePermit,
}

impl RateLimit {
    fn new(limits: &Limits, is_limited: bool) -> Self {
        let rate = (limits.partner_bytes_per_second.into(), limits.partner_burst_bytes.into());
        Self::with(limits, is_limited.then_some(rate), rate.1)
    }

    /// For a node that this one has dialled. Its answers are refunded ([`Self::refund`]), because this side decides how much it asks for.
    pub(super) fn dialled(limits: &Limits) -> Self {
        Self::with(limits, Some((limits.partner_bytes_per_second.into(), DIALLED_BURST)), DIALLED_BURST)
    }

    fn with(limits: &Limits, rate: Option<(u64, u64)>, full: u64) -> Self {
        let permits = |count: u32| Arc::new(Semaphore::new(count.try_into().unwrap_or(Semaphore::MAX_PERMITS)));
        let bucket = TokenBucket { left: signed(full), at: Instant::now() };
        Self(Arc::new(Inner {
            bucket: Mutex::new(bucket),
            rate,
            calls: permits(limits.calls_per_partner),
            answers: permits(limits.open_answers_per_partner),
            feeds: permits(limits.feeds_per_partner),
        }))
    }

    /// Takes this many bytes out of the bucket, which may go into debt.
    pub fn spend(&self, bytes: u64) {
        self.spend_at(bytes, Instant::now());
    }

    fn spend_at(&self, bytes: u64, now: Instant) {
        let Some((rate, burst)) = self.0.rate else { return };
        let mut bucket = self.0.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.fill(rate, burst, now);
        bucket.left = bucket.left.saturating_sub(signed(bytes)).max(-signed(burst.saturating_mul(MOST_DEBT)));
    }

    /// Returns the bytes of an answer that this side has asked for.
    pub(super) fn refund(&self, bytes: u64) {
        let Some((_, burst)) = self.0.rate else { return };
        let mut bucket = self.0.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.left = bucket.left.saturating_add(signed(bytes)).min(signed(burst));
    }

    /// How long to wait before reading on, if the bucket is in debt.
    fn debt(&self, now: Instant) -> Option<Duration> {
        let (rate, burst) = self.0.rate?;
        let mut bucket = self.0.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.fill(rate, burst, now);
        let owed = u64::try_from(bucket.left.checked_neg()?).ok().filter(|owed| *owed > 0)?;
        Some(Duration::from_millis(owed.saturating_mul(1000) / rate.max(1) + 1))
    }

    /// Takes a permit for a call of this kind. `None` means that the call has to be refused.
    pub async fn permit(&self, kind: CallKind) -> Option<CallPermit> {
        let Inner { calls, answers, feeds, .. } = &*self.0;
        let permit = match kind {
            CallKind::Call => calls.clone().acquire_owned().await.ok()?,
            CallKind::Answer(permits) => answers.clone().try_acquire_many_owned(permits).ok()?,
            CallKind::Feed => feeds.clone().try_acquire_owned().ok()?,
        };
        Some(CallPermit { _permit: permit })
    }
}

impl TokenBucket {
    fn fill(&mut self, rate: u64, burst: u64, now: Instant) {
        let earned = now.duration_since(self.at).as_micros().saturating_mul(rate.into()) / 1_000_000;
        // A fraction of a byte is not counted yet. `at` stays, so that the time counts later.
        if earned > 0 {
            self.left = self.left.saturating_add(i64::try_from(earned).unwrap_or(i64::MAX)).min(signed(burst));
            self.at = now;
        }
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The rate limits of all peers, by name. They outlive connections, because otherwise a peer that reconnects would start with a full bucket.
/// There are at most as many as organisations that may connect.
#[derive(Debug, Default)]
pub struct RateLimits(Mutex<HashMap<String, RateLimit>>);

impl RateLimits {
    /// The rate limit of this peer. Partners are limited; an organisation's own people are not.
    pub fn of(&self, name: &str, limits: &Limits, is_limited: bool) -> RateLimit {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(name.to_owned()).or_insert_with(|| RateLimit::new(limits, is_limited)).clone()
    }
}

/// A stream that is read no faster than its peer's rate limit allows. The limit applies once the peer is known.
#[derive(Debug)]
pub(super) struct Metered<S> {
    stream: S,
    rate_limit: Option<RateLimit>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl<S> Metered<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, rate_limit: None, pause: None }
    }

    /// Applies the rate limit of the peer that the stream belongs to.
    pub fn belongs_to(&mut self, rate_limit: RateLimit) {
        self.rate_limit = Some(rate_limit);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(rate_limit) = self.rate_limit.clone() else { return Pin::new(&mut self.stream).poll_read(cx, buf) };
        while let Some(debt) = rate_limit.debt(Instant::now()) {
            let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(debt)));
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        rate_limit.spend((buf.filled().len() - before) as u64);
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

/// The body of an answer. It keeps its permit until the peer has received all of it or has disconnected.
pub struct PermitBody {
    body: Body,
    _permit: Option<CallPermit>,
}

impl PermitBody {
    /// The body with its permit.
    pub fn new(body: Body, permit: Option<CallPermit>) -> Self {
        Self { body, _permit: permit }
    }
}

impl hyper::body::Body for PermitBody {
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

    fn limit(rate: u32, burst: u32) -> RateLimit {
        let limits = Limits { partner_bytes_per_second: rate, partner_burst_bytes: burst, ..Limits::default() };
        RateLimit::new(&limits, true)
    }

    #[test]
    fn what_was_spent_comes_back_with_time_and_never_more_than_the_bucket_holds() {
        let (limit, start) = (limit(1000, 4000), Instant::now());
        let after = |ms| start + Duration::from_millis(ms);
        limit.spend_at(4000, start);
        assert!(limit.debt(start).is_none());
        limit.spend_at(500, start);
        assert!(limit.debt(start).unwrap() >= Duration::from_millis(490));
        assert!(limit.debt(after(400)).is_some() && limit.debt(after(510)).is_none());
        let late = after(3_600_000);
        limit.spend_at(4100, late);
        assert!(limit.debt(late).unwrap() >= Duration::from_millis(99));
        // However much is owed, it is not for ever.
        limit.spend_at(u64::MAX, late);
        assert_eq!(limit.debt(late), Some(Duration::from_millis(16_001)));
    }

    #[test]
    fn what_was_asked_for_costs_a_dialled_node_nothing_and_what_was_not_does() {
        let (limit, start) = (RateLimit::dialled(&Limits::default()), Instant::now());
        for _ in 0..100 {
            limit.spend_at(2 << 20, start);
            limit.refund(2 << 20);
        }
        assert!(limit.debt(start).is_none());
        limit.spend_at(6 << 20, start);
        assert!(limit.debt(start).unwrap() > Duration::from_millis(1900));
    }

    #[tokio::test]
    async fn a_flood_is_read_at_the_rate_of_its_peer_over_all_its_connections() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (limit, started) = (limit(10_000, 1000), Instant::now());
        for _ in 0..2 {
            let (mut theirs, ours) = tokio::io::duplex(1 << 20);
            let mut ours = Metered::new(ours);
            ours.belongs_to(limit.clone());
            theirs.write_all(&[7; 3_000]).await.unwrap();
            // The bytes come in pieces, so that the debt shows in between.
            for _ in 0..6 {
                ours.read_exact(&mut [0; 500]).await.unwrap();
            }
        }
        // 6,000 bytes, of which 1,000 come at once and one piece on credit.
        assert!(started.elapsed() >= Duration::from_millis(440), "{:?}", started.elapsed());
    }

    #[tokio::test]
    async fn a_permit_is_free_again_once_the_answer_is_gone() {
        let limits = Limits { calls_per_partner: 1, open_answers_per_partner: 2, ..Limits::default() };
        let limit = RateLimit::new(&limits, true);
        let answer = PermitBody::new(Body::empty(), limit.permit(CallKind::Answer(2)).await);
        assert!(limit.permit(CallKind::Answer(1)).await.is_none());
        assert!(
            limit.permit(CallKind::Feed).await.is_some(),
            "answers that nobody reads keep no partner from its feed"
        );
        drop(answer);
        assert!(limit.permit(CallKind::Answer(1)).await.is_some());
        let call = limit.permit(CallKind::Call).await;
        assert!(tokio::time::timeout(Duration::from_millis(20), limit.permit(CallKind::Call)).await.is_err());
        drop(call);
        assert!(limit.permit(CallKind::Call).await.is_some());
    }
}
