//! A warning is published while much waits for a slow reader. In which place is it handed over?

use std::time::Duration;

use watchfire::{
    domain::fault::Fault,
    store::Store,
    wire::{
        self,
        proto::{SubscribeRequest, exchange_service_client::ExchangeServiceClient},
        status::to_fault,
    },
};

use crate::{book::Broken, cast::Org, machine::MESSAGE, net::Seen, plan::Draft, world::World};

const ROUTINE: Draft = Draft { place: "ML", tlp: "GREEN", level: 1, onward: true };
const WARNING: Draft = Draft { level: 5, ..ROUTINE };
/// What the hub publishes first.
const ROUTINES: usize = 3;
/// How many entries may be numbered while one is in transit: the next, and one more if they are small.
const AHEAD: u64 = 2;

impl World {
    /// The hub's feed to a reader that takes one entry a second, and breaks off before it has stored any. Once it takes the first one, the hub
    /// publishes a warning.
    pub async fn overtake(&mut self) -> Result<String, Fault> {
        let (giver, taker) = (Org::Ecowas, Org::Gh);
        for _ in 0..ROUTINES {
            self.publish(giver, &ROUTINE, None).await?;
        }
        let place = self.machines[&taker].disk.store()?;
        let (after, release) = {
            let place = Store::inbound(&*place, &giver.domain()).await?;
            (place.sequence, place.release)
        };
        if self.numbered(giver, taker).await? != after {
            return Ok("what was numbered before goes first".to_owned());
        }
        let mut client = ExchangeServiceClient::new(self.net.connect_live(taker, giver))
            .max_decoding_message_size(MESSAGE)
            .max_encoding_message_size(MESSAGE);
        let after_release_id = release.map(|id| id.0.to_vec()).unwrap_or_default().into();
        let asked = SubscribeRequest { after_sequence: after, until_caught_up: true, after_release_id };
        let mut feed = client.subscribe(asked).await.map_err(|s| to_fault(&s))?.into_inner();
        let (mut taken, mut warning) = (0, None);
        while let Some(message) = feed.message().await.map_err(|s| to_fault(&s))? {
            let entry = wire::entry::from_proto(message)?;
            let at = self.machines[&giver].now();
            let named = wire::release::decode(&entry.release.payload).ok().map(|r| (r.manifest, r.position.sequence));
            self.net.see(Seen::Entry { giver, taker, entry: Box::new(entry), at });
            self.truth += 1;
            self.set_clocks();
            taken += 1;
            let Some((manifest, sequence)) = named else { continue };
            match warning {
                None if taken == 1 && self.numbers_more(giver, taker, sequence).await? => {
                    self.publish_beside(giver, &WARNING, None).await?;
                    let numbered = self.numbered(giver, taker).await?;
                    warning = Some((self.book.made.last().unwrap().manifest, numbered));
                    self.must_not_run_ahead(numbered, sequence);
                }
                Some((warning, numbered)) if warning == manifest => self.must_be_next(sequence - numbered),
                _ => {}
            }
        }
        Ok(format!("{taken} entries were on their way"))
    }

    /// Waits until more than that is numbered. Returns `false` if nothing is due any more. So the same is numbered each time that a seed is run.
    async fn numbers_more(&self, giver: Org, taker: Org, sequence: u64) -> Result<bool, Fault> {
        let (store, now) = (self.machines[&giver].disk.store()?, self.machines[&giver].now());
        while self.numbered(giver, taker).await? <= sequence {
            if Store::due(&*store, &taker.domain(), now, 1).await?.is_empty() {
                return Ok(self.numbered(giver, taker).await? > sequence);
            }
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
        Ok(true)
    }

    async fn numbered(&self, giver: Org, taker: Org) -> Result<u64, Fault> {
        let store = self.machines[&giver].disk.store()?;
        Ok(Store::outbound(&*store, &taker.domain()).await?.sequence)
    }

    fn must_not_run_ahead(&mut self, numbered: u64, taken: u64) {
        if numbered > taken + AHEAD {
            let what = format!("the reader took number {taken}, and {numbered} are numbered");
            self.has_shown(Broken { invariant: "little is numbered ahead", what });
        }
    }

    /// Counts those that were not numbered when it was published. One of the other originator's entries may go before each of the hub's.
    fn must_be_next(&mut self, place: u64) {
        let Some(foes) = &mut self.foes else { return };
        let others = 2 * foes.warnings;
        (foes.warnings, foes.placed) = (foes.warnings + 1, foes.placed + 1);
        self.trace.line(format!("      the warning has place {place}"));
        if place > others + 2 + AHEAD {
            let what = format!("it has place {place}");
            self.has_shown(Broken { invariant: "a warning is handed over next", what });
        }
    }

    /// What an attack has shown. The first finding counts.
    pub fn has_shown(&mut self, broken: Broken) {
        if let Some(foes) = &mut self.foes {
            foes.broken.get_or_insert(broken);
        }
    }
}
