//! Checks statements that a partner hands over: who may have signed them, and when they were first logged.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        logged::Logged,
        statement::{Envelope, Signature},
        time::Time,
    },
    identity::{leaf_cache::claimed_leaf, signers::Identities},
    seal::{
        chains::VerificationTime,
        rules, statement,
        verify::{StatementRule, Verified, verify},
    },
};

/// Verifies a statement that a partner hands over, as of when it was first logged, if a statement that is attached to it says so.
///
/// # Errors
/// Whatever verification refuses.
pub(in crate::node) fn verify_handed<T>(
    envelope: &Envelope,
    rule: &StatementRule<T>,
    chains: &Identities,
    now: Time,
) -> Result<Verified<T>, Fault> {
    verify_arrived(envelope, rule, chains, now, now)
}

/// Like [`verify_handed`], for a statement that first came at another time.
///
/// # Errors
/// Whatever verification refuses.
pub(in crate::node) fn verify_arrived<T>(
    envelope: &Envelope,
    rule: &StatementRule<T>,
    chains: &Identities,
    arrived: Time,
    now: Time,
) -> Result<Verified<T>, Fault> {
    let when = VerificationTime { arrived, ..now.into() };
    let logged = match first_logged(envelope, chains, when) {
        Ok(Some(logged)) => logged,
        Ok(None) => return verify(envelope, rule, chains, when),
        // The statement of when it was logged can't be verified. The statement must then hold without it.
        Err(fault) => return verify(envelope, rule, chains, when).map_err(|_| fault),
    };
    let verified = verify(envelope, rule, chains, logged.when(when))?;
    Ok(verified.or_on_word_of(logged.on_word_of))
}

/// Refuses a statement that claims a signer of another domain, before the signer's roots are looked up. Otherwise the refusal would
/// show whether a third organisation is a partner here.
pub(in crate::node) fn only_by(domains: &[&TrustDomain], envelope: &Envelope) -> Result<(), Fault> {
    for signature in &envelope.signatures {
        if !domains.contains(&&claimed_domain(signature)?) {
            return Err(Fault::new(
                Reason::WrongDomain,
                format!("the {} bears the signature of an organisation that has no part in it", envelope.kind),
            ));
        }
    }
    Ok(())
}

/// Requires that each statement of when something was logged is by a node of the signer's organisation or of the partner that hands
/// it over.
pub(in crate::node) fn require_logged_by_a_party(partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
    let mut parties = envelope.signatures.iter().map(claimed_domain).collect::<Result<Vec<_>, _>>()?;
    parties.push(partner.clone());
    let parties: Vec<&TrustDomain> = parties.iter().collect();
    envelope.logged.iter().try_for_each(|logged| only_by(&parties, logged))
}

/// The domain that a signature's certificate names. It is not verified.
fn claimed_domain(signature: &Signature) -> Result<TrustDomain, Fault> {
    Ok(claimed_leaf(&signature.certificates)?.id.domain().clone())
}

/// When a statement was first logged, according to the statements that are attached to it.
struct FirstLogged {
    at: Time,
    by: TrustDomain,
    /// The organisation on whose word alone it counts, if there is one.
    on_word_of: Option<TrustDomain>,
    /// Whether it counts by itself.
    is_firm: bool,
}

impl FirstLogged {
    fn when<'a>(&'a self, when: VerificationTime<'a>) -> VerificationTime<'a> {
        when.stated(self.at, &self.by).firm(self.is_firm)
    }
}

/// Reads the nested statements of when something was logged. The outermost is judged as of now, and each further one as of the time that
/// the one around it states.
fn first_logged(
    envelope: &Envelope,
    chains: &Identities,
    when: VerificationTime<'_>,
) -> Result<Option<FirstLogged>, Fault> {
    let mut stated: Option<FirstLogged> = None;
    for (place, logged) in envelope.logged.iter().enumerate().rev() {
        let verified = verify(logged, &rules::LOGGED, chains, stated.as_ref().map_or(when, |s| s.when(when)))?;
        let inner = place.checked_sub(1).and_then(|before| envelope.logged.get(before)).unwrap_or(envelope);
        let Logged { statement, at } = *verified.content();
        if statement != statement::id(inner) {
            let what = "what tells when the statement was logged names another statement";
            return Err(Fault::at(Reason::InvalidArgument, "logged", what));
        }
        let by = verified.signers().first().map(|s| s.domain().clone());
        let on_word_of = stated.and_then(|s| s.on_word_of).or_else(|| verified.on_word_of().cloned());
        let is_firm = verified.is_current();
        stated = by.map(|by| FirstLogged { at, by, on_word_of, is_firm });
    }
    Ok(stated)
}
