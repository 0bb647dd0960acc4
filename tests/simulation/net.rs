//! The simulated network. One node's follower calls another's real service, with losses, repeats, delays and cuts. The messages pass as bytes:
//! both ends encode and decode as over TLS and HTTP/2, which are left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Status, body::Body};
use tower::{Service, ServiceExt};
use watchfire::{
    domain::{
        budget::Budgets,
        entry::FeedEntry,
        fault::Fault,
        time::{Clock, Time},
    },
    identity::trust::{AdmittedPeers, Lapse, TlsUsage},
    peer::service::Exchange,
    transport::{PeerAccess, limits::Limits, listener::PeerIdentity, rate_limit::RateLimits, tls_config::TlsConfig},
    wire::{self, proto, proto::exchange_service_server::ExchangeServiceServer},
};

use crate::{
    cast::{Org, Ring, Whose},
    clock::SimClock,
    disk::Disk,
    garble::garbled,
    mutants::{self, Mutant},
    trace::Trace,
};

/// A mishap of the n-th call of a connection, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mishap {
    pub call: u8,
    pub what: What,
}

/// What happens to a call, or to the messages of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// It never arrives.
    LostThere,
    /// It is processed, and the answer never arrives.
    LostBack,
    /// It arrives twice, and the second answer counts.
    Twice,
    /// An older call of its kind arrives again, just before it.
    Late,
    /// The feed is cut off after this many messages.
    CutAfter(u8),
    /// A message of the feed is left out.
    Missing(u8),
    /// A message of the feed comes twice.
    Doubled(u8),
    /// A message of the feed comes after the next one.
    Swapped(u8),
}

/// A node that can be reached.
#[derive(Clone)]
pub struct Station {
    pub service: ExchangeServiceServer<Exchange>,
    pub disk: Arc<Disk>,
    /// What its listener and its dialler use to verify the other end.
    pub gate: Arc<TlsConfig>,
    pub clock: SimClock,
}

/// What was seen on the wire.
pub enum Seen {
    /// An entry left its giver.
    Entry { giver: Org, taker: Org, entry: Box<FeedEntry>, at: Time },
    /// The taker said that everything up to this number is stored.
    Acknowledged { taker: Org, giver: Org, sequence: u64 },
    /// A node showed a head of its ledger.
    Head { by: Org, to: Org, note: Vec<u8> },
    /// A node said hello, without anything about its ledger.
    Silence { by: Org, to: Org },
}

impl Seen {
    /// Who says that something is stored.
    pub fn promised_by(&self) -> Option<Org> {
        match self {
            Self::Acknowledged { taker, .. } => Some(*taker),
            Self::Entry { .. } | Self::Head { .. } | Self::Silence { .. } => None,
        }
    }
}

#[derive(Default)]
struct State {
    stations: BTreeMap<Org, Station>,
    rings: BTreeMap<Org, Ring>,
    broken: BTreeSet<(Org, Org)>,
    away: BTreeSet<Org>,
    mishaps: Vec<Mishap>,
    calls: u8,
    older: BTreeMap<(Org, Org, String), Vec<Bytes>>,
    seen: Vec<Seen>,
}

/// The network.
pub struct Net {
    state: Mutex<State>,
    /// How much the nodes accept and keep from each partner.
    pub budgets: Budgets,
    trace: Arc<Trace>,
    mutant: Option<Mutant>,
}

fn pair(a: Org, b: Org) -> (Org, Org) {
    (a.min(b), a.max(b))
}

impl Net {
    pub fn new(trace: Arc<Trace>, mutant: Option<Mutant>) -> Arc<Self> {
        Self::with(trace, mutant, Budgets::default())
    }

