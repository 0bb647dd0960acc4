//! Remembers what end certificates claim, because a few certificates come again and again. What a certificate says of itself
//! depends on its bytes alone: not on trust, and not on the time. So nothing here can be out of date. Whether it is true is
//! proved elsewhere, each time.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use super::certificate::Leaf;
use crate::domain::fault::Fault;

/// The most certificates that are remembered. Beyond this the cache is cleared.
const MAX_LEAVES: usize = 1024;
/// The longest certificate that is remembered, bytes.
const MAX_BYTES: usize = 4 << 10;
/// The most extended key usages of a certificate that is remembered. In memory, each takes many times its bytes in the certificate. With
/// both limits, all that is remembered takes at most some 10 MiB.
const MAX_USAGES: usize = 8;

static LEAVES: LazyLock<LeafCache> = LazyLock::new(LeafCache::default);

/// By all bytes of the certificate.
#[derive(Default)]
struct LeafCache(Mutex<HashMap<Box<[u8]>, Arc<Leaf>>>);

impl LeafCache {
    fn get_or_parse(&self, der: &[u8]) -> Result<Arc<Leaf>, Fault> {
        // The map is whole after every statement, so a poisoned lock can be used.
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leaf) = lock().get(der) {
            return Ok(leaf.clone());
        }
        let leaf = Arc::new(Leaf::parse(der)?);
        if der.len() <= MAX_BYTES && leaf.usages.len() <= MAX_USAGES {
            let mut leaves = lock();
            if leaves.len() >= MAX_LEAVES {
                leaves.clear();
            }
            leaves.insert(der.into(), leaf.clone());
        }
        Ok(leaf)
    }
}

/// What the end certificate of a chain (DER, leaf first) claims. As [`Leaf::parse`], which it calls once for each certificate.
///
/// # Errors
/// As [`Leaf::parse`]. A certificate that is refused is not remembered.
pub fn claimed_leaf(chain: &[Vec<u8>]) -> Result<Arc<Leaf>, Fault> {
    LEAVES.get_or_parse(chain.first().map(Vec::as_slice).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rcgen::ExtendedKeyUsagePurpose;

    use super::*;
    use crate::identity::test_ca::Ca;

    #[test]
    fn a_certificate_is_found_by_all_its_bytes_and_a_refused_one_is_not_kept() {
        let (cache, ca) = (LeafCache::default(), Ca::root("ca"));
        let [one, other] = ["a", "b"].map(|name| ca.issue(&format!("spiffe://fr.example/node/{name}"), 7, |_| {}));
        let first = cache.get_or_parse(&one).unwrap();
        assert_eq!(*first, Leaf::parse(&one).unwrap());
        assert!(Arc::ptr_eq(&first, &cache.get_or_parse(&one).unwrap()), "it is parsed once");
        assert_eq!(cache.get_or_parse(&other).unwrap().id.name(), "b");
        // The same certificate with a byte more is another one, and no certificate.
        let longer = [one.as_slice(), &[0]].concat();
        assert!(cache.get_or_parse(&longer).is_err() && cache.get_or_parse(&[]).is_err());
        assert_eq!(cache.0.lock().unwrap().len(), 2);
    }

    #[test]
    fn a_certificate_of_many_usages_is_not_remembered() {
        let (cache, ca) = (LeafCache::default(), Ca::root("ca"));
        let usage = |n| ExtendedKeyUsagePurpose::Other(vec![1, 3, n]);
        let der = ca.issue("spiffe://fr.example/node/a", 7, |params| {
            params.extended_key_usages = (0..=MAX_USAGES as u64).map(usage).collect();
        });
        assert_eq!(cache.get_or_parse(&der).unwrap().usages.len(), MAX_USAGES + 1);
        assert!(cache.0.lock().unwrap().is_empty());
    }

    #[test]
    fn many_certificates_take_little_memory() {
        let cache = LeafCache::default();
        let leaf = Arc::new(Leaf::parse(&Ca::root("ca").issue("spiffe://fr.example/node/a", 7, |_| {})).unwrap());
        for n in 0..MAX_LEAVES {
            cache.0.lock().unwrap().insert(n.to_be_bytes().into(), leaf.clone());
        }
        let one_more = Ca::root("ca").issue("spiffe://fr.example/node/b", 7, |_| {});
        cache.get_or_parse(&one_more).unwrap();
        assert_eq!(cache.0.lock().unwrap().len(), 1);
    }
}
