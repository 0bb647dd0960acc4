//! Signed statements: nobody's bytes are accepted but those of the fixed world's signers, whose keys are gone.

use watchfire::{
    domain::{
        fault::Fault,
        ids::SpiffeId,
        statement::{Envelope, StatementKind},
    },
    seal::{
        rules,
        verify::{StatementRule, verify},
    },
    wire,
};

use super::world::{self, Honest};

/// The bytes are an envelope, verified by the rule of its kind.
pub fn check(data: &[u8]) {
    if let Err(forgery) = among(data, &world::world().statements) {
        panic!("{forgery}");
    }
}

/// Whether the bytes are refused, or say what one of these says, by its signers.
///
/// # Errors
/// A forgery, in words.
pub fn among(data: &[u8], honest: &[Honest]) -> Result<(), String> {
    let Ok(envelope) = wire::envelope::decode(data) else { return Ok(()) };
    // What tells when it was logged, and each release of a path, is believed on its own signature.
    all_of(&envelope).try_for_each(|envelope| is_honest(envelope, honest))
}

/// A statement, and those beside it: that tell when it was logged, and of its path.
fn all_of(envelope: &Envelope) -> impl Iterator<Item = &Envelope> {
    std::iter::once(envelope).chain(&envelope.logged).chain(&envelope.path)
}

fn is_honest(envelope: &Envelope, honest: &[Honest]) -> Result<(), String> {
    let Ok(signers) = judged(envelope) else { return Ok(()) };
    let Envelope { kind, payload, .. } = envelope;
    let mut all = honest.iter().flat_map(|s| all_of(&s.envelope));
    let same = all.find(|e| e.kind == *kind && e.payload == *payload);
    let same = same.ok_or_else(|| format!("a {kind} that nobody signed is accepted, by {signers:?}"))?;
    let honest = judged(same).map_err(|f| f.to_string())?;
    let strange = signers.iter().find(|s| !honest.contains(s));
    strange.map_or(Ok(()), |s| Err(format!("a {kind} is accepted as signed by {s}")))
}

/// What the bytes say and who signed it, where they are accepted.
pub fn accepted(data: &[u8]) -> Option<(StatementKind, Vec<u8>, Vec<SpiffeId>)> {
    let envelope = wire::envelope::decode(data).ok()?;
    let signers = judged(&envelope).ok()?;
    assert!(!signers.is_empty(), "accepted from nobody");
    Some((envelope.kind, envelope.payload, signers))
}

/// Who signed it, by the rule of its kind.
///
/// # Errors
/// Why it is refused.
pub fn judged(envelope: &Envelope) -> Result<Vec<SpiffeId>, Fault> {
    match envelope.kind {
        StatementKind::Manifest => by(envelope, &rules::MANIFEST),
        StatementKind::Agreement => by(envelope, &rules::AGREEMENT),
        StatementKind::Notice => by(envelope, &rules::NOTICE),
        StatementKind::Release => by(envelope, &rules::RELEASE),
        StatementKind::Void => by(envelope, &rules::VOID),
        StatementKind::Receipt => by(envelope, &rules::RECEIPT),
        StatementKind::Invitation => by(envelope, &rules::INVITATION),
        StatementKind::Approval => by(envelope, &rules::APPROVAL),
        StatementKind::Introduction => by(envelope, &rules::INTRODUCTION),
        StatementKind::Bundle => by(envelope, &rules::BUNDLE),
        StatementKind::LedgerKey => by(envelope, &rules::LEDGER_KEY),
        StatementKind::Endorsement => by(envelope, &rules::ENDORSEMENT),
        StatementKind::Request => by(envelope, &rules::REQUEST),
        StatementKind::Answer => by(envelope, &rules::ANSWER),
        StatementKind::Exception => by(envelope, &rules::EXCEPTION),
        StatementKind::Recall => by(envelope, &rules::RECALL),
        StatementKind::Logged => by(envelope, &rules::LOGGED),
    }
}

fn by<T>(envelope: &Envelope, rule: &StatementRule<T>) -> Result<Vec<SpiffeId>, Fault> {
    let verified = verify(envelope, rule, &world::world().chains, world::now())?;
    assert!(verified.signers().iter().all(|s| rule.roles.contains(&s.role())), "a role that may not sign it");
    assert!(verified.signers().iter().all(|s| (rule.may_speak)(verified.content(), s.domain())));
    Ok(verified.signers().to_vec())
}
