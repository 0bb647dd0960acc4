//! The revocation lists that are held, and every revocation that was ever seen.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        crl::{Crl, Seen, is_higher},
    },
    node::{
        lock::lock,
        revocations::{announced::Announced, rate_limit::ListRateLimit},
    },
    store::lists::ListRecord,
};

/// How many lists are remembered as mentioned in the log.
pub(in crate::node) const MOST_TOLD: usize = 1024;

/// A stored list. `crl` is `None` while the organisation's current bundle does not prove its issuer. The list is kept for when it does
/// again.
#[derive(Clone)]
pub(in crate::node) struct HeldList {
    pub(in crate::node) record: Arc<ListRecord>,
    pub(in crate::node) crl: Option<Crl>,
    /// Counts the lists in the order in which they came.
    pub(in crate::node) number: u64,
}

/// All lists, and all revocations that were seen.
pub(crate) struct HeldLists {
    /// The newest list of each issuing key and scope. The store decides: whatever is decided by them names the catalogue's version, and so
    /// does the next list. A second process reads them anew within a second.
    pub(in crate::node) held: Mutex<BTreeMap<TrustDomain, Vec<HeldList>>>,
    /// Every revocation that was seen. The store decides, as for the lists.
    pub(in crate::node) seen: Mutex<Seen>,
    /// How many lists came so far. It only orders the lists of this process. A second process would have its own, without harm.
    count: AtomicU64,
    /// The lists that came through other partners. Its type says what a second process would lack.
    pub(in crate::node) carried: crate::node::revocations::exchanged::CarriedLists,
    /// How fast each partner gives lists. A second process would have its own: each takes the whole number.
    paces: Mutex<HashMap<TrustDomain, ListRateLimit>>,
    /// How many lists of one issuing key are taken in an hour.
    most_of_key: u32,
    /// The lists that the log has mentioned because they are held back or have a lower number than the one that is held. A second process
    /// would have its own, as it has a log of its own.
    pub(in crate::node) told: Mutex<HashSet<Sha256>>,
    /// What is known of the own file.
    pub(in crate::node) own: crate::node::revocations::own_file::OwnFile,
}

impl HeldLists {
    pub fn new(own_file: PathBuf, most_of_key: u32) -> Self {
        Self {
            most_of_key,
            held: Mutex::default(),
            seen: Mutex::default(),
            count: AtomicU64::default(),
            carried: crate::node::revocations::exchanged::CarriedLists::default(),
            paces: Mutex::default(),
            told: Mutex::default(),
            own: crate::node::revocations::own_file::OwnFile::new(own_file),
        }
    }

    /// The lists of an organisation whose issuers its bundle proves.
    pub fn of(&self, domain: &TrustDomain) -> Vec<Crl> {
        lock(&self.held).get(domain).into_iter().flatten().filter_map(|held| held.crl.clone()).collect()
    }

    /// The same lists, each with its number in the order in which all lists came here.
    pub(in crate::node) fn numbered(&self, domain: &TrustDomain) -> Vec<(u64, Crl)> {
        let all = lock(&self.held);
        all.get(domain).into_iter().flatten().filter_map(|held| Some((held.number, held.crl.clone()?))).collect()
    }

    /// Every revocation that was seen.
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    /// Refuses a list that is not newer than the one of its key and scope. That one counts even if the current bundle does not prove its
    /// issuer.
    ///
    /// # Errors
    /// `CONFLICT`
    pub fn require_newer(&self, domain: &TrustDomain, crl: &Crl) -> Result<(), Fault> {
        Crl::adopt(&self.of(domain), crl.clone())?;
        let all = lock(&self.held);
        let same = |held: &&HeldList| (held.record.issuing_key, held.record.scope) == (crl.issuing_key(), crl.scope());
        let before = all.get(domain).into_iter().flatten().find(same);
        // The same list with another chain of its issuer is not an older one.
        let before = before.filter(|held| held.crl.is_none() && held.record.der != crl.der());
        let number = before.and_then(|held| Crl::number_in(&held.record.der));
        if number.is_some_and(|number| !is_higher(crl.number(), &number)) {
            let what = "a revocation list of that CA with this or a higher number is held already";
            return Err(Fault::new(Reason::Conflict, what));
        }
        Ok(())
    }

