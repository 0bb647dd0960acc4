//! A peer that says whatever the test wants: an organisation with its own CA and keys, and a feed made by hand.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use futures_util::{Stream, stream};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, transport::Channel};
use watchfire::{
    app::persons::persons,
    domain::{
        approval::{Approval, Matter},
        ids::{Sha256, StatementId},
        partner::{Invitation, Organisation, PartnerKind},
        statement::{Envelope, StatementKind},
        time::{Clock, Time},
    },
    draft::{Format, Lineage, parse_agreement},
    identity::{
        bundle::TrustBundle,
        certificate::Leaf,
        devca::{DevCa, IssuedCertificate, Purpose},
        files::{certificates, read_roots},
        trust::{AdmittedPeers, KnownOrganisation, Trust},
    },
    node::partnerships::invitation::fingerprint_of,
    seal::{
        compose::new_assessment_id,
        sign::SigningKey,
        statement::{self, id_of},
        subject,
    },
    telemetry::SystemClock,
    transport::{
        dialler,
        limits::Limits,
        listener,
        tls_config::{Credentials, TlsConfig},
    },
    wire::{
        self,
        field::timestamp,
        proto::{
            self,
            exchange_service_client::ExchangeServiceClient,
            exchange_service_server::{ExchangeService, ExchangeServiceServer},
        },
    },
};

use crate::kit::{Org, until};

/// The roots of a running node's organisation.
pub fn member_of(org: &Org) -> KnownOrganisation {
    let roots = read_roots(&org.dir.join("bundle.pem")).unwrap();
    KnownOrganisation {
        bundle: TrustBundle::new(org.domain.parse().unwrap(), roots).unwrap(),
        crls: vec![],
        state: watchfire::domain::partner::PartnerState::Active,
    }
}

pub fn chain(issued: &IssuedCertificate) -> Vec<CertificateDer<'static>> {
    certificates(issued.certificate_pem.as_bytes()).unwrap()
}

pub fn credentials(issued: &IssuedCertificate) -> Credentials {
    let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
    Credentials::new(chain(issued), key).unwrap()
}

pub fn signing_key(issued: &IssuedCertificate) -> SigningKey {
    let chain: Vec<Vec<u8>> = chain(issued).iter().map(|c| c.to_vec()).collect();
    let Leaf { public_key, id, .. } = Leaf::parse(&chain[0]).unwrap();
    let pkcs8 = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap().secret_der().to_vec();
    SigningKey::new(&pkcs8.into(), chain, &public_key, id).unwrap()
}

/// A TLS configuration that shows those credentials and trusts that server.
pub fn gate(credentials: Credentials, own: KnownOrganisation, others: Vec<KnownOrganisation>) -> Arc<TlsConfig> {
    let trust = Trust::new(own, others, vec![]).unwrap();
    Arc::new(TlsConfig::new(credentials, Arc::new(ArcSwap::from_pointee(trust)), Arc::new(SystemClock)))
}

/// An organisation that follows no rules.
pub struct Rogue {
    pub domain: &'static str,
    pub ca: DevCa,
    pub tls: IssuedCertificate,
    pub node: SigningKey,
    pub analyst: SigningKey,
}

impl Rogue {
    pub fn new(domain: &'static str) -> Self {
        let now = SystemClock.now();
        let ca = DevCa::create(&domain.parse().unwrap(), now).unwrap();
        let issue = |path: &str, purpose| {
            ca.issue(&format!("spiffe://{domain}/{path}").parse().unwrap(), purpose, now, 30).unwrap()
        };
        let tls = issue("node/n1", Purpose::NodeTls);
        let node = signing_key(&issue("node/n1", Purpose::Signing));
        let analyst = signing_key(&issue("analyst/a", Purpose::Signing));
        Self { domain, ca, tls, node, analyst }
    }

    pub fn issue(&self, path: &str, purpose: Purpose) -> IssuedCertificate {
        let id = format!("spiffe://{}/{path}", self.domain).parse().unwrap();
        self.ca.issue(&id, purpose, SystemClock.now(), 30).unwrap()
    }