    /// Sets how much nodes on it accept from each partner.
    pub fn with(trace: Arc<Trace>, mutant: Option<Mutant>, budgets: Budgets) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), budgets, trace, mutant })
    }

    pub fn join(&self, org: Org, station: Station) {
        self.state.lock().unwrap().stations.insert(org, station);
    }

    pub fn leave(&self, org: Org) {
        self.state.lock().unwrap().stations.remove(&org);
    }

    /// Sets what an organisation's node shows in TLS from now on.
    pub fn shows(&self, org: Org, ring: &Ring) {
        self.state.lock().unwrap().rings.insert(org, ring.clone());
    }

    pub fn set_broken(&self, a: Org, b: Org, is_broken: bool) {
        let mut state = self.state.lock().unwrap();
        if is_broken {
            state.broken.insert(pair(a, b));
        } else {
            state.broken.remove(&pair(a, b));
        }
    }

    pub fn set_away(&self, org: Org, is_away: bool) {
        let mut state = self.state.lock().unwrap();
        if is_away {
            state.away.insert(org);
        } else {
            state.away.remove(&org);
        }
    }

    pub fn heal(&self) {
        let mut state = self.state.lock().unwrap();
        state.broken.clear();
        state.away.clear();
    }

    /// Opens a connection. Its mishaps refer to the number of the call.
    pub fn connect(self: &Arc<Self>, from: Org, to: Org, mishaps: &[Mishap]) -> Carrier {
        let mut state = self.state.lock().unwrap();
        state.mishaps = mishaps.to_vec();
        state.calls = 0;
        Carrier { net: self.clone(), from, to, is_live: false, admitted: Arc::default() }
    }

    /// The same. The messages of the answer are taken one by one, each when it is requested.
    pub fn connect_live(self: &Arc<Self>, from: Org, to: Org) -> Carrier {
        Carrier { is_live: true, ..self.connect(from, to, &[]) }
    }

    /// Returns what was seen since the last call.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state.lock().unwrap().seen)
    }

    pub fn see(&self, seen: Seen) {
        self.state.lock().unwrap().seen.push(seen);
    }
}

/// A connection of one node to another.
#[derive(Clone)]
pub struct Carrier {
    net: Arc<Net>,
    from: Org,
    to: Org,
    is_live: bool,
    /// After the handshake: what this side may do at the other, and what the other may do here.
    admitted: Arc<Mutex<Option<[PeerAccess; 2]>>>,
}

impl Service<http::Request<Body>> for Carrier {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let carrier = self.clone();
        Box::pin(async move { Ok(carrier.carry(request).await.unwrap_or_else(|lost| lost.into_http())) })
    }
}

fn lost(why: &str) -> Status {
    Status::unavailable(why)
}

/// The name of the call: the last part of its path.
fn method(parts: &http::request::Parts) -> String {
    parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned()
}

/// The messages in a body, each with a flag and its length before it.
fn messages(mut data: &[u8]) -> Vec<Bytes> {
    let mut all = vec![];
    while let Some(head) = data.get(1..5) {
        let end = 5 + usize::try_from(u32::from_be_bytes(head.try_into().unwrap())).unwrap();
        all.push(Bytes::copy_from_slice(&data[..end]));
        data = &data[end..];
    }
    all
}

/// A whole answer.
struct Answer {
    parts: http::response::Parts,
    messages: Vec<Bytes>,
    trailers: Option<http::HeaderMap>,
}

