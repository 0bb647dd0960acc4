//! Every revocation that was ever seen, by the key that issued the certificate. Nothing is ever removed. A CA may leave a certificate off its
//! later lists because it has expired, or by mistake; here it stays revoked.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Crl,
    revocation::{Revocation, RevokedCertificate},
};
use crate::domain::ids::Sha256;

type OfKey = HashMap<Vec<u8>, Revocation>;

/// The revocations that were seen. Clones share what does not change. The store has them all; a second process would have its own copy.
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

    /// Adds all entries of a list. Returns those that were not known, or that add to what was known.
    pub fn add(&mut self, list: &Crl) -> Vec<RevokedCertificate> {
        if !self.lists.insert(list.sha256()) {
            return Vec::new();
        }
        self.extend(list.issuing_key(), list.revocations())
    }

    /// Whether the entries of that list were added already.
    pub fn has(&self, list: &Crl) -> bool {
        self.lists.contains(&list.sha256())
    }

    /// Adds entries for certificates that one key has issued. Returns those that were not known, or that add to what was known.
    pub fn extend(&mut self, issuing_key: Sha256, entries: Vec<RevokedCertificate>) -> Vec<RevokedCertificate> {
        let held = Arc::make_mut(self.keys.entry(issuing_key).or_default());
        let mut news = Vec::new();
        for RevokedCertificate { serial, revocation } in entries {
            let before = held.get(&serial).copied();
            let after = before.map_or(revocation, |before| before.earlier(revocation));
            if before != Some(after) {
                held.insert(serial.clone(), after);
                news.push(RevokedCertificate { serial, revocation: after });
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Time;

    fn entry(serial: u8, at: i64, since: Option<i64>) -> RevokedCertificate {
        let [at, since] = [Some(at), since].map(|t| t.map(Time::from_unix_nanos));
        RevokedCertificate { serial: vec![serial], revocation: Revocation { at: at.unwrap(), invalid_since: since } }
    }

    #[test]
    fn an_entry_reads_back() {
        for entry in [entry(1, 5, None), entry(200, 9, Some(-3))] {
            assert_eq!(RevokedCertificate::from_bytes(&entry.to_bytes()), Some(entry));
        }
        assert_eq!(RevokedCertificate::from_bytes(&[0; 16]), None);
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