    pub fn bundle(&self) -> TrustBundle {
        TrustBundle::new(self.domain.parse().unwrap(), vec![self.ca.certificate().clone()]).unwrap()
    }

    pub fn member(&self) -> KnownOrganisation {
        KnownOrganisation {
            bundle: self.bundle(),
            crls: vec![],
            state: watchfire::domain::partner::PartnerState::Active,
        }
    }

    /// A connection to a node's listener, with any certificate.
    pub fn dial_as(&self, issued: &IssuedCertificate, victim: &Org, address: &str) -> Channel {
        let gate = gate(credentials(issued), self.member(), vec![member_of(victim)]);
        dialler::connect(address, victim.domain.parse().unwrap(), &gate, &Limits::default()).unwrap()
    }

    pub fn exchange(&self, victim: &Org) -> ExchangeServiceClient<Channel> {
        ExchangeServiceClient::new(self.dial_as(&self.tls, victim, &victim.peer))
    }

    /// Announces its CA's revocation list (DER), and hands it over if the victim wants it. Returns the result.
    pub async fn hand_over(&self, victim: &Org, number: u8, list: &[u8]) -> Result<bool, Status> {
        self.hand_over_by(victim, (self.ca.certificate(), vec![]), number, list).await
    }

    /// The same for the CA with that certificate (DER), with the certificates between it and a root.
    pub async fn hand_over_by(
        &self,
        victim: &Org,
        by: (&[u8], Vec<Vec<u8>>),
        number: u8,
        list: &[u8],
    ) -> Result<bool, Status> {
        self.hand_over_of(victim, None, by, (number, list)).await
    }

    /// The same for another organisation, as a hub passes its list on.
    pub async fn hand_over_of(
        &self,
        victim: &Org,
        of: Option<&str>,
        (ca, issuers): (&[u8], Vec<Vec<u8>>),
        (number, list): (u8, &[u8]),
    ) -> Result<bool, Status> {
        let mut exchange = self.exchange(victim);
        let key = watchfire::identity::crl::key_of(ca).unwrap();
        let sha256 = watchfire::seal::hash::sha256(&[list]).to_vec();
        let announced = proto::RevocationListAnnouncement {
            issuing_key: key.0.to_vec().into(),
            scope: vec![].into(),
            number: vec![number].into(),
            sha256: sha256.clone().into(),
            size: u32::try_from(list.len()).unwrap(),
        };
        let passed_on =
            |domain: &str| proto::PassedOnRevocationList { domain: domain.to_owned(), list: Some(announced.clone()) };
        let hello = proto::HelloRequest {
            passed_on_lists: of.map(passed_on).into_iter().collect(),
            revocation_lists: if of.is_none() { vec![announced.clone()] } else { vec![] },
            ..hello()
        };
        let answer = exchange.hello(hello).await?.into_inner();
        if !answer.wanted_revocation_lists.iter().any(|wanted| wanted[..] == sha256[..]) {
            return Ok(false);
        }
        let piece = |(n, data): (usize, &[u8])| proto::SubmitRevocationListRequest {
            sha256: if n == 0 { sha256.clone() } else { vec![] }.into(),
            data: data.to_vec().into(),
            issuers: if n == 0 { issuers.iter().map(|der| der.clone().into()).collect() } else { vec![] },
        };
        let pieces: Vec<_> = list.chunks(256 << 10).enumerate().map(piece).collect();
        exchange.submit_revocation_list(tokio_stream::iter(pieces)).await.map(|_| true)
    }

    /// The victim's administrator accepts it, and signs the terms that it proposes. Returns the agreement's id.
    pub async fn befriend(&self, victim: &Org, endpoint: &str, terms: &str) -> StatementId {
        self.get_accepted(victim, endpoint).await;
        let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
        self.agree(victim, terms, lineage).await
    }

    /// The victim's administrator signs the terms that it proposes. Returns the agreement's id.
    pub async fn agree(&self, victim: &Org, terms: &str, lineage: Lineage) -> StatementId {
        let id = self.propose(victim, terms, lineage).await;
        victim.ask(&["--as", "root", "agreement", "sign", &id.to_string(), "--beside"]).await;
        id
    }

