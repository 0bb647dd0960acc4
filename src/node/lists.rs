//! Revocation lists: what is held of each organisation, and how a newer one is taken.
//!
//! For each organisation, this one included, the node holds the newest list of each issuing key and scope, and every revocation that was
//! ever seen. A list is never replaced by an older one automatically. See `give` for a CA that lost its number.

mod give;
mod invited;
mod own;
mod pace;
mod passed_on;
mod places;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use self::pace::ListPace;
pub(super) use self::passed_on::PassedOn;
pub use self::{
    give::{Given, GivenAt, Outcome},
    passed_on::{MAX_PASSED_ON, Wanted},
    places::MAX_LISTS,
};
use super::Node;
use crate::{
    domain::{
        event::Event,
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        partner::PartnerState,
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        crl::{Crl, Entry, MAX_LIST_BYTES, Seen, is_higher},
    },
    seal::hash::sha256,
    store::{damage::Damage, lists::ListRecord},
};

/// Why a node doesn't start.
const OWN_REVOCATIONS: &str = "the revocations of this organisation's own certificates can't be read any more, so that nobody can tell who may \
    sign in; restore a backup, or put the CA's newest list into place and start once with `watchfire serve --forget-damaged-revocations`";
/// How many lists are remembered as mentioned in the log.
const MOST_TOLD: usize = 1024;

/// What a partner says of a list before it hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The id of the key that issued it.
    pub issuing_key: Sha256,
    /// The id of its scope.
    pub scope: Sha256,
    /// Its number, big-endian, without leading zeros.
    pub number: Vec<u8>,
    /// The SHA-256 of the list.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: usize,
}

impl Announced {
    fn of(crl: &Crl) -> Self {
        Self {
            issuing_key: crl.issuing_key(),
            scope: crl.scope(),
            number: crl.number().to_vec(),
            sha256: crl.sha256(),
            size: crl.der().len(),
        }
    }
}

/// A stored list. `crl` is `None` while the organisation's current bundle does not prove its issuer. The list is kept for when it does
/// again.
#[derive(Clone)]
struct Held {
    record: Arc<ListRecord>,
    crl: Option<Crl>,
    /// Counts the lists in the order in which they came.
    number: u64,
}

/// All lists, and all revocations that were seen.
pub(super) struct Lists {
    held: Mutex<BTreeMap<TrustDomain, Vec<Held>>>,
    seen: Mutex<Seen>,
    /// How many lists came so far.
    count: AtomicU64,
    /// The lists that came through other partners.
    carried: passed_on::Carried,
    /// How fast each partner gives lists.
    paces: Mutex<HashMap<TrustDomain, ListPace>>,
    /// How many lists of one issuing key are taken in an hour.
    most_of_key: u32,
    /// The lists that the log has mentioned because they are held back or have a lower number than the one that is held.
    told: Mutex<HashSet<Sha256>>,
    own: own::OwnFile,
}

