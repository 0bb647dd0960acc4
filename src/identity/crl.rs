//! Certificate revocation lists: whose they are, which is the newest, what they revoke.

use std::sync::Arc;

use rustls_pki_types::UnixTime;
use webpki::{CertRevocationList, OwnedCertRevocationList};
use x509_parser::prelude::{CertificateRevocationList, FromDer, ParsedExtension};

use super::{
    bundle::TrustBundle,
    certificate::{invalid, parse},
    chain::{Question, prove, signed_by},
};
use crate::domain::{
    fault::{Fault, Reason},
    time::Time,
};

/// Clocks of issuer and reader may differ by so much.
const SKEW_SECONDS: i64 = 300;

/// A list that a CA of the organisation has signed. There is no other way to make one than [`Crl::verify`].
#[derive(Debug, Clone)]
pub struct Crl {
    der: Arc<[u8]>,
    number: Vec<u8>,
    next_update: Time,
    list: Arc<CertRevocationList<'static>>,
}

/// That a certificate was revoked, and from when on it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When the CA processed it.
    pub at: Time,
    /// Since when the key is known or thought to have been lost, where the CA says so.
    pub invalid_since: Option<Time>,
}

impl Crl {
    /// Checks a list (DER) against the organisation's bundle. Where an intermediate CA issued it, `through` is a chain,
    /// end certificate first, that goes through that CA; else it may be empty.
    ///
    /// # Errors
    /// `CHAIN_INVALID` where it is malformed, from the future, or not signed by a CA of the organisation.
    pub fn verify(der: &[u8], bundle: &TrustBundle, through: &[Vec<u8>], now: Time) -> Result<Self, Fault> {
        let wrong =
            || invalid("the revocation list is malformed, or of a kind that is not read here (delta, indirect)");
        let list = OwnedCertRevocationList::from_der(der).map_err(|_| wrong())?;
        let ([], parsed) = CertificateRevocationList::from_der(der).map_err(|_| wrong())? else {
            return Err(wrong());
        };
        let time = |t: x509_parser::time::ASN1Time| Some(Time::from_seconds_clamped(t.timestamp()));
        let number = parsed.crl_number().ok_or_else(|| invalid("the revocation list has no number"))?.to_bytes_be();
        if time(parsed.last_update()).ok_or_else(wrong)? > now.plus_seconds(SKEW_SECONDS) {
            return Err(invalid("the revocation list is from the future; check the clocks"));
        }
        let next_update = parsed.next_update().and_then(time).ok_or_else(wrong)?;
        if !issuers(bundle, through, now).iter().any(|issuer| signed(&parsed, issuer)) {
            return Err(invalid("the revocation list is not signed by a CA of that organisation"));
        }
        Ok(Self { der: der.into(), number, next_update, list: Arc::new(list.into()) })
    }

    /// The list as it came.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// From then on it refuses new connections.
    pub fn next_update(&self) -> Time {
        self.next_update
    }

    /// What a list (DER) names: serial numbers, and from when on each counts. For the CA that writes the next list; the
    /// signature is not looked at.
    ///
    /// # Errors
    /// `CHAIN_INVALID` where it is malformed.
    pub fn entries(der: &[u8]) -> Result<Vec<(Vec<u8>, Revocation)>, Fault> {
        let wrong = || invalid("the revocation list is malformed");
        let (_, parsed) = CertificateRevocationList::from_der(der).map_err(|_| wrong())?;
        let entry = |revoked: &x509_parser::revocation_list::RevokedCertificate<'_>| {
            let time = |t: x509_parser::time::ASN1Time| Time::from_parts(t.timestamp(), 0);
            let invalid_since = revoked.extensions().iter().find_map(|e| match e.parsed_extension() {
                ParsedExtension::InvalidityDate(date) => time(*date),
                _ => None,
            });
            let at = time(revoked.revocation_date).ok_or_else(wrong)?;
            Ok((revoked.raw_serial().to_vec(), Revocation { at, invalid_since }))
        };
        parsed.iter_revoked_certificates().map(entry).collect()
    }

    /// Puts `new` among the lists that are held, in the place of an older one of the same CA and scope.
    ///
    /// # Errors
    /// `CONFLICT` where the one that is held is newer, or has the same number and other content: a list never goes back.
    pub fn adopt(held: &[Self], new: Self) -> Result<Vec<Self>, Fault> {
        let (same, mut lists): (Vec<Self>, Vec<Self>) = held.iter().cloned().partition(|crl| crl.same_scope(&new));
        for crl in same {
            let older = (new.number.len(), &new.number) <= (crl.number.len(), &crl.number);
            if older && crl.der != new.der {
                let message = "a revocation list of that CA with this or a higher number is held already";
                return Err(Fault::new(Reason::Conflict, message));
            }
        }
        lists.push(new);
        Ok(lists)
    }

    /// As webpki wants it.
    pub(super) fn list(&self) -> &CertRevocationList<'static> {
        &self.list
    }

    /// Whether the certificate of that issuer (DER name) and serial number is on the list.
    pub(super) fn revocation(&self, issuer: &[u8], serial: &[u8]) -> Option<Revocation> {
        if self.list.issuer() != issuer {
            return None;
        }
        let time = |t: UnixTime| Time::from_parts(i64::try_from(t.as_secs()).unwrap_or(i64::MAX), 0);
        let entry = self.list.find_serial(serial).ok().flatten()?;
        let at = time(entry.revocation_date).unwrap_or(Time::from_unix_nanos(0));
        Some(Revocation { at, invalid_since: entry.invalidity_date.and_then(time) })
    }

    fn same_scope(&self, other: &Self) -> bool {
        let scope =
            |crl: &Self| (crl.list.issuer().to_vec(), crl.list.issuing_distribution_point().map(<[u8]>::to_vec));
        scope(self) == scope(other)
    }
}

/// The organisation's CAs that may have issued a list: its roots, and the intermediates of a chain that is proved.
fn issuers(bundle: &TrustBundle, through: &[Vec<u8>], now: Time) -> Vec<Vec<u8>> {
    let roots = bundle.roots().iter().map(|root| root.as_ref().to_vec());
    let chain: Vec<&[u8]> = through.iter().map(Vec::as_slice).collect();
    let path = bundle
        .anchors()
        .and_then(|anchors| prove(&chain, &Question { anchors: &anchors, usages: None, at: now, revocation: None }));
    roots.chain(path.into_iter().flatten().skip(1).map(|link| link.der)).collect()
}

fn signed(crl: &CertificateRevocationList<'_>, issuer: &[u8]) -> bool {
    let Ok(ca) = parse(issuer) else { return false };
    let may_sign = ca.key_usage().is_ok_and(|usage| usage.is_none_or(|usage| usage.value.crl_sign()));
    may_sign
        && ca.subject().as_raw() == crl.issuer().as_raw()
        && signed_by(issuer, crl.tbs_cert_list.as_ref(), &crl.signature_value.data)
}
