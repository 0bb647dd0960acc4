//! One connection to a partner, dialled from here: hello, statements, the feed, attachments.

use std::{sync::Arc, time::Duration};

use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Request, Streaming, body::Body, client::GrpcService, codegen::StdError};

use super::{hello, lists, statements};
use crate::{
    domain::{
        entry::Entry,
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        refusal,
    },
    identity::{trust::Lapse, verifier::fault_of},
    node::{Node, revocations::exchanged::Wanted},
    transport::dialler::RefundedChannel,
    wire::{self, proto, proto::exchange_service_client::ExchangeServiceClient, status::told_by_partner},
};

/// The longest that a call with one answer may take.
const CALL: Duration = Duration::from_secs(20);
/// How often hello is said in a row at most.
const HELLOS: u32 = 3;
/// How many bytes are checked and committed together at most, KiB; or one entry.
const BATCH_KIB: usize = 1024;
/// How much is read ahead at most, with what is checked at the moment, KiB: one message of the largest finds its place.
const AHEAD_KIB: usize = 4 * 1024 + 1;
/// When what could not be taken is fetched again.
const AGAIN: Duration = Duration::from_secs(30);
/// The most pages of statements that are fetched before the feed is read; the others come beside it.
const ROUNDS: u32 = 64;
/// Between two pages of statements.
const PAUSE: Duration = Duration::from_millis(100);

/// What takes calls to the partner's service and gives the answers: a channel over mutual TLS, or in a simulation the
/// simulated network.
pub trait Carrier:
    GrpcService<Body, ResponseBody = Body, Error: Into<StdError>, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<T> Carrier for T where
    T: GrpcService<Body, ResponseBody = Body, Error: Into<StdError>, Future: Send> + Clone + Send + Sync + 'static
{
}

/// A connection to a partner.
#[derive(Clone)]
pub struct Link<C = RefundedChannel> {
    node: Arc<Node>,
    partner: TrustDomain,
    client: ExchangeServiceClient<C>,
    pause: Duration,
    standing: LapseCheck,
}

/// Returns the revocation list of the node at the other end if it is past its next update.
type LapseCheck = Arc<dyn Fn() -> Option<Lapse> + Send + Sync>;

fn call<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL);
    request
}

/// The longest that a revocation list may take.
const LIST: Duration = Duration::from_secs(120);

fn list_call<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(LIST);
    request
}

impl<C: Carrier> Link<C> {
    /// A connection of `node` to `partner`; no message is longer than `message_bytes`.
    pub fn new(node: Arc<Node>, partner: TrustDomain, carrier: C, message_bytes: usize) -> Self {
        let client = ExchangeServiceClient::new(carrier)
            .max_decoding_message_size(message_bytes)
            .max_encoding_message_size(message_bytes);
        Self { node, partner, client, pause: PAUSE, standing: Arc::new(|| None) }
    }

    /// The same, where `standing` tells whether the revocation list of the node at the other end is past its next update. Then
    /// nothing but lists is exchanged.
    #[must_use]
    pub fn judged_by(self, standing: impl Fn() -> Option<Lapse> + Send + Sync + 'static) -> Self {
        Self { standing: Arc::new(standing), ..self }
    }

    /// The same without pauses between pages of statements: time is simulated, and does not pass by waiting.
    #[must_use]
    pub fn without_pauses(self) -> Self {
        Self { pause: Duration::ZERO, ..self }
    }

    /// What comes first on every connection, in this order: hello, the statements that wait here, those that wait there.
    ///
    /// # Errors
    /// Whatever ends the connection.
    pub async fn begin(&mut self) -> Result<(), Fault> {
        self.hello().await?;
        if let Some(lapse) = (self.standing)() {
            return Err(lapse.refusal(&self.partner, self.node.domain()));
        }
        self.deliver().await?;
        self.collect(false).await
    }

