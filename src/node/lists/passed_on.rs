//! Revocation lists of organisations whose signatures go on: announced to whoever is given these, and taken from any partner, since the
//! organisation's own CA has signed them.
//!
//! - Such a list adds revocations, and nothing else: it is no newest list. So an old one ends no link, and puts none out of force.
//! - Which lists a node asks for tells nothing of whom it knows: it asks for each that it has not seen from that partner, and answers before
//!   it looks whose it is.
//! - Nobody's lists take the room of another's: each organisation has a pace of its own.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Announced, lock, places};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        partner::PartnerState,
        time::Time,
    },
    identity::crl::{Crl, Entry},
    node::{Node, partners::bundle_of},
    seal::hash::sha256,
};

/// The most that are announced in one hello.
pub const MAX_PASSED_ON: usize = 24;
/// So many of these are the newest ones; the others take turns.
const NEWEST: usize = 12;
/// The largest, bytes, and the most bytes that are asked for after one hello: the feed comes after them.
const MOST_BYTES: usize = 256 << 10;
/// How many lists and bytes of one organisation are taken from a partner in an hour, and how many bytes of all.
const OF_ORGANISATION: (u32, usize) = (12, 1 << 20);
const BYTES: usize = 32 << 20;
/// Of how many organisations: more than one partner gives signatures of.
const MOST_NAMED: usize = 4096;
/// Seconds.
const HOUR: i64 = 3_600;
/// For how long a list that came is not asked for again, seconds: it may be verified by then.
const REMEMBERED: i64 = 6 * HOUR;
/// The most whose digests are remembered of one partner.
const MOST_SEEN: usize = 4096;

/// A list that this side asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What the partner says of it.
    pub list: Announced,
    /// Whose it is, where it is not the partner's own.
    pub of: Option<TrustDomain>,
}

/// Lists that partners passed on, kept to be passed on further: the newest of each organisation, key and scope.
#[derive(Default)]
pub(super) struct Carried(Mutex<BTreeMap<TrustDomain, Vec<(u64, Crl)>>>);

impl Carried {
    /// With the number of each, in the order in which all lists came.
    fn of(&self, domain: &TrustDomain) -> Vec<(u64, Crl)> {
        lock(&self.0).get(domain).cloned().unwrap_or_default()
    }

    fn put(&self, of: &TrustDomain, crl: Crl, number: u64) {
        let mut all = lock(&self.0);
        let held = all.entry(of.clone()).or_default();
        let others: Vec<Crl> = held.iter().map(|(_, crl)| crl.clone()).collect();
        let is_older =
            others.iter().any(|other| other.is_same_series(&crl) && other.this_update() >= crl.this_update());
        if !is_older && places::require_place(&others, &crl).is_ok() {
            held.retain(|(_, other)| !other.is_same_series(&crl));
            held.push((number, crl));
        }
    }
}

/// What went between this node and one partner of others' lists.
#[derive(Default)]
pub(in crate::node) struct PassedOn(Mutex<Turns>);

#[derive(Default)]
struct Turns {
    /// Where the next hello goes on.
    next: usize,
    /// Those that came from the partner, whatever became of them, and since when.
    seen: HashSet<Sha256>,
    seen_since: Option<Time>,
    pace: Pace,
}

/// What came of a partner in the hour.
#[derive(Default)]
struct Pace {
    since: Option<Time>,
    of: HashMap<TrustDomain, (u32, usize)>,
    bytes: usize,
}

fn is_over(since: Option<Time>, seconds: i64, now: Time) -> bool {
    since.is_none_or(|since| !(0..seconds).contains(&now.seconds_since(since)))
}

