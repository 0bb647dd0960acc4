//! Requests: asks whoever gave an assessment for more of it, and shows where each request stands.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        actor::{Authorized, Write},
        body::Kind,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{AssessmentId, Nonce, StatementId, TrustDomain},
        request::{Answer, AnswerKind, AskingRole, Request, RequestState},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    node::{assessments::giver::giver, requests::Requests},
    seal::{random, statement::id_of},
    store::{
        AssessmentRecord,
        requests::{RequestRecord, RequestStep},
    },
    wire,
};

/// What is asked.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// The assessment.
    pub assessment: AssessmentId,
    /// The version; `None` means the latest.
    pub version: Option<u32>,
    /// Kinds of portions.
    pub kinds: Vec<Kind>,
    /// The question in words. It may be empty if kinds are named.
    pub text: String,
}

/// A request, as its organisation's people see it.
pub struct RequestView {
    /// The stored record.
    pub record: RequestRecord,
    /// What it says.
    pub request: Request,
    /// The answer to it.
    pub answer: Option<Answer>,
    /// Where it stands now.
    pub state: RequestState,
    /// When the exception that was given expires, if that is known here.
    pub until: Option<Time>,
}

impl Requests {
    /// Asks for more of an assessment. The request goes to the originator if that gave it, else to a partner that did. Nobody else is
    /// told that the assessment is here, and nobody else would answer.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `INVALID_ARGUMENT`, `NOT_A_PARTNER` where nobody that gave it is an active partner any more.
    pub async fn ask(&self, actor: &Authorized<Write>, question: NewRequest) -> Result<RequestView, Fault> {
        self.directory.decide_again(|| Box::pin(self.ask_once(actor, question.clone()))).await
    }

    async fn ask_once(&self, actor: &Authorized<Write>, question: NewRequest) -> Result<RequestView, Fault> {
        let catalogue = Some(self.directory.version());
        let NewRequest { assessment, version, mut kinds, text } = question;
        let record = self.store.assessment(&assessment, version, false).await?;
        let missing = || Fault::new(Reason::NotFound, format!("there is no assessment `{assessment}` here"));
        let record = record.ok_or_else(missing)?;
        if record.state.is_recalled() {
            let what = "the assessment was recalled; there is nothing more to be had of it";
            return Err(Fault::new(Reason::Recalled, what));
        }
        let partner = self.addressee(&record)?;
        kinds.sort_unstable();
        kinds.dedup();
        let role = AskingRole::of(actor.role())
            .ok_or_else(|| Fault::new(Reason::RoleRequired, "this role asks for nothing"))?;
        let nonce = random::bytes().map_err(|e| Fault::new(Reason::Internal, e.to_string()))?;
        let now = self.clock.now();
        let request = Request {
            addressee: partner.clone(),
            assessment,
            version: record.version,
            manifest: record.manifest_id,
            kinds,
            question: text,
            role,
            nonce: Nonce(nonce),
            requested_at: now,
        };
        let content = wire::request::encode(&request);
        // It is checked by the rules by which the other side will read it.
        wire::request::decode(&content).map_err(|f| Fault { reason: Reason::InvalidArgument, ..f })?;
        let envelope = self.identity.sign(StatementKind::Request, content)?;
        let id = id_of(StatementKind::Request, &envelope.payload);
        let envelope = wire::envelope::encode(&envelope);
        let deed =
            Deed::Requested { manifest: request.manifest, partner: partner.clone(), request: id, outgoing: true };
        let record = RequestRecord {
            id,
            partner: partner.clone(),
            outgoing: true,
            manifest_id: request.manifest,
            state: RequestState::Sent,
            at: now,
            turn: 0,
            envelope: envelope.clone(),
            answer: None,
            by: Some(actor.id().clone()),
            reason: None,
        };
        let step = RequestStep {
            catalogue,
            record: record.clone(),
            is_theirs: false,
            post: Some(envelope),
            attached: None,
            events: vec![Event::by(actor, now, deed)],
        };
        self.store.begin_request(step).await?;
        self.sessions.of(&partner).post();
        Ok(RequestView { record, request, answer: None, state: RequestState::Sent, until: None })
    }

    /// The partner that is asked for more.
    fn addressee(&self, record: &AssessmentRecord) -> Result<TrustDomain, Fault> {
        if record.originator == *self.identity.domain() {
            let what = "it is this organisation's own assessment; there is nobody to ask";
            return Err(Fault::at(Reason::InvalidArgument, "assessment_id", what));
        }
        let directory = self.directory.current();
        let mut givers = Vec::new();
        for came_by in &record.releases {
            givers.push(giver(&wire::envelope::decode(&came_by.release)?)?);
        }
        givers.sort_by_key(|g| *g != record.originator);
        givers.into_iter().find(|g| directory.active(g).is_ok()).ok_or_else(|| {
            Fault::new(Reason::NotAPartner, "nobody that gave it is an active partner any more; resume one to ask it")
        })
    }

