//! Parses a list with two libraries, within limits.

use rustls_pki_types::UnixTime;
use webpki::BorrowedCertRevocationList;
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use super::revocation::{Revocation, RevokedCertificate};
use crate::{
    domain::{fault::Fault, time::Time},
    identity::certificate::invalid,
};

/// The largest list that is read, in bytes.
pub const MAX_LIST_BYTES: usize = 8 << 20;
/// The most entries of a list that is read.
pub const MAX_LIST_ENTRIES: usize = 50_000;
/// Parses the list with both libraries. `webpki` refuses delta and indirect lists, and every unknown critical extension.
pub(super) fn parse(der: &[u8]) -> Result<CertificateRevocationList<'_>, Fault> {
    if der.len() > MAX_LIST_BYTES {
        return Err(invalid(format!(
            "the revocation list is too large; at most {} MiB are read",
            MAX_LIST_BYTES >> 20
        )));
    }
    if listed(der)?.len() > MAX_LIST_ENTRIES {
        return Err(invalid(format!("the revocation list has too many entries; at most {MAX_LIST_ENTRIES} are read")));
    }
    match CertificateRevocationList::from_der(der) {
        Ok(([], parsed)) => Ok(parsed),
        _ => Err(malformed()),
    }
}

/// The entries. The reason `removeFromCRL` has a meaning only in delta lists (RFC 5280, section 5.3.1), which are refused. In a complete list an
/// entry with that reason is an entry like any other.
pub(super) fn listed(der: &[u8]) -> Result<Vec<RevokedCertificate>, Fault> {
    let list = BorrowedCertRevocationList::from_der(der).map_err(|_| malformed())?;
    let time = |t: UnixTime| Time::from_parts(i64::try_from(t.as_secs()).unwrap_or(i64::MAX), 0);
    let mut entries = Vec::new();
    for entry in &list {
        let entry = entry.map_err(|_| malformed())?;
        let at = time(entry.revocation_date).unwrap_or(Time::from_unix_nanos(0));
        let revocation = Revocation { at, invalid_since: entry.invalidity_date.and_then(time) };
        entries.push(RevokedCertificate { serial: entry.serial_number.to_vec(), revocation });
    }
    Ok(entries)
}

/// A time in a list.
pub(super) fn time(t: x509_parser::time::ASN1Time) -> Option<Time> {
    // A date that `Time` can't represent is clamped to its last one.
    Some(Time::from_seconds_clamped(t.timestamp()))
}

/// The fault for a list that can't be read.
pub(super) fn malformed() -> Fault {
    invalid("the revocation list is malformed, or of a kind that this program does not read (delta, indirect)")
}