impl Pace {
    /// Counts a list of that size; `false`: it must wait.
    fn allows(&mut self, of: &TrustDomain, size: usize, now: Time) -> bool {
        if is_over(self.since, HOUR, now) {
            *self = Self { since: Some(now), ..Self::default() };
        }
        let (lists, bytes) = self.of.get(of).copied().unwrap_or_default();
        let has_place = self.of.len() < MOST_NAMED || self.of.contains_key(of);
        let has_room = has_place && lists < OF_ORGANISATION.0 && bytes.saturating_add(size) <= OF_ORGANISATION.1;
        if !has_room || self.bytes.saturating_add(size) > BYTES {
            return false;
        }
        self.of.insert(of.clone(), (lists + 1, bytes + size));
        self.bytes += size;
        true
    }
}

impl PassedOn {
    fn lock(&self) -> MutexGuard<'_, Turns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// They may come again: another organisation is known here now, or by other roots.
    pub(in crate::node) fn forget(&self) {
        self.lock().seen.clear();
    }
}

/// Of all, in the order in which they came: the newest, and as many of the others as there is room for, from `next` on.
fn turn<T>(mut all: Vec<T>, next: &mut usize) -> Vec<T> {
    if all.len() <= MAX_PASSED_ON {
        return all;
    }
    let mut newest = all.split_off(all.len() - NEWEST);
    let (first, room) = (*next % all.len(), MAX_PASSED_ON - NEWEST);
    *next = first + room;
    all.rotate_left(first);
    newest.extend(all.into_iter().take(room));
    newest
}

impl Node {
    /// The lists that are held of an organisation, by whichever way they came.
    fn lists_to_pass_on(&self, of: &TrustDomain) -> Vec<(u64, Crl)> {
        let mut all = self.lists.numbered(of);
        all.extend(self.lists.carried.of(of));
        all.retain(|(_, crl)| crl.der().len() <= MOST_BYTES);
        all
    }

    /// The lists of others, for a partner to whom their signatures were handed over.
    ///
    /// # Errors
    /// Store faults.
    pub async fn passed_on_lists(&self, partner: &TrustDomain) -> Result<Vec<(TrustDomain, Announced)>, Fault> {
        let mut all = vec![];
        for of in self.store.given_to(partner).await? {
            if of != *partner && of != *self.domain() {
                let lists = self.lists_to_pass_on(&of).into_iter();
                all.extend(lists.map(|(number, crl)| (number, of.clone(), Announced::of(&crl))));
            }
        }
        all.sort_by_key(|(number, ..)| *number);
        let all = all.into_iter().map(|(_, of, list)| (of, list)).collect();
        Ok(turn(all, &mut self.live.of(partner).passed_on.lock().next))
    }

    /// One of the own lists, or of those that are announced to the partner.
    ///
    /// # Errors
    /// `NOT_FOUND`; store faults.
    pub async fn list_for(&self, partner: &TrustDomain, list: &Sha256) -> Result<Crl, Fault> {
        let own = self.own_list(list);
        if own.is_ok() {
            return own;
        }
        let given = self.store.given_to(partner).await?;
        let mut found = given.iter().flat_map(|of| self.lists_to_pass_on(of)).map(|(_, crl)| crl);
        found.find(|crl| crl.sha256() == *list).map_or(own, Ok)
    }

    /// Which of the lists of others that a partner has announced this node asks for.
    pub fn wanted_of_others(&self, partner: &TrustDomain, announced: Vec<(TrustDomain, Announced)>) -> Vec<Wanted> {
        let (live, now) = (self.live.of(partner), self.now());
        let mut turns = live.passed_on.lock();
        if is_over(turns.seen_since, REMEMBERED, now) || turns.seen.len() >= MOST_SEEN {
            (turns.seen, turns.seen_since) = (HashSet::new(), Some(now));
        }
        let mut room = MOST_BYTES;
        let mut wanted = vec![];
        for (of, list) in announced.into_iter().take(MAX_PASSED_ON) {
            if list.size <= room && !turns.seen.contains(&list.sha256) && turns.pace.allows(&of, list.size, now) {
                room -= list.size;
                wanted.push(Wanted { list, of: Some(of) });
            }
        }
        wanted
    }