impl Carrier {
    async fn carry(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| lost("the request was cut off"))?.to_bytes();
        let (name, to) = (method(&parts), self.station(self.to)?);
        let number = {
            let mut state = self.net.state.lock().unwrap();
            let is_away = |org| state.away.contains(org);
            if state.broken.contains(&pair(self.from, self.to)) || [self.from, self.to].iter().any(is_away) {
                return Err(lost("no way there"));
            }
            let number = state.calls;
            state.calls = state.calls.saturating_add(1);
            number
        };
        let access = self.shake_hands(&to).map_err(watchfire::wire::status::from_fault)?;
        let carried = |body| (body, access.clone());
        self.look_at(&name, &body);
        let mishap = self.mishap(number);
        self.note(&name, mishap);
        match mishap {
            Some(What::LostThere) => return Err(lost("lost on its way there")),
            Some(What::Twice) => drop(self.ask(&to, &parts, carried(body.clone())).await),
            Some(What::Late) => {
                for older in self.older(&name) {
                    drop(self.ask(&to, &parts, carried(older)).await);
                }
            }
            _ => {}
        }
        self.remember(&name, &body);
        if self.is_live {
            return Ok(self.open(&to, &parts, carried(body)).await);
        }
        let answer = self.ask(&to, &parts, carried(body)).await?;
        self.look_at_answer(&name, &answer, &to);
        if self.net.mutant == Some(Mutant::AcknowledgesAhead) && name == "Subscribe" && !answer.messages.is_empty() {
            // The taker says that it has them, and loses power before they are stored.
            let sequence = answer.messages.len() as u64;
            self.net.see(Seen::Acknowledged { taker: self.from, giver: self.to, sequence });
            return Err(lost("the taker forgot what it had not stored"));
        }
        // A node without power sends nothing.
        if !to.disk.is_on() || matches!(mishap, Some(What::LostBack)) {
            return Err(lost("lost on its way back"));
        }
        let is_garbled = self.to == Org::Crook && name == "Subscribe";
        Ok(given(if is_garbled { Answer { messages: garbled(answer.messages), ..answer } } else { answer }, mishap))
    }

    fn station(&self, org: Org) -> Result<Station, Status> {
        let station = self.net.state.lock().unwrap().stations.get(&org).cloned();
        let from = self.net.state.lock().unwrap().stations.get(&self.from).cloned();
        if self.from != Org::Rogue && from.is_none_or(|f| !f.disk.is_on()) {
            return Err(lost("this node has no power"));
        }
        station.filter(|s| s.disk.is_on()).ok_or_else(|| lost("nobody answers there"))
    }

    /// What TLS asks: does each accept the other's certificate, by its own trust and its own clock? The first call asks what each may do, and
    /// each later call asks whether it is still welcome.
    fn shake_hands(&self, to: &Station) -> Result<PeerAccess, Fault> {
        let shown = |org: Org| {
            let state = self.net.state.lock().unwrap();
            state.rings[&org]
                .pair(Whose::NodeTls)
                .certificates()
                .iter()
                .map(|der| der.clone().into())
                .collect::<Vec<_>>()
        };
        let (_, there) = PeerAccess::judge(&to.gate, &shown(self.from), TlsUsage::Client, AdmittedPeers::Partners)?;
        let here = if self.from == Org::Rogue {
            // It has no node, and accepts any certificate.
            there.clone()
        } else {
            let from = self.station(self.from).map_err(|s| watchfire::wire::status::to_fault(&s))?;
            let audience = AdmittedPeers::NodeOf(self.to.domain());
            PeerAccess::judge(&from.gate, &shown(self.to), TlsUsage::Server, audience)?.1
        };
        let mut admitted = self.admitted.lock().unwrap();
        let [there, here] = admitted.get_or_insert([there, here]);
        for (access, who) in [(&*there, self.from), (&*here, self.to)] {
            if access.lapse().is_some() {
                self.net.trace.line(format!("    {who} is let in for hello and lists only"));
            }
        }
        Ok(there.clone())
    }

    /// The other side's list that is past its next update, if this side holds one.
    pub fn lapse(&self) -> Option<Lapse> {
        self.admitted.lock().unwrap().as_ref().and_then(|[_, here]| here.lapse())
    }

    fn mishap(&self, number: u8) -> Option<What> {
        self.net.state.lock().unwrap().mishaps.iter().find(|m| m.call == number).map(|m| m.what)
    }

    fn older(&self, name: &str) -> Vec<Bytes> {
        let key = (self.from, self.to, name.to_owned());
        self.net.state.lock().unwrap().older.get(&key).cloned().unwrap_or_default()
    }

    fn remember(&self, name: &str, body: &Bytes) {
        // A repeated request for a stream would only end the stream that counts.
        if name == "Subscribe" {
            return;
        }
        let mut state = self.net.state.lock().unwrap();
        let older = state.older.entry((self.from, self.to, name.to_owned())).or_default();
        if older.len() == 3 {
            older.remove(0);
        }
        older.push(body.clone());
    }

    async fn ask(
        &self,
        to: &Station,
        parts: &http::request::Parts,
        carried: (Bytes, PeerAccess),
    ) -> Result<Answer, Status> {
        let (parts, body) = self.open(to, parts, carried).await.into_parts();
        let collected = body.collect().await.map_err(|_| lost("the answer was cut off"))?;
        let trailers = collected.trailers().cloned();
        Ok(Answer { parts, messages: messages(&collected.to_bytes()), trailers })
    }

    /// The answer, with a body that comes as it is requested.
    async fn open(
        &self,
        to: &Station,
        parts: &http::request::Parts,
        (body, access): (Bytes, PeerAccess),
    ) -> http::Response<Body> {
        let mut request = http::Request::new(Body::new(Full::new(body)));
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = parts.uri.clone();
        *request.headers_mut() = parts.headers.clone();
        let id = watchfire::domain::ids::SpiffeId::new(self.from.domain(), watchfire::domain::ids::Role::Node, "n1");
        let ended = CancellationToken::new();
        let rate_limit = RateLimits::default().of(self.from.domain().as_str(), &Limits::default(), false);
        let chain = Arc::new(vec![]);
        let identity = PeerIdentity { id: id.unwrap(), key_exchange: String::new(), ended, rate_limit, access, chain };
        request.extensions_mut().insert(identity);
        to.service.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// The answer as it arrives.
fn given(answer: Answer, mishap: Option<What>) -> http::Response<Body> {
    let Answer { parts, mut messages, trailers } = answer;
    let at = |index: u8| usize::from(index);
    let is_cut = match mishap {
        Some(What::CutAfter(n)) if at(n) < messages.len() => {
            messages.truncate(at(n));
            true
        }
        Some(What::Missing(n)) if at(n) < messages.len() => {
            messages.remove(at(n));
            false
        }
        Some(What::Doubled(n)) if at(n) < messages.len() => {
            messages.insert(at(n), messages[at(n)].clone());
            false
        }
        Some(What::Swapped(n)) if at(n) + 1 < messages.len() => {
            messages.swap(at(n), at(n) + 1);
            false
        }
        _ => false,
    };
    let mut frames: Vec<Result<Frame<Bytes>, Status>> = messages.into_iter().map(|m| Ok(Frame::data(m))).collect();
    match trailers {
        _ if is_cut => frames.push(Err(lost("the connection was cut"))),
        Some(trailers) => frames.push(Ok(Frame::trailers(trailers))),
        None => {}
    }
    http::Response::from_parts(parts, Body::new(StreamBody::new(stream::iter(frames))))
}

/// Records what is seen.
impl Carrier {
    fn note(&self, name: &str, mishap: Option<What>) {
        let what = mishap.map(|what| format!(", {what:?}")).unwrap_or_default();
        self.net.trace.line(format!("    {} > {}: {name}{what}", self.from, self.to));
    }

    fn look_at(&self, name: &str, body: &Bytes) {
        let Some(message) = body.get(5..) else { return };
        match name {
            "Acknowledge" => {
                let sequence = proto::AcknowledgeRequest::decode(message).unwrap().sequence;
                self.net.see(Seen::Acknowledged { taker: self.from, giver: self.to, sequence });
            }
            "Hello" if self.from != Org::Rogue => {
                self.head(self.from, self.to, proto::HelloRequest::decode(message).unwrap().ledger);
            }
            _ => {}
        }
    }

    fn head(&self, by: Org, told: Org, greeting: Option<proto::LedgerGreeting>) {
        if let Some(note) = greeting.map(|g| g.note).filter(|n| !n.is_empty()) {
            let is_other = self.net.mutant == Some(Mutant::TellsTwoHeads) && told == Org::No;
            let note = if is_other { mutants::other_head(by, &note) } else { note.to_vec() };
            self.net.see(Seen::Head { by, to: told, note });
        } else {
            self.net.see(Seen::Silence { by, to: told });
        }
    }

    fn look_at_answer(&self, name: &str, answer: &Answer, to: &Station) {
        if !to.disk.is_on() {
            return;
        }
        for message in answer.messages.iter().map(|m| &m[5..]) {
            match name {
                "Hello" => self.head(self.to, self.from, proto::HelloResponse::decode(message).unwrap().ledger),
                "Subscribe" => {
                    let mut entry = wire::entry::from_proto(proto::FeedEntry::decode(message).unwrap()).unwrap();
                    if self.net.mutant == Some(Mutant::ReusesNumbers) {
                        mutants::reuse_number(&mut entry);
                    }
                    let at = to.clock.now();
                    self.net.see(Seen::Entry { giver: self.to, taker: self.from, entry: Box::new(entry), at });
                }
                _ => {}
            }
        }
    }
}
