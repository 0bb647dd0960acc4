//! An officer's answer to a partner's request. It is a text, a refusal, or portions that are given by an exception.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        actor::{Actor, Authorized, Officiate},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Digest, StatementId},
        request::{Answer, AnswerKind, Exception, MAX_EXCEPTIONS, RequestState},
        statement::{Envelope, StatementKind},
    },
    node::{
        assessment_cache::loaded::LoadedAssessment,
        decisions::{PartnerDecision, urgency},
        requests::{
            Requests,
            make::{RequestView, state_after},
        },
        task::lost,
    },
    policy::{PartnerException, abbreviated_list, plan},
    seal::{rules, statement::id_of, verify::verify},
    store::requests::{NewAttachedStatement, RequestRecord, RequestStep},
    wire,
};

/// An answer, as the officer gives it.
#[derive(Clone)]
pub struct GivenAnswer {
    /// The request that it answers.
    pub request: StatementId,
    /// What kind of answer it is.
    pub kind: AnswerKind,
    /// The answer in words.
    pub text: String,
    /// The exception, signed by the officer. It is there exactly if something is released.
    pub exception: Option<Envelope>,
}

/// What an exception would do.
pub struct ExceptionPreview {
    /// The decision about its portions, and no others.
    pub decision: PartnerDecision,
    /// The version that the decision is about.
    pub prepared: Arc<LoadedAssessment>,
}

impl Requests {
    /// Decides what an exception that is not signed yet would give. A rule that forbids still withholds its portions.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT`, `NOT_A_PARTNER`, and whatever is wrong with the exception.
    pub async fn weigh(&self, _actor: &Authorized<Officiate>, payload: &[u8]) -> Result<ExceptionPreview, Fault> {
        let exception = wire::request::decode_exception(payload)?;
        let record = self.open_request(&exception.request).await?;
        let prepared = self.excepted(&record, &exception).await?;
        let directory = self.directory.current();
        let partner = directory.active(&record.partner)?.clone();
        let (now, id) = (self.clock.now(), id_of(StatementKind::Exception, payload));
        let shared = prepared.clone();
        let work = tokio::task::spawn_blocking(move || {
            let facts = shared.facts(now, &directory).with_exceptions([PartnerException::new(id, &exception)]);
            let digests: BTreeSet<Digest> = exception.digests.into_iter().collect();
            let mut decision = PartnerDecision::new(&partner, &plan(&partner.outgoing, &facts, now));
            decision.portions.retain(|p| digests.contains(&p.portion));
            decision
        });
        Ok(ExceptionPreview { decision: work.await.map_err(lost)?, prepared })
    }

    /// Answers a partner's request. What is released goes by the feed, where it is decided once more.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where it was answered before, `INVALID_ARGUMENT`, `LIMIT_EXCEEDED`, and whatever
    /// verification refuses of the exception.
    pub async fn answer(&self, actor: &Authorized<Officiate>, given: GivenAnswer) -> Result<RequestView, Fault> {
        self.directory.decide_again(|| Box::pin(self.answer_once(actor, given.clone()))).await
    }

    async fn answer_once(&self, actor: &Authorized<Officiate>, given: GivenAnswer) -> Result<RequestView, Fault> {
        let catalogue = Some(self.directory.version());
        let GivenAnswer { request, kind, text, exception } = given;
        let (now, record) = (self.clock.now(), self.open_request(&request).await?);
        let (partner, manifest) = (record.partner.clone(), record.manifest_id);
        let mut events = vec![];
        let (mut attached, mut exception_id) = (None, None);
        if let Some(envelope) = exception {
            let (id, exception) = self.signed_exception(actor, &envelope)?;
            let prepared = self.excepted(&record, &exception).await?;
            let Exception { digests, from, until, .. } = exception;
            let deed = Deed::Excepted { manifest, partner: partner.clone(), request, exception: id, digests, until };
            events.push(Event::by(actor, now, deed));
            attached = Some(NewAttachedStatement {
                manifest_id: manifest,
                from: self.identity.domain().clone(),
                envelope: wire::envelope::encode(&envelope),
                at: now,
                urgency: urgency(&prepared),
                queue: vec![(partner.clone(), now.max(from))],
            });
            exception_id = Some(id);
        }
        let answer = Answer { request, kind, text, answered_at: now, exception: exception_id };
        let content = wire::request::encode_answer(&answer);
        wire::request::decode_answer(&content).map_err(|f| Fault { reason: Reason::InvalidArgument, ..f })?;
        let envelope = self.identity.sign(StatementKind::Answer, content)?;
        let id = id_of(StatementKind::Answer, &envelope.payload);
        let envelope = wire::envelope::encode(&envelope);
        let state = state_after(kind);
        let deed = Deed::RequestSettled {
            manifest,
            partner: partner.clone(),
            request,
            outgoing: false,
            state,
            answer: Some(id),
        };
        events.push(Event::by(actor, now, deed));
        let record = RequestRecord { state, answer: Some(envelope.clone()), by: Some(actor.id().clone()), ..record };
        let step =
            RequestStep { catalogue, record: record.clone(), is_theirs: false, post: Some(envelope), attached, events };
        if !self.store.settle_request(step).await? {
            return Err(answered_before());
        }
        self.cache.entries.forget(&manifest);
        let live = self.sessions.of(&partner);
        live.post();
        live.wake();
        self.request_view(record, false).await
    }

