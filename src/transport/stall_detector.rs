//! Finds connections without progress: peers that send nothing after the handshake, and readers that never take their answers.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// How many bytes of a response are handed to HTTP/2 at once. HTTP/2 asks for one piece more than it can send. If a piece were a whole large
/// message, its sender would believe that it was sent.
const PIECE: usize = 16 << 10;
/// Fewer bytes than this within the time limit count as a stall. Zero would not do: keep-alive frames are sent even while the reader's window is
/// closed.
const MIN_PROGRESS_BYTES: u64 = 16 << 10;
const TICK: Duration = Duration::from_secs(1);

/// Counts the bytes of one connection, and watches its responses. A second process would have its own, for its own connections.
#[derive(Debug, Default)]
pub(super) struct StallDetector {
    read: AtomicU64,
    written: AtomicU64,
    responses: Mutex<Vec<Weak<ResponseState>>>,
}

/// A response that is being sent. If HTTP/2 holds a piece of it and does not ask for more: since when, and how many bytes the connection had
/// written by then.
#[derive(Debug, Default)]
struct ResponseState(Mutex<Option<(Instant, u64)>>);

impl StallDetector {
    /// Returns with the reason when nothing was read within `first`, or when the reader has let a piece of a response wait for `stall`.
    pub(super) async fn wait_for_stall(&self, first: Duration, stall: Duration) -> &'static str {
        let start = Instant::now();
        loop {
            tokio::time::sleep(TICK.min(first).min(stall)).await;
            if self.read.load(Relaxed) == 0 && start.elapsed() >= first {
                return "it sent nothing after the handshake";
            }
            if self.stalled(stall) {
                return "it does not read the answers to its requests";
            }
        }
    }

    fn stalled(&self, limit: Duration) -> bool {
        let written = self.written.load(Relaxed);
        let mut responses = self.responses.lock().unwrap_or_else(PoisonError::into_inner);
        responses.retain(|response| response.strong_count() > 0);
        responses.iter().filter_map(Weak::upgrade).any(|response| {
            let mut waiting = response.0.lock().unwrap_or_else(PoisonError::into_inner);
            match *waiting {
                Some((since, _)) if since.elapsed() < limit => false,
                Some((_, before)) if written.saturating_sub(before) < MIN_PROGRESS_BYTES => true,
                // The link is slow, but there is progress. The time starts again.
                Some(_) => {
                    *waiting = Some((Instant::now(), written));
                    false
                }
                None => false,
            }
        })
    }
}

/// A stream that counts its bytes.
pub(super) struct CountedStream<S> {
    stream: S,
    detector: Arc<StallDetector>,
}

impl<S> CountedStream<S> {
    pub(super) fn new(stream: S, detector: Arc<StallDetector>) -> Self {
        Self { stream, detector }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CountedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.detector.read.fetch_add((buf.filled().len() - before) as u64, Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CountedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.count(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.count(polled)
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

impl<S> CountedStream<S> {
    fn count(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(written)) = &polled {
            self.detector.written.fetch_add(*written as u64, Relaxed);
        }
        polled
    }
}

/// A response body that notices when HTTP/2 stops asking for more. HTTP/2 asks for a piece, keeps it until the reader's window opens, and
/// then asks for the next one. As long as it does not ask, the reader has not taken the piece before.
pub(super) struct WatchedBody {
    body: Body,
    /// Bytes that were taken from the body and not handed over yet.
    rest: Bytes,
    response: Arc<ResponseState>,
    detector: Arc<StallDetector>,
}

impl WatchedBody {
    pub(super) fn new(body: Body, detector: &Arc<StallDetector>) -> Self {
        let response = Arc::new(ResponseState::default());
        detector.responses.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&response));
        Self { body, rest: Bytes::new(), response, detector: detector.clone() }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            match ready!(hyper::body::Body::poll_frame(Pin::new(&mut self.body), cx))
                .map(|frame| frame.map(Frame::into_data))
            {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let piece = self.rest.split_to(PIECE.min(self.rest.len()));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl hyper::body::Body for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = self.poll_piece(cx);
        let handed = matches!(&polled, Poll::Ready(Some(Ok(frame))) if frame.is_data());
        let mark = handed.then(|| (Instant::now(), self.detector.written.load(Relaxed)));
        *self.response.0.lock().unwrap_or_else(PoisonError::into_inner) = mark;
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // While a piece is in hand, the rest of the body does not know the whole length.
        if self.rest.is_empty() { self.body.size_hint() } else { SizeHint::default() }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_handed_over_in_pieces_and_whole() {
        let long: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        for bytes in [&long[..], &long[..PIECE], b"short", b""] {
            let mut response = WatchedBody::new(Body::from(bytes.to_vec()), &Arc::default());
            let mut pieces = vec![];
            while let Some(frame) = response.frame().await {
                pieces.push(frame.unwrap().into_data().unwrap());
            }
            assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
            assert_eq!(pieces.len(), bytes.len().div_ceil(PIECE));
            assert!(pieces.concat() == bytes && hyper::body::Body::is_end_stream(&response));
        }
    }
}
