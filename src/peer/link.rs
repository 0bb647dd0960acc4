//! One connection to a partner that this node has dialled: hello, statements, the feed, attachments.

use std::{sync::Arc, time::Duration};

use prost::Message;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Request, Streaming, body::Body, client::GrpcService, codegen::StdError};

use super::{
    hello,
    lists::{self, ListPiece},
    statements,
};
use crate::{
    domain::{
        entry::FeedEntry,
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        refusal,
    },
    identity::{trust::Lapse, verifier::fault_of},
    node::{Node, revocations::exchanged::Wanted},
    transport::dialler::RefundedChannel,
    wire::{self, proto, proto::exchange_service_client::ExchangeServiceClient, status::told_by_partner},
};

/// The longest time for a call with one answer.
const CALL: Duration = Duration::from_secs(20);
/// How many hellos follow each other at most.
const HELLOS: u32 = 3;
/// How much is checked and committed together at most, in KiB. A single larger entry is a batch of its own.
const BATCH_KIB: usize = 1024;
/// How much is read ahead at most, including what is being checked, in KiB. The largest message fits.
const AHEAD_KIB: usize = 4 * 1024 + 1;
/// After how long statements or attachments that could not be taken are fetched again.
const AGAIN: Duration = Duration::from_secs(30);
/// How many pages of statements are fetched at most before the feed is read. Further pages are fetched in parallel to the feed.
const ROUNDS: u32 = 64;
/// The pause between two pages of statements.
const PAUSE: Duration = Duration::from_millis(100);

/// Carries calls to the partner's service and returns the answers. It is a channel over mutual TLS, or the simulated network.
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
    lapse_check: LapseCheck,
}

/// Returns the revocation list of the node at the other end if it is past its next update.
type LapseCheck = Arc<dyn Fn() -> Option<Lapse> + Send + Sync>;

fn call<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL);
    request
}

/// The longest time for transferring a revocation list.
const LIST: Duration = Duration::from_secs(120);

fn list_call<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(LIST);
    request
}

impl<C: Carrier> Link<C> {
    /// A connection of `node` to `partner`. No message is longer than `message_bytes` bytes.
    pub fn new(node: Arc<Node>, partner: TrustDomain, carrier: C, message_bytes: usize) -> Self {
        let client = ExchangeServiceClient::new(carrier)
            .max_decoding_message_size(message_bytes)
            .max_encoding_message_size(message_bytes);
        Self { node, partner, client, pause: PAUSE, lapse_check: Arc::new(|| None) }
    }

    /// Sets the function that tells whether the revocation list of the node at the other end is past its next update. In that case only lists
    /// are exchanged.
    #[must_use]
    pub fn judged_by(self, lapse_check: impl Fn() -> Option<Lapse> + Send + Sync + 'static) -> Self {
        Self { lapse_check: Arc::new(lapse_check), ..self }
    }

    /// Removes the pauses between pages of statements. In a simulation, time does not pass by waiting.
    #[must_use]
    pub fn without_pauses(self) -> Self {
        Self { pause: Duration::ZERO, ..self }
    }

    /// The steps that come first on every connection, in this order: hello, the statements that wait here, the statements that wait at the
    /// partner.
    ///
    /// # Errors
    /// What ends the connection.
    pub async fn begin(&mut self) -> Result<(), Fault> {
        self.hello().await?;
        if let Some(lapse) = (self.lapse_check)() {
            return Err(lapse.refusal(&self.partner, self.node.domain()));
        }
        self.deliver().await?;
        self.collect(false).await
    }

    /// The first call. If the partner refuses this node's certificate, it shows here. If the partner holds another head of this node than
    /// assumed, or there is more to exchange about ledgers, hello is repeated at once.
    ///
    /// # Errors
    /// The partner's refusal, or that it can't be reached.
    pub async fn hello(&mut self) -> Result<(), Fault> {
        for n in 0..HELLOS {
            let is_limited_there = (self.lapse_check)().is_some();
            // Before the first call nothing is connected, so that nobody knows yet whether a list that is past its next update
            // covers the partner's certificate.
            let is_guess = n == 0 && !is_limited_there && self.node.revocations.has_lapsed_list(&self.partner);
            let is_limited = is_guess || is_limited_there;
            let said = hello::request(&self.node, &self.partner, is_limited).await;
            let sizes = hello::sizes(&said);
            let answer = self.client.hello(call(said)).await;
            // If this side refused the other side's certificate, its own error says why.
            let why =
                |s: tonic::Status| fault_of(&s).map_or_else(|| told_by_partner(&s), |f| refusal::by_this_side(&f));
            let (answer, wanted_there) = hello::answered(answer.map_err(why)?.into_inner());
            self.node.assessments.heard_of(&self.partner);
            let heard = hello::take(&self.node, &self.partner, answer, Some(sizes.held), is_limited).await?;
            let next = heard.next;
            self.exchange_lists(heard.wanted, wanted_there).await?;
            if is_guess && (self.lapse_check)().is_none() {
                continue;
            }
            let is_behind_there = next.holds.is_some_and(|holds| holds != sizes.own);
            if !next.again && !is_behind_there {
                break;
            }
        }
        Ok(())
    }

