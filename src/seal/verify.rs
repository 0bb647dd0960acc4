//! Verification: turns an envelope into a statement whose signers are proved.

use std::collections::BTreeSet;

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};

use super::{
    chains::{Chains, Signer, VerificationTime},
    statement::{id_of_encoding, pre_authentication_encoding},
};
use crate::domain::{
    fault::{Fault, Reason},
    ids::{Role, Sha256, SpiffeId, StatementId, TrustDomain},
    statement::{Envelope, Signature, Speaker, SpeakerId, StatementKind, Suite},
    time::Time,
};
use crate::wire;

/// How far in the future a statement's time may be, in seconds (01-protocol §2).
pub const MAX_SKEW_SECONDS: i64 = 300;

/// A statement of which every signature was verified, and whose signers may sign such a statement. Only [`verify`] and [`verify_part`] make one,
/// so code that has one need not check again.
#[derive(Debug, Clone)]
pub struct Verified<T> {
    content: T,
    id: StatementId,
    signers: Vec<SpiffeId>,
    roots: Vec<Sha256>,
    on_word_of: Option<TrustDomain>,
    is_current: bool,
}

impl<T> Verified<T> {
    /// The statement's content.
    pub fn content(&self) -> &T {
        &self.content
    }

    /// Its id.
    pub fn id(&self) -> StatementId {
        self.id
    }

    /// Who signed, in the order of the signatures. At least one.
    pub fn signers(&self) -> &[SpiffeId] {
        &self.signers
    }

    /// The fingerprints of the trust bundles that the signatures were proved under, in the order of the signatures.
    pub fn roots(&self) -> &[Sha256] {
        &self.roots
    }

    /// The organisation on whose word alone a signature counts, if there is one: see [`Signer::on_word_of`].
    pub fn on_word_of(&self) -> Option<&TrustDomain> {
        self.on_word_of.as_ref()
    }

    /// Whether every signer's chain was valid when the statement arrived.
    pub fn is_current(&self) -> bool {
        self.is_current
    }

    /// Returns the statement as counting on that organisation's word alone, unless it counts on another's already.
    #[must_use]
    pub fn or_on_word_of(mut self, organisation: Option<TrustDomain>) -> Self {
        self.on_word_of = self.on_word_of.or(organisation);
        self
    }

    /// Returns the content alone.
    pub fn into_content(self) -> T {
        self.content
    }

    /// Whether one of the signers belongs to that domain.
    pub fn is_signed_by(&self, domain: &TrustDomain) -> bool {
        self.signers.iter().any(|s| s.domain() == domain)
    }
}

/// What a kind of statement requires: how it is decoded, who may sign it, and when it was made.
pub struct StatementRule<T> {
    /// The kind.
    pub kind: StatementKind,
    /// The roles that may sign it.
    pub roles: &'static [Role],
    /// The strict decoder of the payload.
    pub decode: fn(&[u8]) -> Result<T, Fault>,
    /// Whether an organisation may sign this statement. It has to hold for every signer.
    pub may_speak: fn(&T, &TrustDomain) -> bool,
    /// When it says that it was made, so that one from the future is refused. `None` if it has no time.
    pub made_at: fn(&T) -> Option<Time>,
}

/// A statement that was decoded and whose signatures are yet to be verified. For a reader that has to know what the statement
/// claims before it can say as of when its signatures count.
pub struct Claimed<'e, T: 'static> {
    envelope: &'e Envelope,
    rule: &'static StatementRule<T>,
    content: T,
}

impl<'e, T> Claimed<'e, T> {
    /// Decodes strictly.
    ///
    /// # Errors
    /// `UNKNOWN_OR_NON_CANONICAL` where it is a statement of another kind, and whatever the decoder refuses.
    pub fn read(envelope: &'e Envelope, rule: &'static StatementRule<T>) -> Result<Self, Fault> {
        check_kind(envelope, rule)?;
        Ok(Self { envelope, rule, content: (rule.decode)(&envelope.payload)? })
    }

    /// What it claims to say.
    pub fn content(&self) -> &T {
        &self.content
    }

    /// As [`verify`], without decoding it again.
    ///
    /// # Errors
    /// As [`verify`].
    pub fn verify<'a>(self, chains: &dyn Chains, when: impl Into<VerificationTime<'a>>) -> Result<Verified<T>, Fault> {
        let Self { envelope, rule, content } = self;
        let verified = verify_with(envelope, rule, chains, &when.into(), || Ok(content))?;
        check_spoken(envelope, rule, &verified)?;
        Ok(verified)
    }
}

/// Verifies every signature over the exact bytes, and the signers' chains, roles and domains. Then decodes the payload strictly. If one
/// signature does not verify, the whole statement is refused. `when` is the reader's time, or [`VerificationTime::stated`] for a statement inside another
/// one.
///
/// # Errors
/// `SIGNATURE_INVALID`, `CHAIN_INVALID`, `CERTIFICATE_REVOKED`, `NOT_A_PARTNER`, `WRONG_DOMAIN`, `UNKNOWN_OR_NON_CANONICAL`,
/// `STATEMENT_FROM_FUTURE`, and the faults of the decoder.
pub fn verify<'a, T>(
    envelope: &Envelope,
    rule: &StatementRule<T>,
    chains: &dyn Chains,
    when: impl Into<VerificationTime<'a>>,
) -> Result<Verified<T>, Fault> {
    let verified = verify_part(envelope, rule, chains, when)?;
    check_spoken(envelope, rule, &verified)?;
    Ok(verified)
}