    /// The first call: a refusal of this node's certificate shows here. Where the partner holds another head of this node than
    /// was thought, or there is more to say of ledgers, it is said at once.
    ///
    /// # Errors
    /// The partner's refusal, or that it can't be reached.
    pub async fn hello(&mut self) -> Result<(), Fault> {
        for n in 0..HELLOS {
            let is_limited_there = (self.standing)().is_some();
            // Before the first call nothing is connected, so that nobody knows yet whether a list that is past its next update
            // covers the partner's certificate.
            let is_guess = n == 0 && !is_limited_there && self.node.revocations.has_lapsed_list(&self.partner);
            let is_limited = is_guess || is_limited_there;
            let said = hello::request(&self.node, &self.partner, is_limited).await;
            let sizes = hello::sizes(&said);
            let answer = self.client.hello(call(said)).await;
            // Where this side refused the other's certificate, it knows why in its own words.
            let why =
                |s: tonic::Status| fault_of(&s).map_or_else(|| told_by_partner(&s), |f| refusal::by_this_side(&f));
            let (answer, wanted_there) = hello::answered(answer.map_err(why)?.into_inner());
            self.node.assessments.heard_of(&self.partner);
            let heard = hello::take(&self.node, &self.partner, answer, Some(sizes.held), is_limited).await?;
            let next = heard.next;
            self.exchange_lists(heard.wanted, wanted_there).await?;
            if is_guess && (self.standing)().is_none() {
                continue;
            }
            let is_behind_there = next.holds.is_some_and(|holds| holds != sizes.own);
            if !next.again && !is_behind_there {
                break;
            }
        }
        Ok(())
    }

    /// Fetches the lists that this side wants, and hands over those that the other side wants. A list that does not come is in
    /// the log; it is asked for again with the next hello.
    async fn exchange_lists(&mut self, here: Vec<Wanted>, there: Vec<Sha256>) -> Result<(), Fault> {
        for wanted in here {
            let is_own = wanted.of.is_none();
            let fetched = self.fetch_list(wanted).await;
            // Nothing of others holds the feed up.
            self.passed("fetched", fetched).or_else(|fault| if is_own { Err(fault) } else { Ok(()) })?;
        }
        for sha256 in there {
            let handed_over = self.hand_over_list(&sha256).await;
            self.passed("handed over", handed_over)?;
        }
        Ok(())
    }

    async fn fetch_list(&mut self, wanted: Wanted) -> Result<(), Fault> {
        let request = proto::FetchRevocationListRequest { sha256: wanted.list.sha256.0.to_vec().into(), offset: 0 };
        let pieces = self.client.fetch_revocation_list(list_call(request)).await;
        let mut pieces = pieces.map_err(|s| told_by_partner(&s))?.into_inner();
        let mut list = lists::Gathered::new(wanted);
        while let Some(piece) = pieces.message().await.map_err(|s| told_by_partner(&s))? {
            list.add(&piece.data, piece.issuers.into_iter().map(Into::into).collect())?;
        }
        if !list.is_whole() {
            return Err(Fault::new(Reason::NotFound, "the revocation list ended early"));
        }
        list.take(&self.node, &self.partner).await
    }

    async fn hand_over_list(&mut self, sha256: &Sha256) -> Result<(), Fault> {
        let crl = self.node.revocations.list_for(&self.partner, sha256).await?;
        let name = sha256.0.to_vec();
        let piece = move |(at, data, issuers): (usize, Vec<u8>, Vec<Vec<u8>>)| {
            let sha256 = if at == 0 { name.clone() } else { vec![] };
            let issuers = issuers.into_iter().map(Into::into).collect();
            proto::SubmitRevocationListRequest { sha256: sha256.into(), data: data.into(), issuers }
        };
        let pieces = futures_util::stream::iter(lists::pieces(&crl, 0).map(piece));
        let taken = self.client.submit_revocation_list(list_call(pieces)).await;
        taken.map(|_| ()).map_err(|s| told_by_partner(&s))
    }