/// Locks a mutex even if a thread panicked while it held it. Every statement leaves these maps in a consistent state.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lists {
    pub fn new(own_file: PathBuf, most_of_key: u32) -> Self {
        Self {
            most_of_key,
            held: Mutex::default(),
            seen: Mutex::default(),
            count: AtomicU64::default(),
            carried: passed_on::Carried::default(),
            paces: Mutex::default(),
            told: Mutex::default(),
            own: own::OwnFile::new(own_file),
        }
    }

    /// The lists of an organisation whose issuers its bundle proves.
    pub fn of(&self, domain: &TrustDomain) -> Vec<Crl> {
        lock(&self.held).get(domain).into_iter().flatten().filter_map(|held| held.crl.clone()).collect()
    }

    /// The same lists, each with its number in the order in which all lists came here.
    fn numbered(&self, domain: &TrustDomain) -> Vec<(u64, Crl)> {
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
        let same = |held: &&Held| (held.record.issuing_key, held.record.scope) == (crl.issuing_key(), crl.scope());
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

    fn put(&self, record: ListRecord, crl: Option<Crl>) {
        let mut all = lock(&self.held);
        let of = all.entry(record.of.clone()).or_default();
        of.retain(|held| (held.record.issuing_key, held.record.scope) != (record.issuing_key, record.scope));
        let number = self.next_number();
        of.push(Held { record: Arc::new(record), crl, number });
    }

    fn next_number(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// The time from which a list of the partner is taken; `None` means now.
    fn wait(&self, partner: &TrustDomain, new: &Announced, now: Time) -> Option<Time> {
        lock(&self.paces).get(partner).and_then(|pace| pace.wait(self.most_of_key, &new.issuing_key, new.size, now))
    }

    fn has_refused(&self, partner: &TrustDomain, list: &Sha256, now: Time) -> bool {
        lock(&self.paces).get(partner).is_some_and(|pace| pace.has_refused(list, now))
    }

    fn pace<T>(&self, partner: &TrustDomain, change: impl FnOnce(&mut ListPace) -> T) -> T {
        change(lock(&self.paces).entry(partner.clone()).or_default())
    }

    /// Whether the log is to mention that list. Each list is mentioned once.
    fn is_news(&self, list: &Sha256) -> bool {
        let mut told = lock(&self.told);
        if told.len() >= MOST_TOLD {
            told.clear();
        }
        told.insert(*list)
    }
}

impl Node {
    /// This organisation's lists, as partners are told of them.
    pub fn announced_lists(&self) -> Vec<Announced> {
        self.lists.of(self.domain()).iter().take(MAX_LISTS).map(Announced::of).collect()
    }

    /// Whether a list that is held of a partner is past its next update.
    pub fn has_lapsed_list(&self, partner: &TrustDomain) -> bool {
        let now = self.now();
        self.lists.of(partner).iter().any(|crl| crl.lapse(now).is_some())
    }

    /// One of this organisation's lists.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn own_list(&self, sha256: &Sha256) -> Result<Crl, Fault> {
        let found = self.lists.of(self.domain()).into_iter().find(|crl| crl.sha256() == *sha256);
        found.ok_or_else(|| Fault::new(Reason::NotFound, "no such revocation list is in force here; say hello again"))
    }

    /// The announced lists of a partner that this node wants: those that are newer than what it holds, as fast as it takes them.
    pub fn wanted_lists(&self, partner: &TrustDomain, announced: Vec<Announced>) -> Vec<Announced> {
        let (held, now) = (self.lists.of(partner), self.now());
        let is_wanted = |new: &Announced| {
            let same = held.iter().find(|crl| (crl.issuing_key(), crl.scope()) == (new.issuing_key, new.scope));
            let is_newer = same.is_none_or(|crl| is_higher(&new.number, crl.number()));
            if !is_newer
                && same.is_some_and(|crl| crl.sha256() != new.sha256)
                && self.lists.is_news(&new.sha256)
                && self.live.of(partner).allows_a_line(now)
            {
                tracing::warn!(
                    %partner, issuing_key = %new.issuing_key,
                    "the partner shows a revocation list that is not newer than the one held, which stays in force; mostly an older \
                     list lies in its file, and it has to put the newest one there: ask its administrators. Only where they say \
                     that its CA lost its number, `watchfire partner crl FILE --replace` takes the list"
                );
            }
            let is_wanted =
                is_newer && new.size <= MAX_LIST_BYTES && !self.lists.has_refused(partner, &new.sha256, now);
            let wait = self.lists.wait(partner, new, now).filter(|_| is_wanted);
            if let Some(until) = wait
                && self.lists.is_news(&new.sha256)
                && self.live.of(partner).allows_a_line(now)
            {
                tracing::warn!(
                    %partner, issuing_key = %new.issuing_key, %until,
                    "a new revocation list of the partner waits: too many came in the last hour; `watchfire partner crl FILE` takes it at once"
                );
            }
            is_wanted && wait.is_none()
        };
        announced.into_iter().take(MAX_LISTS).filter(is_wanted).collect()
    }

    /// Takes a partner's list as it was announced. It is in force at once, on live connections too; nothing else is read anew.
    ///
    /// # Errors
    /// `CHAIN_INVALID` where it is not what was announced, or where the partner's bundle does not prove it; `CONFLICT` where it is not
    /// newer; `LIMIT_EXCEEDED`; store faults.
    pub async fn take_list(
        &self,
        partner: &TrustDomain,
        announced: &Announced,
        der: &[u8],
        issuers: &[Vec<u8>],
    ) -> Result<(), Fault> {
        let now = self.now();
        if self.lists.wait(partner, announced, now).is_some() {
            return Err(Fault::new(Reason::LimitExceeded, "too many revocation lists came in the last hour; wait"));
        }
        let _changing = self.changing.lock().await;
        let crl = match self.verified_list(partner, announced, (der, issuers), now) {
            Ok(crl) => crl,
            Err(fault) => {
                self.lists.pace(partner, |pace| pace.refuse(&announced.sha256, announced.size, now));
                return Err(fault);
            }
        };
        self.lists.require_newer(partner, &crl)?;
        if self.keep_list(partner, crl.clone(), vec![]).await? {
            self.lists.pace(partner, |pace| pace.count(&announced.issuing_key, announced.size, now));
            let (issuer, next_update) = (crl.issuer(), crl.next_update());
            tracing::info!(%partner, issuer, %next_update, "took a newer revocation list");
            self.put_lists_in_force(partner);
        }
        Ok(())
    }

    fn verified_list(
        &self,
        partner: &TrustDomain,
        announced: &Announced,
        (der, issuers): (&[u8], &[Vec<u8>]),
        now: Time,
    ) -> Result<Crl, Fault> {
        if sha256(&[der]) != announced.sha256.0 {
            return Err(Fault::new(Reason::ChainInvalid, "the revocation list is not the one that was announced"));
        }
        let bundle = super::partners::bundle_of(&self.directory().active(partner)?.record)?;
        let crl = Crl::verify(der, &bundle, issuers, now)?;
        if Announced::of(&crl) != *announced {
            return Err(Fault::new(Reason::ChainInvalid, "the revocation list is not what was announced of it"));
        }
        Ok(crl)
    }

    /// Replaces the list of the same key and scope, whatever the numbers. Returns `false` if it is held already.
    async fn keep_list(&self, of: &TrustDomain, crl: Crl, events: Vec<Event>) -> Result<bool, Fault> {
        let held = self.lists.of(of);
        if held.iter().any(|other| other.sha256() == crl.sha256()) {
            return Ok(false);
        }
        places::require_place(&held, &crl)?;
        let mut seen = self.lists.seen();
        let added = seen.add(&crl).iter().map(Entry::to_bytes).collect();
        let record = ListRecord {
            of: of.clone(),
            issuing_key: crl.issuing_key(),
            scope: crl.scope(),
            der: crl.der().to_vec(),
            issuers: crl.issuers().to_vec(),
        };
        self.store.save_list(record.clone(), added, events).await?;
        self.lists.put(record, Some(crl));
        *lock(&self.lists.seen) = seen;
        Ok(true)
    }

    /// Puts the lists of one organisation in force, for live connections too. No policy is compiled anew.
    fn put_lists_in_force(&self, domain: &TrustDomain) {
        let crls = self.lists.of(domain);
        (self.set_trust)(self.trust.load().with_lists(domain, crls, self.lists.seen()));
        self.live.trust_changed(vec![domain.clone()]);
        self.live.turned();
        if self.directory().get(domain).is_some_and(|p| p.standing() == PartnerState::Active) {
            let live = self.live.of(domain);
            live.wake();
            if !live.inbound().borrow().live {
                // A partner that could not be dialled because this list was missing is dialled again at once.
                live.pull_now();
            }
        }
    }

    /// Reads the stored lists at the start.
    async fn load_lists(&self, own: &TrustBundle) -> Result<(), Fault> {
        for record in self.store.revocations().await? {
            let entries = record.entries.iter().map(|bytes| Entry::from_bytes(bytes)).collect::<Option<Vec<_>>>();
            let Some(entries) = entries else {
                self.store.report_corruption(Damage::Revocations(record.of));
                continue;
            };
            lock(&self.lists.seen).extend(record.issuing_key, entries);
        }
        for record in self.store.revocation_lists().await? {
            self.lists.put(record, None);
        }
        self.lists.rest_upon(own);
        for partner in self.store.partners().await? {
            if let Ok(bundle) = super::partners::bundle_of(&partner) {
                self.lists.rest_upon(&bundle);
            }
        }
        // The revocations of this organisation's CA decide who may do anything here.
        if self.store.damages().contains(&Damage::Revocations(self.domain().clone())) {
            return Err(Fault::new(Reason::StoreCorrupt, OWN_REVOCATIONS));
        }
        Ok(())
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
        let lists = Lists::new(PathBuf::new(), 60);
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