    /// Proposes terms. Returns the agreement's id.
    pub async fn propose(&self, victim: &Org, terms: &str, lineage: Lineage) -> StatementId {
        let agreement = parse_agreement(terms, Format::Toml, lineage, watchfire::domain::time::Day::FIRST)
            .unwrap_or_else(|e| panic!("{}", e.in_file("terms")));
        let payload = wire::agreement::encode(&agreement);
        let id = statement::id_of(StatementKind::Agreement, &payload);
        let outcome = self.submit(victim, signed(&self.node, StatementKind::Agreement, payload)).await;
        assert!(outcome.is_accepted(), "{}", outcome.message);
        id
    }

    /// Hands over one statement.
    pub async fn submit(&self, victim: &Org, statement: proto::Envelope) -> proto::StatementOutcome {
        let request = proto::SubmitStatementsRequest { statements: vec![statement] };
        let answer = self.exchange(victim).submit_statements(request).await;
        answer.unwrap().into_inner().outcomes.remove(0)
    }

    pub async fn get_accepted(&self, victim: &Org, endpoint: &str) {
        self.introduce(victim, endpoint, false).await;
    }

    /// The victim's administrator makes it a known organisation, without an exchange.
    pub async fn get_known(&self, victim: &Org) {
        self.introduce(victim, "127.0.0.1:1", true).await;
    }

    async fn introduce(&self, victim: &Org, endpoint: &str, only_know: bool) {
        let request = self.invited(endpoint, only_know);
        accept(victim, "admin-root", &request).await.unwrap();
    }

    /// The output of accepting its invitation.
    pub fn invited(&self, endpoint: &str, only_know: bool) -> proto::AcceptPartnerRequest {
        self.invited_with(endpoint, only_know, 1)
    }

    /// The same for an invitation that names its roots as the bundle with that number.
    pub fn invited_with(&self, endpoint: &str, only_know: bool, sequence: u64) -> proto::AcceptPartnerRequest {
        let invitation = Invitation {
            organisation: Organisation { domain: self.domain.parse().unwrap(), kind: PartnerKind::Ngo, country: None },
            endpoint: Some(endpoint.parse().unwrap()),
            roots: vec![self.ca.certificate().to_vec()],
            issued: SystemClock.now(),
            sequence,
            ledger_key: None,
            ledger_note: vec![],
            lists: vec![],
        };
        let payload = wire::invitation::encode(&invitation);
        let envelope = self.node.statement(StatementKind::Invitation, payload).unwrap();
        proto::AcceptPartnerRequest {
            invitation: Some(wire::envelope::to_proto(&envelope)),
            fingerprint: fingerprint_of(&envelope).to_string(),
            change_confirmed: true,
            only_know,
            approval: None,
        }
    }
}

/// A hello that says nothing about itself.
pub fn hello() -> proto::HelloRequest {
    let now = timestamp(SystemClock.now());
    proto::HelloRequest {
        bundle_sequence: 0,
        held_bundle_sequence: 0,
        recovered_at: None,
        persons_needed: 1,
        held_persons_needed: 0,
        passed_on_lists: vec![],
        vocabulary_edition: 1,
        protocol_versions: vec![1],
        payload_types: vec![],
        now,
        revocation_lists: vec![],
        ledger: None,
        trust_edition: Default::default(),
    }
}

/// A person's signed approval, with the keys in the organisation's directory.
pub fn approval(org: &Org, who: &str, matter: Matter, subject: Sha256) -> proto::Envelope {
    approval_at(org, who, (matter, subject), SystemClock.now())
}

/// The same with another date.
pub fn approval_at(org: &Org, who: &str, (matter, subject): (Matter, Sha256), issued: Time) -> proto::Envelope {
    let all = persons(&org.dir).unwrap();
    let person = all.iter().find(|p| format!("{}-{}", p.id.role(), p.id.name()) == who).unwrap();
    let said = Approval { domain: org.domain.parse().unwrap(), matter, subject, issued };
    signed(&person.load_key().unwrap(), StatementKind::Approval, wire::approval::encode(&said))
}

