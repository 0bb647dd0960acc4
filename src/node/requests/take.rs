//! What partners send about requests: a request, an answer, and the exceptions that come with what was asked for.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        entry::FeedEntry,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        request::RequestState,
        statement::{Envelope, StatementKind},
    },
    node::{
        assessment_cache::parts::LoadedException,
        handed_over::{only_by, verify_handed},
        inbound::{content::Carrying, unusable::Unusable},
        requests::{Requests, make::state_after},
    },
    seal::{
        rules,
        statement::id_of,
        verify::{Verified, verify},
    },
    store::requests::{RequestRecord, RequestStep},
    wire,
};

/// This organisation's requests to a partner, each with the version that it is about.
pub type RequestedVersions = BTreeSet<(StatementId, StatementId)>;

impl Requests {
    /// Takes a partner's request. The partner learns of nothing that it was not given: what does not exist and what the partner does not
    /// have are refused in the same way.
    ///
    /// # Errors
    /// Whatever verification refuses; `WRONG_DOMAIN`; `NOT_FOUND`.
    pub(in crate::node) async fn take_request(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let (now, catalogue) = (self.clock.now(), Some(self.directory.version()));
        let verified = verify_handed(envelope, &rules::REQUEST, &self.trust.active, self.clock.now())?;
        by_the_party(&verified, partner)?;
        let (id, request) = (verified.id(), verified.into_content());
        if request.addressee != *self.identity.domain() {
            return Err(Fault::at(Reason::WrongDomain, "addressee", "the request is for another organisation"));
        }
        let unknown = || Fault::at(Reason::NotFound, "manifest_id", "you were given no such version of an assessment");
        // This includes what is about to be released again, because the partner has that version.
        if self.store.given_releases(&request.manifest, Some(partner)).await?.is_empty() {
            return Err(unknown());
        }
        let record = self.store.by_manifest(&request.manifest, false).await?.ok_or_else(unknown)?;
        if (record.assessment, record.version) != (request.assessment, request.version) {
            return Err(unknown());
        }
        let deed =
            Deed::Requested { manifest: request.manifest, partner: partner.clone(), request: id, outgoing: false };
        let record = RequestRecord {
            id,
            partner: partner.clone(),
            outgoing: false,
            manifest_id: request.manifest,
            state: RequestState::Sent,
            at: now,
            turn: 0,
            envelope: wire::envelope::encode(envelope),
            answer: None,
            by: None,
            reason: None,
        };
        let events = vec![Event::of_node(now, deed)];
        let step = RequestStep { catalogue, record, is_theirs: true, post: None, attached: None, events };
        if self.store.begin_request(step).await? {
            tracing::info!(%partner, "a partner asks for more of an assessment; see `watchfire assess requests`");
            self.sessions.arrived();
        }
        Ok(())
    }

    /// Takes a partner's answer to a request.
    ///
    /// # Errors
    /// Whatever verification refuses; `NOT_FOUND` where nothing was asked of that partner; `CONFLICT` where it was answered before.
    pub(in crate::node) async fn take_answer(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let (now, catalogue) = (self.clock.now(), Some(self.directory.version()));
        let verified = verify_handed(envelope, &rules::ANSWER, &self.trust.active, self.clock.now())?;
        by_the_party(&verified, partner)?;
        let (id, answer) = (verified.id(), verified.into_content());
        let asked = self.store.request(&answer.request).await?.filter(|r| r.outgoing && r.partner == *partner);
        let unknown = || Fault::at(Reason::NotFound, "request_id", "you were asked nothing under that id");
        let asked = asked.ok_or_else(unknown)?;
        let encoded = wire::envelope::encode(envelope);
        if asked.answer.as_ref() == Some(&encoded) {
            return Ok(());
        }
        let record = RequestRecord { state: state_after(answer.kind), answer: Some(encoded), ..asked };
        if self.settle(record, Some(id), now, catalogue).await? {
            return Ok(());
        }
        Err(Fault::at(Reason::Conflict, "request_id", "the request was answered before"))
    }

    /// Which of this organisation's own requests the exceptions among these entries answer.
    pub(in crate::node) async fn asked(
        &self,
        partner: &TrustDomain,
        entries: &[FeedEntry],
    ) -> Result<RequestedVersions, Fault> {
        let mut asked = RequestedVersions::new();
        for envelope in entries.iter().flat_map(|e| &e.exceptions) {
            // An exception that does not decode is refused later, with its entry.
            let Ok(exception) = wire::request::decode_exception(&envelope.payload) else { continue };
            let request = self.store.request(&exception.request).await?;
            if let Some(request) = request.filter(|r| r.outgoing && r.partner == *partner) {
                asked.insert((request.id, request.manifest_id));
            }
        }
        Ok(asked)
    }

    /// The exceptions that count. An exception must be signed by an officer of the sender, for this organisation and this version, in
    /// answer to a request of this organisation. One that nobody here has asked for covers nothing. One that is for somebody else refuses
    /// the entry.
    pub(in crate::node) fn check_exceptions(
        &self,
        carried: &Carrying<'_>,
        envelopes: &[Arc<Envelope>],
        asked: &RequestedVersions,
    ) -> Result<Vec<LoadedException>, Unusable> {
        let Carrying { partner, release, path, examined } = carried;
        let (mut ids, mut counting) = (vec![], vec![]);
        for (i, envelope) in envelopes.iter().enumerate() {
            let here = |fault: Fault| fault.within(&format!("beside[{}]", release.endorsements.len() + i));
            only_by(&[*partner], envelope).map_err(here)?;
            let id = id_of(StatementKind::Exception, &envelope.payload);
            let not_listed = || here(Fault::new(Reason::DigestNotListed, "no release lists the exception"));
            let when = path.of_listed(*examined, partner, release, &id).ok_or_else(not_listed)?;
            let verified = verify(envelope, &rules::EXCEPTION, self.trust.chains(), when);
            let verified = verified.map_err(|fault| Unusable::by(partner, here(fault)))?;
            let exception = verified.content();
            if exception.partner != *self.identity.domain() {
                let what = "the exception is for another organisation";
                return Err(here(Fault::at(Reason::WrongDomain, "partner", what)).into());
            }
            if exception.manifest != release.manifest {
                let what = "the exception is for another assessment or version";
                return Err(here(Fault::at(Reason::DigestNotListed, "manifest_id", what)).into());
            }
            ids.push(verified.id());
            if asked.contains(&(exception.request, exception.manifest)) {
                counting.push(LoadedException::new(envelope.clone(), examined.arrived)?);
            }
        }
        if !ids.iter().eq(release.exceptions.iter().map(|l| &l.id)) {
            let what = "the exceptions are not those that the release names";
            return Err(Fault::at(Reason::DigestNotListed, "beside", what).into());
        }
        Ok(counting)
    }
}

/// Checks that a statement is handed over by the party that has signed it.
fn by_the_party<T>(statement: &Verified<T>, partner: &TrustDomain) -> Result<(), Fault> {
    if statement.signers().iter().all(|s| s.domain() == partner) {
        return Ok(());
    }
    Err(Fault::new(Reason::WrongDomain, "requests and answers are handed over by the party that has signed them"))
}
