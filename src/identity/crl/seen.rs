//! Every revocation that was ever seen, by the key that issued the certificate. Nothing is ever taken out: a CA may leave a
//! certificate off its later lists, since it has expired or by mistake, and it stays revoked here.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Crl, Revocation};
use crate::domain::{ids::Sha256, time::Time};

/// A revoked certificate of one issuing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its serial number, as the bytes of the integer in DER.
    pub serial: Vec<u8>,
    /// From when on it is revoked.
    pub revocation: Revocation,
}

type OfKey = HashMap<Vec<u8>, Revocation>;

/// The revocations that were seen. A clone shares what does not change.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    keys: HashMap<Sha256, Arc<OfKey>>,
    lists: HashSet<Sha256>,
}

impl Seen {
    /// Whether a certificate with that serial number, issued by that key, was ever revoked.
    pub fn find(&self, issuing_key: &Sha256, serial: &[u8]) -> Option<Revocation> {
        self.keys.get(issuing_key)?.get(serial).copied()
    }

    /// Takes in all entries of a list. Gives those that were not known, or say more than what was known.
    pub fn add(&mut self, list: &Crl) -> Vec<Entry> {
        if !self.lists.insert(list.sha256()) {
            return Vec::new();
        }
        self.extend(list.issuing_key(), list.revocations())
    }

    /// Whether the entries of that list are in already.
    pub fn has(&self, list: &Crl) -> bool {
        self.lists.contains(&list.sha256())
    }

    /// Takes in entries of certificates that one key has issued. Gives those that were not known, or say more than what was
    /// known.
    pub fn extend(&mut self, issuing_key: Sha256, entries: Vec<Entry>) -> Vec<Entry> {
        let held = Arc::make_mut(self.keys.entry(issuing_key).or_default());
        let mut news = Vec::new();
        for Entry { serial, revocation } in entries {
            let before = held.get(&serial).copied();
            let after = before.map_or(revocation, |before| before.earlier(revocation));
            if before != Some(after) {
                held.insert(serial.clone(), after);
                news.push(Entry { serial, revocation: after });
            }
        }
        news
    }
}

impl Revocation {
    /// Both together: a later list can move a revocation to an earlier time, never to a later one.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        let from = |r: Self| r.invalid_since.unwrap_or(r.at);
        let since = from(self).min(from(other));
        let is_stated = self.invalid_since.is_some() || other.invalid_since.is_some();
        Self { at: self.at.min(other.at), invalid_since: is_stated.then_some(since) }
    }
}

impl Entry {
    /// The entry as it is kept: the time of revocation and that of the loss (nanoseconds since 1970, big-endian; the second
    /// one after a byte that says whether it is known), then the serial number.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Revocation { at, invalid_since } = self.revocation;
        let since = invalid_since.map_or(0, Time::unix_nanos);
        let known = [u8::from(invalid_since.is_some())];
        [&at.unix_nanos().to_be_bytes()[..], &known, &since.to_be_bytes(), &self.serial].concat()
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` where it is torn.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, rest) = bytes.split_first_chunk::<8>()?;
        let (known, rest) = rest.split_first()?;
        let (since, serial) = rest.split_first_chunk::<8>()?;
        let time = |bytes: &[u8; 8]| Time::from_unix_nanos(i64::from_be_bytes(*bytes));
        let revocation = Revocation { at: time(at), invalid_since: (*known == 1).then(|| time(since)) };
        Some(Self { serial: serial.to_vec(), revocation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(serial: u8, at: i64, since: Option<i64>) -> Entry {
        let [at, since] = [Some(at), since].map(|t| t.map(Time::from_unix_nanos));
        Entry { serial: vec![serial], revocation: Revocation { at: at.unwrap(), invalid_since: since } }
    }

    #[test]
    fn an_entry_reads_back() {
        for entry in [entry(1, 5, None), entry(200, 9, Some(-3))] {
            assert_eq!(Entry::from_bytes(&entry.to_bytes()), Some(entry));
        }
        assert_eq!(Entry::from_bytes(&[0; 16]), None);
    }

    proptest::proptest! {
        /// No sequence of lists makes a revocation vanish or count from a later time on.
        #[test]
        fn nothing_is_ever_unrevoked(lists: Vec<Vec<(u8, i32, Option<i32>)>>) {
            let key = Sha256([7; 32]);
            let mut seen = Seen::default();
            let mut strictest: HashMap<Vec<u8>, (i64, i64)> = HashMap::new();
            for list in lists {
                let entries = list.into_iter().map(|(s, at, since)| entry(s, at.into(), since.map(Into::into)));
                for e in entries {
                    seen.extend(key, vec![e.clone()]);
                    let from = e.revocation.invalid_since.unwrap_or(e.revocation.at).unix_nanos();
                    let at = e.revocation.at.unix_nanos();
                    let known = strictest.entry(e.serial).or_insert((at, from));
                    *known = (known.0.min(at), known.1.min(from));
                }
                for (serial, (at, from)) in &strictest {
                    let found = seen.find(&key, serial).unwrap();
                    proptest::prop_assert_eq!(found.at.unix_nanos(), *at);
                    proptest::prop_assert!(found.invalid_since.unwrap_or(found.at).unix_nanos() <= *from.max(at));
                    proptest::prop_assert!(found.invalid_since.unwrap_or(found.at).unix_nanos() <= *from);
                }
            }
        }
    }
}