    /// Decides anew which of the organisation's lists its bundle proves.
    pub fn rest_upon(&self, bundle: &TrustBundle) {
        // Lists that the former roots did not prove may be asked for again.
        lock(&self.paces).remove(bundle.domain());
        for held in lock(&self.held).get_mut(bundle.domain()).into_iter().flatten() {
            held.crl = Crl::kept(&held.record.der, &held.record.issuers, bundle).ok();
        }
    }

    pub(in crate::node) fn put(&self, record: ListRecord, crl: Option<Crl>) {
        let mut all = lock(&self.held);
        let of = all.entry(record.of.clone()).or_default();
        of.retain(|held| (held.record.issuing_key, held.record.scope) != (record.issuing_key, record.scope));
        let number = self.next_number();
        of.push(HeldList { record: Arc::new(record), crl, number });
    }

    pub(in crate::node) fn next_number(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// The number of a list that is held already with the same bytes.
    pub(in crate::node) fn number_of(&self, record: &ListRecord) -> Option<u64> {
        let all = lock(&self.held);
        all.get(&record.of).into_iter().flatten().find(|held| held.record.der == record.der).map(|held| held.number)
    }

    /// The time from which a list of the partner is taken; `None` means now.
    pub(in crate::node) fn wait(&self, partner: &TrustDomain, new: &Announced, now: Time) -> Option<Time> {
        lock(&self.paces).get(partner).and_then(|pace| pace.wait(self.most_of_key, &new.issuing_key, new.size, now))
    }

    pub(in crate::node) fn has_refused(&self, partner: &TrustDomain, list: &Sha256, now: Time) -> bool {
        lock(&self.paces).get(partner).is_some_and(|pace| pace.has_refused(list, now))
    }

    pub(in crate::node) fn pace<T>(&self, partner: &TrustDomain, change: impl FnOnce(&mut ListRateLimit) -> T) -> T {
        change(lock(&self.paces).entry(partner.clone()).or_default())
    }

    /// Whether the log is to mention that list. Each list is mentioned once.
    pub(in crate::node) fn is_news(&self, list: &Sha256) -> bool {
        let mut told = lock(&self.told);
        if told.len() >= MOST_TOLD {
            told.clear();
        }
        told.insert(*list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::test_ca::{Ca, bundle, now};

    #[test]
    fn what_the_bundle_does_not_stand_behind_still_keeps_older_lists_out() {
        let root = Ca::root("root");
        let fr = bundle("fr.example", &[&root]);
        let crl = |number, revoked: &[u64]| Crl::verify(&root.list(number, revoked), &fr, &[], now()).unwrap();
        let held = crl(5, &[7]);
        let lists = HeldLists::new(PathBuf::new(), 60);
        let record = ListRecord {
            of: fr.domain().clone(),
            issuing_key: held.issuing_key(),
            scope: held.scope(),
            der: held.der().to_vec(),
            issuers: vec![],
        };
        lists.put(record, None);
        assert!(lists.of(fr.domain()).is_empty());
        let newer = |list: &Crl| lists.require_newer(fr.domain(), list).map_err(|fault| fault.reason);
        assert_eq!(newer(&crl(4, &[])), Err(Reason::Conflict));
        assert_eq!(newer(&crl(5, &[])), Err(Reason::Conflict), "another list of the same number");
        assert_eq!(newer(&held), Ok(()), "the same list, by a chain that the bundle stands behind");
        assert_eq!(newer(&crl(6, &[])), Ok(()));
        // It counts again with the bundle.
        lists.rest_upon(&fr);
        assert_eq!(lists.of(fr.domain()).iter().map(Crl::sha256).collect::<Vec<_>>(), [held.sha256()]);
    }
}
