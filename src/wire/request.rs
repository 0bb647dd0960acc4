//! Requests, answers and exceptions.

use prost::Message;

use super::{
    canonical,
    field::{
        ascending, bytes, bytes_all, bytes_optional, line, number_of, parsed, refuse, text, time, timestamp, word,
    },
    names, number, proto,
};
use crate::domain::{
    fault::{Fault, Reason},
    request::{Answer, AnswerKind, AskingRole, Exception, MAX_DAYS, MAX_EXCEPTED, MAX_TEXT_BYTES, Request},
};

const DAY_SECONDS: i64 = 86_400;

/// A text that one person writes to another.
fn words(field: &str, value: String) -> Result<String, Fault> {
    if value.len() > MAX_TEXT_BYTES {
        return Err(refuse(field, format!("the text takes at most {MAX_TEXT_BYTES} bytes")));
    }
    text(field, value)
}

/// Decodes a request from a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode(payload: &[u8]) -> Result<Request, Fault> {
    let proto::Request {
        addressee,
        assessment_id,
        version,
        manifest_id,
        kinds,
        question,
        role,
        nonce,
        requested_at,
        speaker: _,
    } = canonical::decode(payload)?;
    if kinds.is_empty() && question.is_empty() {
        return Err(refuse("question", "the request must ask for something"));
    }
    let kinds = names::decode("kinds", &kinds)?;
    Ok(Request {
        addressee: parsed("addressee", &addressee)?,
        assessment: bytes("assessment_id", &assessment_id)?,
        version: number::version("version", version)?,
        manifest: bytes("manifest_id", &manifest_id)?,
        kinds,
        question: words("question", question)?,
        role: word("role", AskingRole::ALL, role)?,
        nonce: bytes("nonce", &nonce)?,
        requested_at: time("requested_at", requested_at)?,
    })
}

/// Encodes a request as a payload for signing.
pub fn encode(request: &Request) -> Vec<u8> {
    let Request { addressee, assessment, version, manifest, kinds, question, role, nonce, requested_at } = request;
    proto::Request {
        speaker: None,
        addressee: addressee.to_string(),
        assessment_id: assessment.0.to_vec().into(),
        version: *version,
        manifest_id: manifest.0.to_vec().into(),
        kinds: names::encode(kinds),
        question: question.clone(),
        role: number_of(AskingRole::ALL, role),
        nonce: nonce.0.to_vec().into(),
        requested_at: timestamp(*requested_at),
    }
    .encode_to_vec()
}

/// Decodes an answer from a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode_answer(payload: &[u8]) -> Result<Answer, Fault> {
    let proto::Answer { request_id, kind, text: t, answered_at, exception_id, speaker: _ } =
        canonical::decode(payload)?;
    let answer = Answer {
        request: bytes("request_id", &request_id)?,
        kind: word("kind", AnswerKind::ALL, kind)?,
        text: words("text", t)?,
        answered_at: time("answered_at", answered_at)?,
        exception: bytes_optional("exception_id", &exception_id)?,
    };
    if (answer.kind == AnswerKind::Released) != answer.exception.is_some() {
        return Err(refuse("exception_id", "only the answer `released` names an exception"));
    }
    if answer.kind != AnswerKind::Released && answer.text.is_empty() {
        return Err(refuse("text", "the text is missing"));
    }
    Ok(answer)
}

/// Encodes an answer as a payload for signing.
pub fn encode_answer(answer: &Answer) -> Vec<u8> {
    let Answer { request, kind, text, answered_at, exception } = answer;
    proto::Answer {
        speaker: None,
        request_id: request.0.to_vec().into(),
        kind: number_of(AnswerKind::ALL, kind),
        text: text.clone(),
        answered_at: timestamp(*answered_at),
        exception_id: exception.map(|e| e.0.to_vec()).unwrap_or_default().into(),
    }
    .encode_to_vec()
}

/// Decodes an exception from a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path, `STATEMENT_TOO_LARGE`.
pub fn decode_exception(payload: &[u8]) -> Result<Exception, Fault> {
    let proto::Exception {
        giver,
        partner,
        manifest_id,
        digests,
        request_id,
        reason,
        valid_from,
        valid_until,
        speaker: _,
    } = canonical::decode(payload)?;
    if digests.is_empty() || digests.len() > MAX_EXCEPTED {
        let what = format!("an exception names 1 to {MAX_EXCEPTED} portions");
        return Err(Fault::at(Reason::StatementTooLarge, "digests", what));
    }
    let exception = Exception {
        giver: parsed("giver", &giver)?,
        partner: parsed("partner", &partner)?,
        manifest: bytes("manifest_id", &manifest_id)?,
        digests: bytes_all("digests", &digests)?,
        request: bytes("request_id", &request_id)?,
        reason: line("reason", words("reason", reason)?)?,
        from: time("valid_from", valid_from)?,
        until: time("valid_until", valid_until)?,
    };
    ascending("digests", &exception.digests)?;
    if exception.until <= exception.from || exception.until > exception.from.plus_seconds(MAX_DAYS * DAY_SECONDS) {
        return Err(refuse(
            "valid_until",
            format!("an exception must end after it begins, at most {MAX_DAYS} days later"),
        ));
    }
    Ok(exception)
}

/// Encodes an exception as a payload for signing.
pub fn encode_exception(exception: &Exception) -> Vec<u8> {
    let Exception { giver, partner, manifest, digests, request, reason, from, until } = exception;
    proto::Exception {
        speaker: None,
        giver: giver.to_string(),
        partner: partner.to_string(),
        manifest_id: manifest.0.to_vec().into(),
        digests: digests.iter().map(|d| d.0.to_vec().into()).collect(),
        request_id: request.0.to_vec().into(),
        reason: reason.clone(),
        valid_from: timestamp(*from),
        valid_until: timestamp(*until),
    }
    .encode_to_vec()
}
