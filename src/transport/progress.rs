//! Whether a connection moves: finds readers that never take what is meant for them, and peers that never begin.

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

/// How much of an answer is handed to HTTP/2 at once, bytes. It asks for a piece more than it can send: were that all of a large message,
/// whoever makes the answer would take it for sent.
const PIECE: usize = 16 << 10;
/// Less than this in the time of a stalled reader is no progress: keep-alive frames go on while a window stays shut.
const PROGRESS_BYTES: u64 = 16 << 10;
const TICK: Duration = Duration::from_secs(1);

/// What has moved on one connection.
#[derive(Debug, Default)]
pub(super) struct Progress {
    read: AtomicU64,
    written: AtomicU64,
    answers: Mutex<Vec<Weak<Answer>>>,
}

/// One answer under way: since when, and since how many bytes of the connection, HTTP/2 holds a piece of it and asks for no
/// more.
#[derive(Debug, Default)]
struct Answer(Mutex<Option<(Instant, u64)>>);

impl Progress {
    /// Returns when nothing was read within `first`, or a reader has kept a piece of an answer waiting for `stall`.
    pub(super) async fn stopped(&self, first: Duration, stall: Duration) -> &'static str {
        let start = Instant::now();
        loop {
            tokio::time::sleep(TICK.min(first).min(stall)).await;
            if self.read.load(Relaxed) == 0 && start.elapsed() >= first {
                return "it sent nothing after the handshake";
            }
            if self.stalled(stall) {
                return "it does not take what it asked for";
            }
        }
    }

    fn stalled(&self, limit: Duration) -> bool {
        let written = self.written.load(Relaxed);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|answer| answer.strong_count() > 0);
        answers.iter().filter_map(Weak::upgrade).any(|answer| {
            let mut waiting = answer.0.lock().unwrap_or_else(PoisonError::into_inner);
            match *waiting {
                Some((since, _)) if since.elapsed() < limit => false,
                Some((_, before)) if written.saturating_sub(before) < PROGRESS_BYTES => true,
                // A slow link, not a stopped one: it has another term.
                Some(_) => {
                    *waiting = Some((Instant::now(), written));
                    false
                }
                None => false,
            }
        })
    }
}

/// A stream whose bytes are counted.
pub(super) struct Counted<S> {
    stream: S,
    progress: Arc<Progress>,
}

impl<S> Counted<S> {
    pub(super) fn new(stream: S, progress: Arc<Progress>) -> Self {
        Self { stream, progress }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.progress.read.fetch_add((buf.filled().len() - before) as u64, Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
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

impl<S> Counted<S> {
    fn count(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(written)) = &polled {
            self.progress.written.fetch_add(*written as u64, Relaxed);
        }
        polled
    }
}

/// An answer's body that notes when HTTP/2 stops asking for more. HTTP/2 asks for a piece, keeps it until the reader's
/// window opens, and asks again: a piece that was handed over and not asked after is one that the reader does not take.
pub(super) struct Watched {
    body: Body,
    /// What was taken of it and not handed over yet.
    rest: Bytes,
    answer: Arc<Answer>,
    progress: Arc<Progress>,
}

impl Watched {
    pub(super) fn new(body: Body, progress: &Arc<Progress>) -> Self {
        let answer = Arc::new(Answer::default());
        progress.answers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&answer));
        Self { body, rest: Bytes::new(), answer, progress: progress.clone() }
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

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = self.poll_piece(cx);
        let handed = matches!(&polled, Poll::Ready(Some(Ok(frame))) if frame.is_data());
        let mark = handed.then(|| (Instant::now(), self.progress.written.load(Relaxed)));
        *self.answer.0.lock().unwrap_or_else(PoisonError::into_inner) = mark;
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // With a piece of it in hand, what is left of the body does not say how long it is.
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
            let mut answer = Watched::new(Body::from(bytes.to_vec()), &Arc::default());
            let mut pieces = vec![];
            while let Some(frame) = answer.frame().await {
                pieces.push(frame.unwrap().into_data().unwrap());
            }
            assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
            assert_eq!(pieces.len(), bytes.len().div_ceil(PIECE));
            assert!(pieces.concat() == bytes && hyper::body::Body::is_end_stream(&answer));
        }
    }
}