    /// Takes a list of another organisation that a partner passes on. The answer comes before it is looked at: it tells nothing.
    ///
    /// # Errors
    /// `CHAIN_INVALID` where it is not the one that was announced.
    pub fn take_list_of(
        self: &Arc<Self>,
        partner: &TrustDomain,
        of: TrustDomain,
        announced: &Announced,
        (der, issuers): (Vec<u8>, Vec<Vec<u8>>),
    ) -> Result<(), Fault> {
        self.live.of(partner).passed_on.lock().seen.insert(announced.sha256);
        if sha256(&[&der]) != announced.sha256.0 {
            return Err(Fault::new(Reason::ChainInvalid, "the revocation list is not the one that was announced"));
        }
        let (node, partner, list) = (self.clone(), partner.clone(), announced.sha256);
        tokio::spawn(async move {
            let _changing = node.changing.lock().await;
            match node.add_revocations_of(&of, &der, &issuers).await {
                Ok(0) => {}
                Ok(news) => {
                    tracing::info!(organisation = %of, %partner, news, "took revocations that a partner passed on")
                }
                // The disk may have room again by the next hello.
                Err(fault) if matches!(fault.reason, Reason::StoreFull | Reason::Unavailable | Reason::Internal) => {
                    tracing::error!(organisation = %of, reason = %fault.reason, "revocations that a partner passed on could not be kept");
                    node.live.of(&partner).passed_on.lock().seen.remove(&list);
                }
                Err(fault) if node.lists.is_news(&list) => {
                    tracing::warn!(
                        organisation = %of, %partner, reason = %fault.reason, what = %fault.message,
                        "a revocation list that a partner passed on does not count"
                    );
                }
                Err(_) => {}
            }
        });
        Ok(())
    }

    /// Adds what a list of an organisation that is known here revokes, and keeps the list to pass it on. Gives how many were not known.
    async fn add_revocations_of(&self, of: &TrustDomain, der: &[u8], issuers: &[Vec<u8>]) -> Result<usize, Fault> {
        let directory = self.directory();
        let known = directory.get(of).filter(|known| known.record.state != PartnerState::Forgotten);
        let Some(known) = known.filter(|_| of != self.domain()) else { return Ok(0) };
        let crl = Crl::verify(der, &bundle_of(&known.record)?, issuers, self.now())?;
        let mut seen = self.lists.seen();
        let added: Vec<Vec<u8>> = seen.add(&crl).iter().map(Entry::to_bytes).collect();
        let count = added.len();
        if count > 0 {
            self.store.save_revocations(of, &crl.issuing_key(), added).await?;
            *lock(&self.lists.seen) = seen.clone();
            (self.set_trust)(self.trust.load().with_lists(of, self.lists.of(of), seen));
            // No other edition is named to partners: that would tell whose list it was.
            self.live.turned();
        }
        self.lists.carried.put(of, crl, self.lists.next_number());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_told_each_time_and_all_others_in_turn() {
        let (mut next, mut told) = (0, HashSet::new());
        assert_eq!(turn(vec![1, 2, 3], &mut next), [1, 2, 3]);
        for _ in 0..9 {
            let now = turn((0..100).collect(), &mut next);
            assert_eq!(now.len(), MAX_PASSED_ON);
            assert!((88..100).all(|newest| now.contains(&newest)));
            told.extend(now);
        }
        assert_eq!(told.len(), 100);
    }

    #[test]
    fn one_organisation_does_not_take_the_room_of_another() {
        let (now, mut pace) = (Time::from_unix_nanos(0), Pace::default());
        let (fr, gb): (TrustDomain, TrustDomain) = ("fr.example".parse().unwrap(), "gb.example".parse().unwrap());
        assert_eq!((0..99).filter(|_| pace.allows(&fr, 10, now)).count(), 12);
        assert!(pace.allows(&gb, MOST_BYTES, now));
        assert_eq!((0..99).filter(|_| pace.allows(&gb, MOST_BYTES, now)).count(), 3, "1 MiB an hour");
        assert!(!pace.allows(&fr, 10, now.plus_seconds(HOUR - 1)) && pace.allows(&fr, 10, now.plus_seconds(HOUR)));
    }
}