/// As [`verify`], for a statement that several persons sign one after the other and that does not have all its signatures yet. Does not check
/// whether the speaker has signed.
///
/// # Errors
/// As [`verify`].
pub fn verify_part<'a, T>(
    envelope: &Envelope,
    rule: &StatementRule<T>,
    chains: &dyn Chains,
    when: impl Into<VerificationTime<'a>>,
) -> Result<Verified<T>, Fault> {
    check_kind(envelope, rule)?;
    verify_with(envelope, rule, chains, &when.into(), || (rule.decode)(&envelope.payload))
}

fn check_kind<T>(envelope: &Envelope, rule: &StatementRule<T>) -> Result<(), Fault> {
    if envelope.kind == rule.kind {
        return Ok(());
    }
    let what = format!("a {} is in the place of a {}", envelope.kind, rule.kind);
    Err(Fault::new(Reason::UnknownOrNonCanonical, what))
}

/// `decode` gives the content of exactly this envelope's payload, once the signatures hold.
fn verify_with<T>(
    envelope: &Envelope,
    rule: &StatementRule<T>,
    chains: &dyn Chains,
    when: &VerificationTime<'_>,
    decode: impl FnOnce() -> Result<T, Fault>,
) -> Result<Verified<T>, Fault> {
    let message = pre_authentication_encoding(envelope.kind, &envelope.payload);
    let id = id_of_encoding(&message);
    let mut signers: Vec<SpiffeId> = Vec::with_capacity(envelope.signatures.len());
    let (mut roots, mut on_word_of, mut is_current) = (Vec::with_capacity(envelope.signatures.len()), None, true);
    for signature in &envelope.signatures {
        let signer = chains.signer(&signature.certificates, when)?;
        if !rule.roles.contains(&signer.id.role()) {
            let what = format!("the role {} may not sign a {}", signer.id.role(), rule.kind);
            return Err(Fault::new(Reason::WrongDomain, what));
        }
        check_signature(&message, signature, &signer)?;
        roots.push(signer.roots);
        on_word_of = on_word_of.or(signer.on_word_of);
        is_current &= signer.is_current;
        signers.push(signer.id);
    }
    let content = decode()?;
    if signers.is_empty() || !signers.iter().all(|s| (rule.may_speak)(&content, s.domain())) {
        return Err(Fault::new(
            Reason::WrongDomain,
            format!("the {} is signed for an organisation by another", rule.kind),
        ));
    }
    if (rule.made_at)(&content).is_some_and(|made| made.seconds_since(when.now) > MAX_SKEW_SECONDS) {
        let what = "the statement is from more than 5 minutes in the future; compare both nodes' clocks";
        return Err(Fault::new(Reason::StatementFromFuture, what));
    }
    Ok(Verified { content, id, signers, roots, on_word_of, is_current })
}

/// Both parties of an agreement speak. In every other statement the one who speaks has signed.
fn check_spoken<T>(envelope: &Envelope, rule: &StatementRule<T>, verified: &Verified<T>) -> Result<(), Fault> {
    if rule.kind == StatementKind::Agreement {
        return Ok(());
    }
    check_speaker(&wire::speaker::decode(&envelope.payload)?, &verified.signers)
}

/// The one who speaks has signed, with as many officers as the payload says: so no signature can be taken away from a statement.
fn check_speaker(speaker: &Speaker, signers: &[SpiffeId]) -> Result<(), Fault> {
    let each: BTreeSet<&SpiffeId> = signers.iter().collect();
    let has_signed = match &speaker.id {
        SpeakerId::Author(author) => each.contains(author),
        SpeakerId::Organisation(domain) => each.iter().all(|s| s.role() == Role::Node && s.domain() == domain),
    };
    if !has_signed {
        return Err(Fault::at(
            Reason::WrongDomain,
            "speaker.id",
            "the speaker that the statement names has not signed it",
        ));
    }
    let is_cosigner = |s: &&&SpiffeId| {
        s.role() == Role::Officer && !matches!(&speaker.id, SpeakerId::Author(author) if author == **s)
    };
    let cosigners = each.iter().filter(is_cosigner).count();
    if cosigners < usize::try_from(speaker.cosigners).unwrap_or(usize::MAX) {
        let what =
            format!("{} officers must sign in addition to the author, and {cosigners} have signed", speaker.cosigners);
        return Err(Fault::at(Reason::SignatureInvalid, "speaker.cosigners", what));
    }
    Ok(())
}

fn check_signature(message: &[u8], signature: &Signature, signer: &Signer) -> Result<(), Fault> {
    if signature.suite != signer.suite {
        return Err(Fault::new(Reason::SignatureInvalid, "the signature's suite is not that of the signer's key"));
    }
    verify_raw(signature.suite, &signer.public_key, message, &signature.value)
}

/// Checks that the key made the signature over the message, by the rule of its suite. Whose key it is, is not checked.
///
/// # Errors
/// `SIGNATURE_INVALID`.
pub fn verify_raw(suite: Suite, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Fault> {
    let invalid = || Fault::new(Reason::SignatureInvalid, "the signature does not verify over these bytes");
    let algorithm: &dyn VerificationAlgorithm = match suite {
        Suite::Ed25519 if !super::ed25519::is_acceptable(public_key, signature) => return Err(invalid()),
        Suite::Ed25519 => &ED25519,
        Suite::EcdsaP256Sha256 => &ECDSA_P256_SHA256_ASN1,
        Suite::EcdsaP384Sha384 => &ECDSA_P384_SHA384_ASN1,
    };
    UnparsedPublicKey::new(algorithm, public_key).verify(message, signature).map_err(|_| invalid())
}
