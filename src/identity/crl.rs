//! Certificate revocation lists: the key that issued a list, the certificates that it covers, and which list is the newest.
//!
//! Only complete lists are read (RFC 5280, section 5). Delta lists and indirect lists are refused.

mod issuer;
mod parse;
mod revocation;
mod scope;
mod seen;

use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{CertificateRevocationList, FromDer, ParsedExtension};

pub use self::{
    issuer::{authorities, key_of},
    parse::{MAX_LIST_BYTES, MAX_LIST_ENTRIES},
    revocation::{Revocation, RevokedCertificate},
    seen::Seen,
};
use self::{
    parse::{listed, malformed, parse, time},
    scope::Scope,
};
use super::{bundle::TrustBundle, certificate::invalid};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::Sha256,
        time::Time,
    },
    seal::hash::sha256,
};

/// How far the clocks of the issuer and the reader may differ, in seconds.
const SKEW_SECONDS: i64 = 300;
/// The message of the fault for a list that no known CA has signed.
pub const NOT_SIGNED: &str = "the revocation list is not signed by a CA of that organisation";
/// The longest number of a list, in bytes (RFC 5280, section 5.2.3).
const MAX_NUMBER_BYTES: usize = 20;

/// A list that a CA of the organisation has signed. It is cheap to clone.
#[derive(Debug, Clone)]
pub struct Crl(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    der: Vec<u8>,
    sha256: Sha256,
    key: Sha256,
    issuer: String,
    issuers: Vec<Vec<u8>>,
    scope: Scope,
    number: Vec<u8>,
    this_update: Time,
    next_update: Time,
}

impl Crl {
    /// Verifies a list (DER) against the organisation's bundle. `through` contains other certificates in any order. The CA that issued the
    /// list, and the CAs above it, may be among them. It may be empty if a root issued the list.
    ///
    /// The validity periods of the CA certificates are not checked, because a list of a CA that has ended still says what it revoked.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, if it is malformed, of an unsupported kind, too large, from the future, or not signed by a CA of the organisation.
    pub fn verify(der: &[u8], bundle: &TrustBundle, through: &[Vec<u8>], now: Time) -> Result<Self, Fault> {
        let parsed = parse(der)?;
        if time(parsed.last_update()).ok_or_else(malformed)? > now.plus_seconds(SKEW_SECONDS) {
            return Err(invalid("the revocation list is from the future; check the clocks"));
        }
        Self::of(der, &parsed, bundle.roots(), through)
    }

    /// Reads a list that was verified before and is stored with its issuers' certificates. `roots` are those of the bundle.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, if it does not verify against these roots.
    pub fn kept(der: &[u8], issuers: &[Vec<u8>], bundle: &TrustBundle) -> Result<Self, Fault> {
        Self::of(der, &parse(der)?, bundle.roots(), issuers)
    }

