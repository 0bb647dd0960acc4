//! The channel from the task that numbers the entries of a feed to the stream that sends them. It carries one entry at a time, and
//! reports back when the stream has taken all of them.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::Stream as Entries;
use tokio::sync::{mpsc, watch};

use crate::{
    domain::{entry::Numbered, time::Time},
    feed::ahead::Ahead,
    node::session::Stream,
};

/// How many entries may be in the channel. The more wait there, the older are the decisions behind them.
const ON_THEIR_WAY: usize = 8;

/// The end at which a feed puts the entries that it has numbered. A second process would have its own, as each stream has. The store has the
/// entries, so that what is lost with the channel is sent again.
pub struct ChannelSender {
    entries: mpsc::Sender<Numbered>,
    /// How many entries the stream had taken when it last found the channel empty.
    asked: watch::Receiver<u64>,
    given: u64,
    ahead: Ahead,
    /// The bytes given since the stream last had everything, and when the first of them was given.
    giving: Option<(u64, Time)>,
}

/// The end from which a stream takes entries.
pub struct ChannelReceiver {
    entries: mpsc::Receiver<Numbered>,
    asked: watch::Sender<u64>,
    taken: u64,
}

/// Makes both ends.
pub fn outgoing() -> (ChannelSender, ChannelReceiver) {
    let (sender, receiver) = mpsc::channel(ON_THEIR_WAY);
    let (asks, asked) = watch::channel(0);
    let outgoing = ChannelSender { entries: sender, asked, given: 0, ahead: Ahead::default(), giving: None };
    (outgoing, ChannelReceiver { entries: receiver, asked: asks, taken: 0 })
}

impl Entries for ChannelReceiver {
    type Item = Numbered;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Numbered>> {
        let polled = self.entries.poll_recv(cx);
        match &polled {
            Poll::Ready(Some(_)) => self.taken += 1,
            // HTTP/2 asks for more only once it has sent nearly everything that it was given.
            Poll::Pending => {
                let taken = self.taken;
                self.asked.send_if_modified(|asked| std::mem::replace(asked, taken) != taken);
            }
            Poll::Ready(None) => {}
        }
        polled
    }
}

impl ChannelSender {
    /// Whether the stream has dropped its end.
    pub fn is_closed(&self) -> bool {
        self.entries.is_closed()
    }

    /// Waits until the stream drops its end.
    pub async fn closed(&self) {
        self.entries.closed().await;
    }

    /// Waits until the stream has taken everything and asks for more. Returns how many bytes may be numbered then; 0 means one entry.
    /// Returns `None` if the stream has ended.
    pub(in crate::node) async fn room(&mut self, stream: &Stream, now: impl Fn() -> Time) -> Option<u64> {
        let given = self.given;
        tokio::select! {
            asked = self.asked.wait_for(|asked| *asked == given) => drop(asked.ok()?),
            () = stream.ended.cancelled() => return None,
        }
        if self.is_closed() {
            return None;
        }
        if let Some((bytes, since)) = self.giving.take() {
            // A clock that was set back in between says nothing about the speed. It counts as no time.
            let nanos = now().unix_nanos().saturating_sub(since.unix_nanos());
            self.ahead.took(bytes, u64::try_from(nanos).unwrap_or(0));
        }
        Some(self.ahead.room())
    }

    /// A place for one entry, or `None` if the stream has ended.
    pub(in crate::node) async fn place(&mut self, stream: &Stream) -> Option<Slot<'_>> {
        let Self { entries, given, giving, .. } = self;
        let permit = tokio::select! {
            place = entries.reserve() => place.ok()?,
            () = stream.ended.cancelled() => return None,
        };
        Some(Slot { permit, given, giving })
    }
}

/// A place for one entry.
pub(in crate::node) struct Slot<'a> {
    permit: mpsc::Permit<'a, Numbered>,
    given: &'a mut u64,
    giving: &'a mut Option<(u64, Time)>,
}

impl Slot<'_> {
    /// Gives the entry to the stream.
    pub fn give(self, numbered: Numbered, now: Time) {
        *self.given += 1;
        self.giving.get_or_insert((0, now)).0 += numbered.entry.bytes();
        self.permit.send(numbered);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::{FutureExt, StreamExt};

    use super::*;
    use crate::{
        domain::{
            entry::FeedEntry,
            statement::{Envelope, StatementKind},
        },
        node::sessions::PartnerSessions,
    };

    fn entry(sequence: u64, bytes: usize) -> Numbered {
        let mut entry = FeedEntry::void(Envelope::new(StatementKind::Void, vec![], vec![]));
        entry.portions.push(Arc::from(vec![0; bytes]));
        Numbered { sequence, entry }
    }

    #[tokio::test]
    async fn there_is_room_once_the_stream_asks_for_more_than_it_was_given() {
        let stream = PartnerSessions::default().of(&"fr.example".parse().unwrap()).open_stream();
        let (mut to, mut taking) = outgoing();
        let at = |millis: i64| Time::from_unix_nanos(millis * 1_000_000);
        // At first there is room for one entry.
        assert_eq!(to.room(&stream, || at(0)).await, Some(0));
        for (sequence, bytes) in [(1, 300), (2, 700)] {
            to.place(&stream).await.unwrap().give(entry(sequence, bytes), at(0));
        }
        for sequence in [1, 2] {
            assert!(to.room(&stream, || at(1)).now_or_never().is_none(), "{sequence} is not taken yet");
            assert_eq!(taking.next().await.unwrap().sequence, sequence);
        }
        assert!(to.room(&stream, || at(1)).now_or_never().is_none(), "the last one is on its way");
        assert!(taking.next().now_or_never().is_none());
        // The stream took all 1,000 bytes in a tenth of a second.
        assert_eq!(to.room(&stream, || at(100)).now_or_never(), Some(Some(1_000)));
        // Asking again without giving anything in between changes nothing. Idle time does not count.
        assert_eq!(to.room(&stream, || at(9_000)).now_or_never(), Some(Some(1_000)));
        to.place(&stream).await.unwrap().give(entry(3, 40_000), at(10_000));
        assert!(taking.next().await.is_some() && taking.next().now_or_never().is_none());
        // It took 40,000 bytes in ten seconds.
        assert_eq!(to.room(&stream, || at(20_000)).await, Some(1_000));
        // The clock is set back.
        to.place(&stream).await.unwrap().give(entry(4, 200), at(20_000));
        assert!(taking.next().await.is_some() && taking.next().now_or_never().is_none());
        assert_eq!(to.room(&stream, || at(0)).await, Some(200 + 40_000 * 249 / 10_000));
        drop(taking);
        assert_eq!(to.room(&stream, || at(0)).now_or_never(), Some(None));
        assert!(to.place(&stream).await.is_none() && to.is_closed());
    }
}