/// An administrator approves an invitation, and accepts it.
pub async fn accept(
    victim: &Org,
    who: &str,
    request: &proto::AcceptPartnerRequest,
) -> Result<proto::AcceptPartnerResponse, tonic::Status> {
    let payload = &request.invitation.as_ref().unwrap().payload;
    let id = id_of(StatementKind::Invitation, payload);
    let approval = Some(approval(victim, who, Matter::Partner, subject::statement(&id)));
    let request = proto::AcceptPartnerRequest { approval, ..request.clone() };
    Ok(victim.connect(who).await.partners.accept_partner(request).await?.into_inner())
}

/// What the rogue's node serves.
#[derive(Clone, Default)]
pub struct Served {
    pub entries: Arc<Mutex<Vec<proto::FeedEntry>>>,
    /// Whether live streams are sent entries.
    live: Arc<AtomicBool>,
    /// Whether a live stream was ever opened.
    followed: Arc<AtomicBool>,
    pub submitted: Arc<Mutex<Vec<proto::Envelope>>>,
    /// The highest number that was acknowledged to it.
    pub acknowledged: Arc<Mutex<u64>>,
    /// The attachments that were requested from it.
    pub asked: Arc<Mutex<Vec<proto::FetchAttachmentRequest>>>,
    /// The statements that it offers, even those that were settled.
    pub offered: Arc<Mutex<Vec<proto::WaitingStatement>>>,
    /// Each call for statements, with the statements that it settled.
    pub fetches: Arc<Mutex<Vec<Vec<proto::SettledStatement>>>>,
}

impl Served {
    /// Has these entries for whoever asks for what there is. A live stream stays silent, so what a pull prints does not depend on when the node
    /// subscribed.
    pub fn set(&self, entries: Vec<proto::FeedEntry>) {
        *self.entries.lock().unwrap() = entries;
    }

    /// Has these entries, and sends them to the streams that are open.
    pub fn send(&self, entries: Vec<proto::FeedEntry>) {
        self.set(entries);
        self.live.store(true, Relaxed);
    }

    /// Waits until the reader has caught up once. What is set afterwards comes with the pull that a test asks for, and not before it.
    pub async fn followed(&self) {
        until("the reader follows the feed", async || self.followed.load(Relaxed).then_some(())).await;
    }