    fn of(
        der: &[u8],
        parsed: &CertificateRevocationList<'_>,
        roots: &[CertificateDer<'static>],
        through: &[Vec<u8>],
    ) -> Result<Self, Fault> {
        let number = parsed.crl_number().ok_or_else(|| invalid("the revocation list has no number"))?.to_bytes_be();
        if number.len() > MAX_NUMBER_BYTES {
            return Err(invalid("the revocation list's number is too long"));
        }
        let this_update = time(parsed.last_update()).ok_or_else(malformed)?;
        let next_update = parsed.next_update().and_then(time).ok_or_else(malformed)?;
        let found = issuer::find(parsed, roots, through);
        let (key, issuers) = found.ok_or_else(|| invalid(NOT_SIGNED))?;
        let scope = Scope::of(parsed)?;
        let issuer = parsed.issuer().to_string();
        let sha256 = Sha256(sha256(&[der]));
        Ok(Self(Arc::new(Inner {
            der: der.to_vec(),
            sha256,
            key,
            issuer,
            issuers,
            scope,
            number,
            this_update,
            next_update,
        })))
    }

    /// The list (DER), unchanged.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The SHA-256 of the list.
    pub fn sha256(&self) -> Sha256 {
        self.0.sha256
    }

    /// The id of the key that issued it: SHA-256 of the key's `SubjectPublicKeyInfo` (DER).
    pub fn issuing_key(&self) -> Sha256 {
        self.0.key
    }

    /// The name of the CA that issued it, for display.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The certificates that lead from the issuer to a root, without the root. Empty if a root issued the list.
    pub fn issuers(&self) -> &[Vec<u8>] {
        &self.0.issuers
    }

    /// The id of its scope: the SHA-256 of its issuing distribution point, or 32 zero bytes if it has none.
    pub fn scope(&self) -> Sha256 {
        self.0.scope.id()
    }

    /// Whether it covers only a part of what its key has issued.
    pub fn is_scoped(&self) -> bool {
        self.scope() != Sha256([0; 32])
    }

    /// The number of a list (DER). `None` if it is malformed. The signature is not checked.
    pub fn number_in(der: &[u8]) -> Option<Vec<u8>> {
        Some(parse(der).ok()?.crl_number()?.to_bytes_be())
    }

    /// Its number, big-endian, without leading zeros.
    pub fn number(&self) -> &[u8] {
        &self.0.number
    }

    /// When it was issued.
    pub fn this_update(&self) -> Time {
        self.0.this_update
    }

    /// When the next list is due. After that, new connections are limited.
    pub fn next_update(&self) -> Time {
        self.0.next_update
    }

    /// The certificates that it revokes.
    pub fn revocations(&self) -> Vec<RevokedCertificate> {
        listed(&self.0.der).unwrap_or_default()
    }

    /// Whether it covers a certificate that its key has issued. `is_end` is false for the certificate of a CA.
    pub(super) fn covers(&self, certificate: &[u8], is_end: bool) -> bool {
        self.0.scope.covers(certificate, is_end)
    }

    /// The entries of a list (DER): serial numbers and revocations. The CA uses this to write its next list. The signature is not checked.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, if it is malformed.
    pub fn entries(der: &[u8]) -> Result<Vec<(Vec<u8>, Revocation)>, Fault> {
        let wrong = || invalid("the revocation list is malformed");
        let (_, parsed) = CertificateRevocationList::from_der(der).map_err(|_| wrong())?;
        let entry = |revoked: &x509_parser::revocation_list::RevokedCertificate<'_>| {
            let invalid_since = revoked.extensions().iter().find_map(|e| match e.parsed_extension() {
                ParsedExtension::InvalidityDate(date) => time(*date),
                _ => None,
            });
            let at = time(revoked.revocation_date).ok_or_else(wrong)?;
            Ok((revoked.raw_serial().to_vec(), Revocation { at, invalid_since }))
        };
        parsed.iter_revoked_certificates().map(entry).collect()
    }

    /// Whether both have the same key and the same scope, so that one replaces the other.
    pub fn is_same_series(&self, other: &Self) -> bool {
        self.0.key == other.0.key && self.0.scope.id() == other.0.scope.id()
    }

    /// Whether its number is higher than that of the other list.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        is_higher(&self.0.number, &other.0.number)
    }

    /// Adds `new` to the lists that are held. It replaces an older list of the same key and scope.
    ///
    /// # Errors
    /// `CONFLICT`, if the held list is newer, or has the same number and other content, because a list never goes back.
    pub fn adopt(held: &[Self], new: Self) -> Result<Vec<Self>, Fault> {
        for crl in held.iter().filter(|crl| crl.is_same_series(&new)) {
            if !new.is_newer_than(crl) && crl.0.sha256 != new.0.sha256 {
                let message = "a revocation list of that CA with this or a higher number is held already";
                return Err(Fault::new(Reason::Conflict, message));
            }
        }
        Ok(Self::replace(held, new))
    }

    /// The same, whatever the number of `new`. An administrator asks for this if a CA has lost its number.
    pub fn replace(held: &[Self], new: Self) -> Vec<Self> {
        let mut lists: Vec<Self> = held.iter().filter(|crl| !crl.is_same_series(&new)).cloned().collect();
        lists.push(new);
        lists
    }
}

/// Whether one number (big-endian, without leading zeros) is higher than another.
pub fn is_higher(number: &[u8], other: &[u8]) -> bool {
    (number.len(), number) > (other.len(), other)
}
