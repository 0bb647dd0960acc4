//! A revocation, and the list entry that states it.

use crate::domain::time::Time;

/// The times of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When the CA processed it.
    pub at: Time,
    /// Since when the key is known or suspected to be compromised, if the CA says so.
    pub invalid_since: Option<Time>,
}

/// A revoked certificate of one issuing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Its serial number, as the bytes of the integer in DER.
    pub serial: Vec<u8>,
    /// When it was revoked.
    pub revocation: Revocation,
}

impl Revocation {
    /// Combines two revocations of one certificate. A later list can move a revocation to an earlier time, never to a later one.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        let from = |r: Self| r.invalid_since.unwrap_or(r.at);
        let since = from(self).min(from(other));
        let is_stated = self.invalid_since.is_some() || other.invalid_since.is_some();
        Self { at: self.at.min(other.at), invalid_since: is_stated.then_some(since) }
    }
}

impl RevokedCertificate {
    /// The entry in its stored form: the time of revocation and the time of the compromise (nanoseconds since 1970, big-endian; the second one
    /// after a byte that says whether it is known), then the serial number.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Revocation { at, invalid_since } = self.revocation;
        let since = invalid_since.map_or(0, Time::unix_nanos);
        let known = [u8::from(invalid_since.is_some())];
        [&at.unix_nanos().to_be_bytes()[..], &known, &since.to_be_bytes(), &self.serial].concat()
    }

    /// Reads what [`Self::to_bytes`] wrote. `None` if it is damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, rest) = bytes.split_first_chunk::<8>()?;
        let (known, rest) = rest.split_first()?;
        let (since, serial) = rest.split_first_chunk::<8>()?;
        let time = |bytes: &[u8; 8]| Time::from_unix_nanos(i64::from_be_bytes(*bytes));
        let revocation = Revocation { at: time(at), invalid_since: (*known == 1).then(|| time(since)) };
        Some(Self { serial: serial.to_vec(), revocation })
    }
}