    /// Only a broken link ends it.
    fn passed(&self, what: &str, done: Result<(), Fault>) -> Result<(), Fault> {
        match done {
            Err(fault) if fault.reason == Reason::Unavailable => Err(fault),
            Err(fault) => {
                tracing::warn!(partner = %self.partner, reason = %fault.reason, what = %fault.message, "a revocation list was not {what}");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Hands over the statements that wait, each once. What the partner can't take at the moment stays: the feed does not
    /// wait for it.
    ///
    /// # Errors
    /// Whatever ends the connection; store faults.
    pub async fn deliver(&mut self) -> Result<(), Fault> {
        let mut after = 0;
        loop {
            let waiting = self.node.outbox.waiting(&self.partner, after, statements::PAGE).await?;
            let Some(last) = waiting.last() else { return Ok(()) };
            after = last.id;
            let statements = waiting.iter().map(|w| wire::envelope::to_proto(&w.envelope)).collect();
            let answer = self.client.submit_statements(call(proto::SubmitStatementsRequest { statements })).await;
            let outcomes = answer.map_err(|s| told_by_partner(&s))?.into_inner().outcomes;
            if outcomes.len() != waiting.len() {
                return Err(Fault::new(Reason::InvalidArgument, "the partner did not answer for every statement"));
            }
            statements::settle(&self.node, &self.partner, waiting.iter().zip(&outcomes)).await?;
        }
    }

    /// Fetches the statements that wait for this node at the partner, which may not be able to dial it: all that are there,
    /// or for ever. A fault other than a broken link is not the feed's: it is tried again later.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the link is broken.
    pub async fn collect(&mut self, is_for_ever: bool) -> Result<(), Fault> {
        let (wait_seconds, rounds) = if is_for_ever { (statements::LONGEST_WAIT, u32::MAX) } else { (0, ROUNDS) };
        let mut settled = vec![];
        for _ in 0..rounds {
            let page = match self.fetch_page(std::mem::take(&mut settled), wait_seconds).await {
                Ok(page) => page,
                Err(fault) if fault.reason == Reason::Unavailable => return Err(fault),
                Err(fault) => {
                    tracing::warn!(partner = %self.partner, reason = %fault.reason, "could not fetch statements");
                    if !is_for_ever {
                        return Ok(());
                    }
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            };
            if page.is_empty() && !is_for_ever {
                return Ok(());
            }
            for waiting in page.into_iter().take(statements::PAGE) {
                let proto::WaitingStatement { ticket, statement } = waiting;
                let outcome = statements::take(&self.node, &self.partner, statement.unwrap_or_default()).await;
                settled.push(proto::SettledStatement { ticket, outcome: Some(outcome) });
            }
            if settled.iter().filter_map(|s| s.outcome.as_ref()).any(statements::is_passing) {
                // What stays there would come again at once.
                self.fetch_page(std::mem::take(&mut settled), 0).await?;
                if !is_for_ever {
                    return Ok(());
                }
                tokio::time::sleep(AGAIN).await;
            }
            // A partner that answers at once, for ever, costs little.
            tokio::time::sleep(self.pause).await;
        }
        Ok(())
    }

    async fn fetch_page(
        &mut self,
        settled: Vec<proto::SettledStatement>,
        wait_seconds: u32,
    ) -> Result<Vec<proto::WaitingStatement>, Fault> {
        let mut request = Request::new(proto::FetchStatementsRequest { settled, wait_seconds });
        request.set_timeout(CALL + Duration::from_secs(wait_seconds.into()));
        let answer = self.client.fetch_statements(request).await.map_err(|s| told_by_partner(&s))?;
        Ok(answer.into_inner().statements)
    }

    /// Follows the feed from the stored position until it ends. Entries are read ahead while others are checked.
    ///
    /// # Errors
    /// Why the feed ended; what came before it is stored and acknowledged.
    pub async fn follow(&mut self, until_caught_up: bool) -> Result<(), Fault> {
        let (after_sequence, release) = self.node.monitor.inbound_place(&self.partner).await?;
        let after_release_id = release.map(|id| id.0.to_vec()).unwrap_or_default().into();
        let request = proto::SubscribeRequest { after_sequence, until_caught_up, after_release_id };
        let stream = self.client.subscribe(request).await.map_err(|s| told_by_partner(&s))?.into_inner();
        // As many entries as the budget of their bytes has room for: each takes a place there.
        let (ahead, mut waiting) = mpsc::channel(AHEAD_KIB);
        // Whatever ends this ends the reading, and the stream with it.
        let _reader = AbortOnDropHandle::new(tokio::spawn(read(stream, ahead)));
        let mut acknowledged = None;
        let outcome = loop {
            let Some(first) = waiting.recv().await else { break Ok(()) };
            let batch = Batch::begun(first, &mut waiting);
            if let Err(fault) = self.take(batch.entries, &mut acknowledged).await {
                break Err(fault);
            }
            if let Some(fault) = batch.end {
                break Err(fault);
            }
        };
        if let Some(task) = acknowledged {
            // The last acknowledgement goes out before the link is given up.
            let _ = tokio::time::timeout(CALL, task).await;
        }
        outcome
    }

    /// Stores a batch, then acknowledges it while the next one is checked.
    async fn take(
        &mut self,
        entries: Vec<Entry>,
        acknowledged: &mut Option<tokio::task::JoinHandle<()>>,
    ) -> Result<(), Fault> {
        if entries.is_empty() {
            return Ok(());
        }
        let received = self.node.inbound.receive(&self.partner, entries).await;
        let sequence = match &received {
            Ok(received) => received.sequence,
            Err(_) => self.node.monitor.inbound_position(&self.partner).await?,
        };
        if let Some(before) = acknowledged.take() {
            let _ = before.await;
        }
        let mut client = self.client.clone();
        let partner = self.partner.clone();
        *acknowledged = Some(tokio::spawn(async move {
            if let Err(status) = client.acknowledge(call(proto::AcknowledgeRequest { sequence })).await {
                // The next one says the same and more.
                tracing::debug!(%partner, reason = %told_by_partner(&status).reason, "an acknowledgement did not get through");
            }
        }));
        received.map(|_| ())
    }

    /// Fetches what disclosed attachments lack, each from where it was cut off.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the link is broken; store faults.
    pub async fn fetch_attachments(&mut self) -> Result<(), Fault> {
        for (sha256, size) in self.node.assessments.wanted_from(&self.partner).await? {
            if let Err(fault) = self.fetch(&sha256, size).await {
                tracing::warn!(partner = %self.partner, reason = %fault.reason, "an attachment did not come");
                if fault.reason == Reason::Unavailable {
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    async fn fetch(&mut self, sha256: &Sha256, size: u64) -> Result<(), Fault> {
        let mut offset = self.node.assessments.sent_status(&self.partner, sha256).await?.stored;
        if offset == size {
            // There are no bytes to come, from the beginning or since this node was cut off: the whole is yet to be checked.
            return self.node.assessments.take_chunk(&self.partner, sha256, size, offset, vec![]).await.map(drop);
        }
        let request = proto::FetchAttachmentRequest { sha256: sha256.0.to_vec().into(), offset };
        let mut chunks = self.client.fetch_attachment(request).await.map_err(|s| told_by_partner(&s))?.into_inner();
        while offset < size {
            let Some(chunk) = chunks.message().await.map_err(|s| told_by_partner(&s))? else {
                return Err(Fault::new(Reason::NotFound, "the attachment ended early"));
            };
            let status =
                self.node.assessments.take_chunk(&self.partner, sha256, size, offset, chunk.data.into()).await?;
            if status.stored <= offset {
                return Err(Fault::new(Reason::InvalidArgument, "the partner sent an empty chunk"));
            }
            offset = status.stored;
        }
        Ok(())
    }
}

/// An entry with its place in the budget of what is read ahead.
type Weighed = (Entry, OwnedSemaphorePermit);

/// What is checked and committed together.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    /// Held until all of it is stored.
    places: Vec<OwnedSemaphorePermit>,
    /// Why the feed has ended behind these.
    end: Option<Fault>,
}

impl Batch {
    /// The first, and of what is there already as many more as a batch has room for.
    fn begun(first: Result<Weighed, Fault>, waiting: &mut mpsc::Receiver<Result<Weighed, Fault>>) -> Self {
        let (mut batch, mut next) = (Self::default(), Some(first));
        let mut kib = 0;
        while let Some(item) = next {
            match item {
                Ok((entry, place)) => {
                    kib += place.num_permits();
                    batch.entries.push(entry);
                    batch.places.push(place);
                }
                Err(fault) => batch.end = Some(fault),
            }
            let is_full = batch.end.is_some() || kib >= BATCH_KIB;
            next = if is_full { None } else { waiting.try_recv().ok() };
        }
        batch
    }
}

/// Reads entries ahead; the bound of their bytes together is what holds the partner back.
async fn read(mut stream: Streaming<proto::FeedEntry>, ahead: mpsc::Sender<Result<Weighed, Fault>>) {
    let budget = Arc::new(Semaphore::new(AHEAD_KIB));
    loop {
        let item = match stream.message().await {
            Ok(Some(entry)) => {
                // A message is at most 4 MiB, so that each finds its place in the budget.
                let weight = (entry.encoded_len() / 1024 + 1).min(AHEAD_KIB);
                let weight = u32::try_from(weight).unwrap_or(u32::MAX);
                let Ok(place) = budget.clone().acquire_many_owned(weight).await else { return };
                wire::entry::from_proto(entry).map(|entry| (entry, place))
            }
            Ok(None) => return,
            Err(status) => Err(told_by_partner(&status)),
        };
        let is_end = item.is_err();
        if ahead.send(item).await.is_err() || is_end {
            return;
        }
    }
}