    /// A partner's request that waits for an answer.
    async fn open_request(&self, id: &StatementId) -> Result<RequestRecord, Fault> {
        let found = self.store.request(id).await?.filter(|r| !r.outgoing);
        let unknown = || Fault::at(Reason::NotFound, "request_id", format!("no partner has asked anything as `{id}`"));
        let record = found.ok_or_else(unknown)?;
        if record.state == RequestState::Sent { Ok(record) } else { Err(answered_before()) }
    }

    /// The exception, if the caller and nobody else has signed it with their own key.
    fn signed_exception(&self, actor: &Actor, envelope: &Envelope) -> Result<(StatementId, Exception), Fault> {
        let verified = verify(envelope, &rules::EXCEPTION, self.trust.chains(), self.clock.now())?;
        if verified.signers() != std::slice::from_ref(actor.id()) {
            let what = "an exception is signed by the officer who answers, and by nobody else";
            return Err(Fault::at(Reason::WrongDomain, "exception", what));
        }
        Ok((verified.id(), verified.into_content()))
    }

    /// The version that an exception is about, if the exception fits the request.
    async fn excepted(&self, record: &RequestRecord, exception: &Exception) -> Result<Arc<LoadedAssessment>, Fault> {
        let Exception { giver, partner, manifest, digests, until, .. } = exception;
        if (giver, partner, manifest) != (self.identity.domain(), &record.partner, &record.manifest_id) {
            let what = "the exception is for another partner or version than the request";
            return Err(Fault::at(Reason::InvalidArgument, "exception", what));
        }
        let now = self.clock.now();
        if *until <= now {
            return Err(Fault::at(Reason::InvalidArgument, "valid_until", "the exception would be over already"));
        }
        let missing =
            || Fault::new(Reason::NotFound, "the version is not here any more, so nothing of it can be given");
        let prepared = self.cache.prepare(&[*manifest]).await?.pop().ok_or_else(missing)?;
        if let Some(unknown) = digests.iter().find(|d| !prepared.all().any(|(digest, _)| digest == **d)) {
            let what = format!("the version has no portion `{unknown}`");
            return Err(Fault::at(Reason::DigestNotListed, "digests", what));
        }
        // Otherwise an exception would be signed, logged and sent for nothing, and the partner that asked would wait for more.
        let given = self.store.disclosed(partner, manifest).await?;
        let has: Vec<String> = prepared
            .all()
            .filter(|(digest, _)| digests.contains(digest) && given.contains(digest))
            .map(|(_, portion)| format!("{} `{}`", portion.kind(), portion.handle))
            .collect();
        if !has.is_empty() {
            let what = format!("the partner has these portions already: {}; leave them out", abbreviated_list(&has));
            return Err(Fault::at(Reason::Conflict, "digests", what));
        }
        let holding = prepared.exceptions.iter().filter(|e| e.excepted.partner == *partner && e.excepted.until > now);
        if holding.count() >= MAX_EXCEPTIONS {
            let what = format!("at most {MAX_EXCEPTIONS} exceptions of one version hold for a partner at a time");
            return Err(Fault::new(Reason::LimitExceeded, what));
        }
        Ok(prepared)
    }
}

fn answered_before() -> Fault {
    Fault::at(Reason::Conflict, "request_id", "the request was answered before; the partner may ask again")
}
