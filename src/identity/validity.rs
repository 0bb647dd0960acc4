//! When certificates and revocation lists begin and end, for display. Nothing is proved here.

use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Name};

use super::certificate::{malformed, parse};
use crate::domain::{fault::Fault, time::Time};

/// What a certificate or list states about its own validity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validity {
    /// The subject's name, or the issuer's name for a list. Printable characters only.
    pub name: String,
    /// The name of the CA that issued it. Printable characters only.
    pub issuer: String,
    /// Distinguishes it from others: the serial number in hexadecimal, or the CA's name for a list.
    pub mark: String,
    /// The first moment.
    pub from: Time,
    /// The last moment, or the next update for a list.
    pub until: Time,
}

impl Validity {
    /// Reads a certificate (DER).
    ///
    /// # Errors
    /// `CHAIN_INVALID`, if it is malformed.
    pub fn of_certificate(der: &[u8]) -> Result<Self, Fault> {
        let certificate = parse(der)?;
        let validity = certificate.validity();
        Ok(Self {
            name: printable(certificate.subject()),
            issuer: printable(certificate.issuer()),
            mark: hex::encode(certificate.raw_serial()),
            from: time(validity.not_before)?,
            until: time(validity.not_after)?,
        })
    }

    /// Reads a revocation list (DER).
    ///
    /// # Errors
    /// `CHAIN_INVALID`, if it is malformed or names no next update.
    pub fn of_list(der: &[u8]) -> Result<Self, Fault> {
        let (_, list) = CertificateRevocationList::from_der(der).map_err(|_| malformed())?;
        let name = printable(list.issuer());
        Ok(Self {
            issuer: name.clone(),
            mark: name.clone(),
            name,
            from: time(list.last_update())?,
            until: time(list.next_update().ok_or_else(malformed)?)?,
        })
    }
}

fn time(time: x509_parser::time::ASN1Time) -> Result<Time, Fault> {
    Time::from_parts(time.timestamp(), 0).ok_or_else(malformed)
}

/// The common name, shortened. The whole name, if there is no common name.
fn printable(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|cn| cn.as_str().ok()).map(str::to_owned);
    let text = common.unwrap_or_else(|| name.to_string());
    text.chars().map(|c| if c.is_control() || c == '`' { ' ' } else { c }).take(80).collect()
}
