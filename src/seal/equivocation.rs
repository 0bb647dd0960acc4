//! Proofs of equivocation: two different statements about one subject, each with its signatures. Anybody who has the originator's roots can
//! check a proof.

use super::{
    chains::{Chains, VerificationTime},
    rules, statement,
    verify::{StatementRule, verify},
};
use crate::{
    domain::{
        equivocation::{StatementSubject, Twice},
        fault::{Fault, Reason},
        ids::{SpiffeId, StatementId, TrustDomain},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    wire,
};

/// A statement of a proof, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedStatement {
    /// Its id.
    pub id: StatementId,
    /// When it says that it was made.
    pub made_at: Time,
    /// Who signed it.
    pub by: Vec<SpiffeId>,
}

/// The subject of a statement, and when the statement says that it was made. Does not check signatures.
///
/// # Errors
/// The fault of the decoder. `INVALID_ARGUMENT` for a kind of which several may be signed.
pub fn subject_of(envelope: &Envelope) -> Result<(StatementSubject, Time), Fault> {
    match envelope.kind {
        StatementKind::Manifest => {
            let manifest = wire::manifest::decode(&envelope.payload)?;
            let twice = Twice::Version(manifest.version);
            let subject = StatementSubject { originator: manifest.originator, assessment: manifest.assessment, twice };
            Ok((subject, manifest.issued))
        }
        StatementKind::Recall => {
            let recall = wire::recall::decode(&envelope.payload)?;
            let twice = Twice::Recall(recall.kind);
            let subject = StatementSubject { originator: recall.originator, assessment: recall.assessment, twice };
            Ok((subject, recall.recalled_at))
        }
        kind => {
            let what = format!("a {kind} proves no equivocation; manifests and recalls do");
            Err(Fault::new(Reason::InvalidArgument, what))
        }
    }
}

/// Checks that two statements contradict each other, and that the originator signed both. Each chain is verified as of the time that its
/// statement names, so a certificate that has ended since then still counts.
///
/// # Errors
/// The fault of the verification. `INVALID_ARGUMENT`, if the statements are about different things or are the same.
pub fn check(
    both: [&Envelope; 2],
    chains: &dyn Chains,
    now: Time,
) -> Result<(StatementSubject, [SignedStatement; 2]), Fault> {
    let [(subject, first_at), (other, second_at)] = [subject_of(both[0])?, subject_of(both[1])?];
    if subject != other {
        return Err(Fault::new(Reason::InvalidArgument, "the two statements are about different things"));
    }
    if statement::id(both[0]) == statement::id(both[1]) {
        return Err(Fault::new(Reason::InvalidArgument, "the two statements are the same"));
    }
    let first = signed(both[0], &subject.originator, first_at, chains, now)?;
    let second = signed(both[1], &subject.originator, second_at, chains, now)?;
    Ok((subject, [first, second]))
}

fn signed(
    envelope: &Envelope,
    originator: &TrustDomain,
    made_at: Time,
    chains: &dyn Chains,
    now: Time,
) -> Result<SignedStatement, Fault> {
    let when = VerificationTime::from(now).stated(made_at, originator);
    let (id, by) = match envelope.kind {
        StatementKind::Recall => verified(envelope, &rules::RECALL, chains, when)?,
        _ => verified(envelope, &rules::MANIFEST, chains, when)?,
    };
    Ok(SignedStatement { id, made_at, by })
}

fn verified<T>(
    envelope: &Envelope,
    rule: &StatementRule<T>,
    chains: &dyn Chains,
    when: VerificationTime<'_>,
) -> Result<(StatementId, Vec<SpiffeId>), Fault> {
    let verified = verify(envelope, rule, chains, when)?;
    Ok((verified.id(), verified.signers().to_vec()))
}