    /// Fetches the lists that this side wants, and hands over those that the other side wants. A list that does not arrive is logged and asked
    /// for again with the next hello.
    async fn exchange_lists(&mut self, here: Vec<Wanted>, there: Vec<Sha256>) -> Result<(), Fault> {
        for wanted in here {
            let is_own = wanted.of.is_none();
            let fetched = self.fetch_list(wanted).await;
            // Lists of other organisations must not hold up the feed.
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
        let piece = move |ListPiece { offset, data, issuers }: ListPiece| {
            let sha256 = if offset == 0 { name.clone() } else { vec![] };
            let issuers = issuers.into_iter().map(Into::into).collect();
            proto::SubmitRevocationListRequest { sha256: sha256.into(), data: data.into(), issuers }
        };
        let pieces = futures_util::stream::iter(lists::pieces(&crl, 0).map(piece));
        let taken = self.client.submit_revocation_list(list_call(pieces)).await;
        taken.map(|_| ()).map_err(|s| told_by_partner(&s))
    }

    /// Logs a fault and continues. Only a broken link is an error.
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

    /// Hands over the statements that wait, each once. Statements that the partner can't take at the moment stay. The feed does not wait for
    /// them.
    ///
    /// # Errors
    /// What ends the connection, and faults of the store.
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
                return Err(Fault::new(Reason::InvalidArgument, "the partner did not answer every statement"));
            }
            statements::settle(&self.node, &self.partner, waiting.iter().zip(&outcomes)).await?;
        }
    }

    /// Fetches the statements that wait for this node at the partner. (The partner may be unable to dial this node.) Fetches all that are there,
    /// or without end if `is_for_ever`. A fault other than a broken link does not end the feed; it is tried again later.
    ///
    /// # Errors
    /// `UNAVAILABLE`, if the link is broken.
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
                // Statements that stay at the partner would come again at once.
                self.fetch_page(std::mem::take(&mut settled), 0).await?;
                if !is_for_ever {
                    return Ok(());
                }
                tokio::time::sleep(AGAIN).await;
            }
            // A pause, so that a partner that always answers at once costs little.
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
    /// The reason why the feed ended. The entries before that are stored and acknowledged.
    pub async fn follow(&mut self, until_caught_up: bool) -> Result<(), Fault> {
        let (after_sequence, release) = self.node.monitor.inbound_place(&self.partner).await?;
        let after_release_id = release.map(|id| id.0.to_vec()).unwrap_or_default().into();
        let request = proto::SubscribeRequest { after_sequence, until_caught_up, after_release_id };
        let stream = self.client.subscribe(request).await.map_err(|s| told_by_partner(&s))?.into_inner();
        // The channel has room for as many entries as the byte budget, because each takes a place in it.
        let (ahead, mut waiting) = mpsc::channel(AHEAD_KIB);
        // When this function returns, the reading task and the stream end too.
        let _reader = AbortOnDropHandle::new(tokio::spawn(read(stream, ahead)));
        let mut acknowledged = None;
        let outcome = loop {
            let Some(first) = waiting.recv().await else { break Ok(()) };
            let batch = EntryBatch::begun(first, &mut waiting);
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
        entries: Vec<FeedEntry>,
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
                // The next acknowledgement covers this one.
                tracing::debug!(%partner, reason = %told_by_partner(&status).reason, "an acknowledgement did not get through");
            }
        }));
        received.map(|_| ())
    }

    /// Fetches the missing bytes of disclosed attachments, each from where it was interrupted.
    ///
    /// # Errors
    /// `UNAVAILABLE`, if the link is broken; faults of the store.
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

/// An entry with its share of the read-ahead budget.
type PermittedEntry = (FeedEntry, OwnedSemaphorePermit);

/// The entries that are checked and committed together.
#[derive(Default)]
struct EntryBatch {
    entries: Vec<FeedEntry>,
    /// Held until the whole batch is stored.
    places: Vec<OwnedSemaphorePermit>,
    /// Why the feed ended after these entries.
    end: Option<Fault>,
}

impl EntryBatch {
    /// Begins with one entry, and adds as many of those that are already there as fit into a batch.
    fn begun(
        first: Result<PermittedEntry, Fault>,
        waiting: &mut mpsc::Receiver<Result<PermittedEntry, Fault>>,
    ) -> Self {
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

/// Reads entries ahead. When the byte budget is used up, it stops reading, which holds the partner back.
async fn read(mut stream: Streaming<proto::FeedEntry>, ahead: mpsc::Sender<Result<PermittedEntry, Fault>>) {
    let budget = Arc::new(Semaphore::new(AHEAD_KIB));
    loop {
        let item = match stream.message().await {
            Ok(Some(entry)) => {
                // A message has at most 4 MiB, so each fits into the budget.
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
