//! The feed's machines: however a link loses, repeats, reorders and forges, what a subscriber has stored is the publisher's feed
//! from its beginning, each entry once, without a gap; and a restart on either side changes nothing.

use arbitrary::{Arbitrary, Unstructured};
use watchfire::{
    domain::{fault::Reason, ids::StatementId, release::FeedPosition},
    feed::{
        backoff::Backoff,
        inbound::{EntryOrder, Inbound},
        outbound::Outbound,
    },
};

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The publisher numbers another entry.
    Release,
    /// An entry of the feed arrives, whichever.
    Deliver(u16),
    /// Something arrives that the publisher never sent.
    Forge(u64, Option<u8>),
    /// The subscriber starts again from what it stored.
    RestartSubscriber,
    /// The publisher starts again from what it numbered.
    RestartPublisher,
    /// The link is down: how long to wait, by chance.
    Fail(u32),
}

impl<'a> Arbitrary<'a> for Event {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(match u.int_in_range(0..=5)? {
            0 => Self::Release,
            1 => Self::Deliver(u.arbitrary()?),
            2 => Self::Forge(if u.ratio(1, 2)? { u.int_in_range(0..=20)? } else { u.arbitrary()? }, u.arbitrary()?),
            3 => Self::RestartSubscriber,
            4 => Self::RestartPublisher,
            _ => Self::Fail(u.arbitrary()?),
        })
    }
}

#[derive(Default)]
struct Link {
    outbound: Outbound,
    inbound: Inbound,
    backoff: Backoff,
    /// What the publisher numbered: place and id.
    sent: Vec<(FeedPosition, StatementId)>,
    /// What the subscriber stored.
    stored: Vec<StatementId>,
}

/// The bytes are a sequence of events.
pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let mut link = Link::default();
    while !u.is_empty() {
        let Ok(event) = Event::arbitrary(&mut u) else { break };
        link.happens(event);
        link.holds();
    }
}

impl Link {
    fn happens(&mut self, event: Event) {
        match event {
            Event::Release => {
                let id = StatementId([u8::try_from(self.sent.len() % 251).unwrap_or_default() + 1; 32]);
                self.sent.push((self.outbound.next(), id));
                self.outbound = self.outbound.released(id);
            }
            Event::Deliver(which) if !self.sent.is_empty() => {
                let (position, id) = self.sent[usize::from(which) % self.sent.len()];
                self.arrives(position, id, true);
            }
            Event::Deliver(_) => {}
            Event::Forge(sequence, previous) => {
                let position = FeedPosition { sequence, previous: previous.map(|b| StatementId([b; 32])) };
                self.arrives(position, StatementId([0xff; 32]), self.sent.iter().any(|(p, _)| *p == position));
            }
            Event::RestartSubscriber => {
                self.inbound = Inbound::resume(self.stored.len() as u64, self.stored.last().copied());
            }
            Event::RestartPublisher => {
                self.outbound = Outbound::resume(self.sent.len() as u64, self.sent.last().map(|(_, id)| *id));
                self.backoff.reset();
            }
            Event::Fail(random) => {
                let wait = self.backoff.wait(random);
                assert!((20..=30_000).contains(&wait.as_millis()), "{wait:?} is no time to wait");
            }
        }
    }

    /// A message at that place; `is_of_the_feed` where the publisher gave that place.
    fn arrives(&mut self, position: FeedPosition, id: StatementId, is_of_the_feed: bool) {
        let next = self.stored.len() as u64 + 1;
        match self.inbound.judge(&position) {
            Ok(EntryOrder::Next) => {
                assert_eq!(position.sequence, next, "a number was left out");
                assert_eq!(position.previous, self.stored.last().copied(), "it does not go on from the last one");
                // Who signs is checked elsewhere; a forgery at the right place never gets here.
                if is_of_the_feed && self.sent.get(self.stored.len()).is_some_and(|(_, sent)| *sent == id) {
                    self.stored.push(id);
                    self.inbound = self.inbound.advanced(id);
                }
            }
            Ok(EntryOrder::Repeat) => assert!(position.sequence < next, "a new number passes for a repeat"),
            Err(fault) => match fault.reason {
                Reason::SequenceGap => assert!(position.sequence > next, "no gap before {}", position.sequence),
                Reason::SequenceFork => {
                    assert!(position.sequence == next && position.previous != self.stored.last().copied());
                    assert!(!is_of_the_feed, "the feed forks from itself");
                }
                other => panic!("refused for {}", other.as_str()),
            },
        }
    }

    fn holds(&self) {
        assert!(
            self.stored.iter().eq(self.sent.iter().take(self.stored.len()).map(|(_, id)| id)),
            "not the feed's beginning"
        );
        assert_eq!(self.inbound.sequence(), self.stored.len() as u64);
        assert_eq!(self.outbound.sequence(), self.sent.len() as u64);
        for (i, (position, _)) in self.sent.iter().enumerate() {
            assert_eq!(position.sequence, i as u64 + 1, "numbers count from 1 without a gap");
            assert_eq!(position.previous, i.checked_sub(1).map(|i| self.sent[i].1), "each names the one before");
        }
    }
}