    /// What a live stream is sent after a number. Usually it was opened before there is anything.
    fn live_after(&self, number: usize) -> impl Stream<Item = Result<proto::FeedEntry, Status>> + Send + use<> {
        stream::unfold((self.clone(), number), async |(served, number)| {
            loop {
                let next = served.entries.lock().unwrap().get(number).cloned().filter(|_| served.live.load(Relaxed));
                if let Some(entry) = next {
                    return Some((Ok(entry), (served, number + 1)));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    }
}

/// Serves the feed on its own port until `stop`.
pub async fn serve(rogue: &Rogue, shown: Credentials, victim: &Org) -> (String, Served, CancellationToken) {
    let served = Served::default();
    let listener = TcpListener::bind(("127.0.0.1", crate::kit::free_port())).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let gate = gate(shown, rogue.member(), vec![member_of(victim)]);
    let routes = tonic::service::Routes::new(ExchangeServiceServer::new(served.clone()));
    let stop = CancellationToken::new();
    let router = routes.prepare().into_axum_router();
    tokio::spawn(listener::serve(listener, gate, AdmittedPeers::Partners, router, Limits::default(), stop.clone()));
    (address, served, stop)
}

type Sending<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl ExchangeService for Served {
    async fn hello(&self, request: Request<proto::HelloRequest>) -> Result<Response<proto::HelloResponse>, Status> {
        let payload_types = request.into_inner().payload_types;
        let now = timestamp(SystemClock.now());
        Ok(Response::new(proto::HelloResponse {
            bundle_sequence: 0,
            held_bundle_sequence: 0,
            recovered_at: None,
            persons_needed: 1,
            held_persons_needed: 0,
            passed_on_lists: vec![],
            vocabulary_edition: 1,
            protocol_versions: vec![1],
            payload_types,
            now,
            revocation_lists: vec![],
            ledger: None,
            trust_edition: Default::default(),
            wanted_revocation_lists: vec![],
        }))
    }

    type SubscribeStream = Sending<proto::FeedEntry>;

    /// What comes after the number, by its index in the list.
    async fn subscribe(
        &self,
        request: Request<proto::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let proto::SubscribeRequest { after_sequence, until_caught_up, .. } = request.into_inner();
        let after = usize::try_from(after_sequence).unwrap();
        Ok(Response::new(if until_caught_up {
            let entries: Vec<_> = self.entries.lock().unwrap().iter().skip(after).cloned().map(Ok).collect();
            Box::pin(stream::iter(entries))
        } else {
            self.followed.store(true, Relaxed);
            Box::pin(self.live_after(after))
        }))
    }

    type FetchRevocationListStream = Sending<proto::FetchRevocationListResponse>;

    async fn fetch_revocation_list(
        &self,
        _: Request<proto::FetchRevocationListRequest>,
    ) -> Result<Response<Self::FetchRevocationListStream>, Status> {
        Err(Status::not_found("no list"))
    }

    async fn submit_revocation_list(
        &self,
        _: Request<tonic::Streaming<proto::SubmitRevocationListRequest>>,
    ) -> Result<Response<proto::SubmitRevocationListResponse>, Status> {
        Err(Status::not_found("no list was asked for"))
    }

    async fn acknowledge(
        &self,
        request: Request<proto::AcknowledgeRequest>,
    ) -> Result<Response<proto::AcknowledgeResponse>, Status> {
        *self.acknowledged.lock().unwrap() = request.into_inner().sequence;
        Ok(Response::new(proto::AcknowledgeResponse {}))
    }

    async fn submit_statements(
        &self,
        request: Request<proto::SubmitStatementsRequest>,
    ) -> Result<Response<proto::SubmitStatementsResponse>, Status> {
        let statements = request.into_inner().statements;
        let taken = proto::StatementOutcome { result: proto::StatementResult::Accepted.into(), ..Default::default() };
        let outcomes = vec![taken; statements.len()];
        self.submitted.lock().unwrap().extend(statements);
        Ok(Response::new(proto::SubmitStatementsResponse { outcomes }))
    }

    /// The same statements again and again, at once. It waits only if there are none.
    async fn fetch_statements(
        &self,
        request: Request<proto::FetchStatementsRequest>,
    ) -> Result<Response<proto::FetchStatementsResponse>, Status> {
        let proto::FetchStatementsRequest { settled, wait_seconds } = request.into_inner();
        self.fetches.lock().unwrap().push(settled);
        let statements = self.offered.lock().unwrap().clone();
        if statements.is_empty() {
            tokio::time::sleep(std::time::Duration::from_secs(wait_seconds.into())).await;
        }
        Ok(Response::new(proto::FetchStatementsResponse { statements }))
    }

    async fn get_ledger_proof(
        &self,
        _: Request<proto::GetLedgerProofRequest>,
    ) -> Result<Response<proto::GetLedgerProofResponse>, Status> {
        Err(Status::not_found("nothing here"))
    }

    type FetchAttachmentStream = Sending<proto::FetchAttachmentResponse>;

    async fn fetch_attachment(
        &self,
        request: Request<proto::FetchAttachmentRequest>,
    ) -> Result<Response<Self::FetchAttachmentStream>, Status> {
        self.asked.lock().unwrap().push(request.into_inner());
        Err(Status::not_found("nothing here"))
    }
}

/// A signed statement as it is sent. The key's owner speaks, unless the payload already has a speaker.
pub fn signed(key: &SigningKey, kind: StatementKind, payload: Vec<u8>) -> proto::Envelope {
    let is_spoken = kind == StatementKind::Agreement || wire::speaker::decode(&payload).is_ok();
    let envelope = if is_spoken { key.envelope(kind, payload) } else { key.statement(kind, payload) };
    let envelope: Envelope = envelope.unwrap();
    wire::envelope::to_proto(&envelope)
}