    /// Requests, newest first and then by id, at most `limit`. They begin after the request that is `after`, by its time and its id.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn requests(
        &self,
        _actor: &Authorized<Write>,
        open_only: bool,
        after: Option<(Time, StatementId)>,
        limit: u32,
    ) -> Result<Vec<RequestView>, Fault> {
        let records = self.store.requests(open_only, after, limit).await?;
        self.views(records).await
    }

    /// What partners did with requests after a turn: a page of requests that came, answers and refusals.
    ///
    /// # Errors
    /// As [`Self::requests`].
    pub async fn request_news(&self, _actor: &Authorized<Write>, turn: u64) -> Result<Vec<RequestView>, Fault> {
        const PAGE: u32 = 64;
        let records = self.store.requests_after(turn, PAGE).await?;
        self.views(records).await
    }

    async fn views(&self, records: Vec<RequestRecord>) -> Result<Vec<RequestView>, Fault> {
        let mut waiting: BTreeMap<TrustDomain, BTreeSet<StatementId>> = BTreeMap::new();
        let mut views = Vec::with_capacity(records.len());
        for record in records {
            let on_its_way = match (record.outgoing, record.state) {
                (true, RequestState::Sent) => {
                    if !waiting.contains_key(&record.partner) {
                        let ids = self.requests_on_their_way(&record.partner).await?;
                        waiting.insert(record.partner.clone(), ids);
                    }
                    waiting.get(&record.partner).is_some_and(|ids| ids.contains(&record.id))
                }
                _ => false,
            };
            views.push(self.request_view(record, on_its_way).await?);
        }
        Ok(views)
    }

    pub(in crate::node) async fn request_view(
        &self,
        record: RequestRecord,
        on_its_way: bool,
    ) -> Result<RequestView, Fault> {
        let request = self.asked_of(&record).await?;
        let decode = |bytes: &Vec<u8>| wire::request::decode_answer(&wire::envelope::decode(bytes)?.payload);
        let answer = record.answer.as_ref().map(decode).transpose()?;
        let until = match answer.as_ref().and_then(|a| a.exception) {
            Some(exception) => self.until(&record.manifest_id, &exception).await?,
            None => None,
        };
        let state = match record.state {
            RequestState::Sent if !on_its_way => RequestState::Delivered,
            RequestState::Released if until.is_some_and(|until| until <= self.clock.now()) => RequestState::Expired,
            state => state,
        };
        Ok(RequestView { record, request, answer, state, until })
    }

    /// What a request says. If a purge has destroyed that, only the version that it was about is known.
    async fn asked_of(&self, record: &RequestRecord) -> Result<Request, Fault> {
        if !record.envelope.is_empty() {
            return wire::request::decode(&wire::envelope::decode(&record.envelope)?.payload);
        }
        let missing = || Fault::new(Reason::NotFound, "what the request was about is not here");
        let about = self.store.by_manifest(&record.manifest_id, true).await?.ok_or_else(missing)?;
        Ok(Request {
            addressee: if record.outgoing { record.partner.clone() } else { self.identity.domain().clone() },
            assessment: about.assessment,
            version: about.version,
            manifest: record.manifest_id,
            kinds: vec![],
            question: "(destroyed with the assessment)".to_owned(),
            role: AskingRole::Analyst,
            nonce: Nonce([0; 16]),
            requested_at: record.at,
        })
    }

    /// When an exception expires, if it is here.
    async fn until(&self, manifest: &StatementId, exception: &StatementId) -> Result<Option<Time>, Fault> {
        let prepared = self.cache.prepare(&[*manifest]).await?;
        let all = prepared.first().map(|p| p.exceptions.as_slice()).unwrap_or_default();
        Ok(all.iter().find(|e| e.excepted.id == *exception).map(|e| e.excepted.until))
    }

    /// The requests that the partner has not taken yet.
    async fn requests_on_their_way(&self, partner: &TrustDomain) -> Result<BTreeSet<StatementId>, Fault> {
        const PAGE: u32 = 256;
        let (mut ids, mut after) = (BTreeSet::new(), 0);
        loop {
            let page = self.store.outbox(partner, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(ids) };
            after = last.id;
            for item in page {
                let envelope = wire::envelope::decode(&item.envelope)?;
                if envelope.kind == StatementKind::Request {
                    ids.insert(id_of(envelope.kind, &envelope.payload));
                }
            }
        }
    }

    /// Handles that the partner has refused a statement of the outbox for good. If it is a request, the people here are told the reason.
    ///
    /// # Errors
    /// Store faults.
    pub async fn refused(&self, partner: &TrustDomain, item: i64, reason: &str) -> Result<(), Fault> {
        let found = self.store.outbox(partner, item.saturating_sub(1), 1).await?;
        let Some(found) = found.into_iter().find(|i| i.id == item) else { return Ok(()) };
        let Envelope { kind: StatementKind::Request, payload, .. } = wire::envelope::decode(&found.envelope)? else {
            return Ok(());
        };
        let Some(record) = self.store.request(&id_of(StatementKind::Request, &payload)).await? else { return Ok(()) };
        let now = self.clock.now();
        // Only known reasons are kept, so that no free text of a partner appears on screens.
        let known = Reason::from_name(reason).map_or("REFUSED", Reason::as_str);
        let record = RequestRecord { state: RequestState::Refused, reason: Some(known.to_owned()), ..record };
        // What the partner answers to an offer does not depend on the catalogue.
        self.settle(record, None, now, None).await?;
        Ok(())
    }

    /// Stores the partner's step. Returns `false` if the request is not open any more.
    pub(in crate::node) async fn settle(
        &self,
        record: RequestRecord,
        answer: Option<StatementId>,
        now: Time,
        catalogue: Option<u64>,
    ) -> Result<bool, Fault> {
        let deed = Deed::RequestSettled {
            manifest: record.manifest_id,
            partner: record.partner.clone(),
            request: record.id,
            outgoing: true,
            state: record.state,
            answer,
        };
        let events = vec![Event::of_node(now, deed)];
        let step = RequestStep { catalogue, record, is_theirs: true, post: None, attached: None, events };
        let is_done = self.store.settle_request(step).await?;
        self.sessions.arrived();
        Ok(is_done)
    }
}

/// The state in which an answer leaves its request.
pub(in crate::node) fn state_after(kind: AnswerKind) -> RequestState {
    match kind {
        AnswerKind::Text => RequestState::Answered,
        AnswerKind::Released => RequestState::Released,
        AnswerKind::Declined => RequestState::Declined,
    }
}
