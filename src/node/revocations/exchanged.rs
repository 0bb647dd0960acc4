//! What was exchanged with a partner of other organisations' revocation lists.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{
        ids::{Sha256, TrustDomain},
        time::Time,
    },
    identity::crl::Crl,
    node::{
        lock::lock,
        revocations::{announced::Announced, places},
    },
};

/// How many lists and bytes of one organisation are taken from a partner in an hour, and how many bytes of all organisations.
pub(in crate::node) const OF_ORGANISATION: (u32, usize) = (12, 1 << 20);

pub(in crate::node) const BYTES: usize = 32 << 20;

/// The most organisations whose lists are taken from a partner in an hour. No partner gives signatures of more organisations.
pub(in crate::node) const MOST_NAMED: usize = 4096;

/// An hour, in seconds.
pub(in crate::node) const HOUR: i64 = 3_600;

/// For how long a list that came is not asked for again, in seconds. After that time it may be possible to verify it.
pub(in crate::node) const REMEMBERED: i64 = 6 * HOUR;

/// The most lists of one partner whose digests are remembered.
pub(in crate::node) const MOST_SEEN: usize = 4096;

/// A list that this node asks a partner for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What the partner has announced about it.
    pub list: Announced,
    /// Whose list it is; `None` for the partner's own.
    pub of: Option<TrustDomain>,
}

/// Lists that partners passed on: the newest of each organisation, key and scope. They are kept to be passed on further. They are
/// nowhere else: a restart forgets them until partners announce them again. A second process would have its own, from its own connections.
#[derive(Default)]
pub(in crate::node) struct CarriedLists(Mutex<BTreeMap<TrustDomain, Vec<(u64, Crl)>>>);

impl CarriedLists {
    /// The lists of an organisation. Each has a number, which gives the order in which all lists came.
    pub(in crate::node) fn of(&self, domain: &TrustDomain) -> Vec<(u64, Crl)> {
        lock(&self.0).get(domain).cloned().unwrap_or_default()
    }

    pub(in crate::node) fn put(&self, of: &TrustDomain, crl: Crl, number: u64) {
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

/// What this node and one partner have exchanged of other organisations' lists.
#[derive(Default)]
pub(in crate::node) struct PassedOn(Mutex<Turns>);

#[derive(Default)]
pub(in crate::node) struct Turns {
    /// The place among the older lists where the next hello continues. A second process would have its own place, without harm.
    pub(in crate::node) next: usize,
    /// The lists that came from the partner, whether they could be used or not. A cache: staleness is harmless because a list that comes
    /// again changes nothing.
    pub(in crate::node) seen: HashSet<Sha256>,
    /// When that set was begun.
    pub(in crate::node) seen_since: Option<Time>,
    /// How much was asked for in this hour. A second process would have its own: each asks for the whole amount.
    pub(in crate::node) pace: PassRate,
}

/// What this node has asked a partner for in this hour.
#[derive(Default)]
pub(in crate::node) struct PassRate {
    since: Option<Time>,
    of: HashMap<TrustDomain, (u32, usize)>,
    bytes: usize,
}

pub(in crate::node) fn is_over(since: Option<Time>, seconds: i64, now: Time) -> bool {
    since.is_none_or(|since| !(0..seconds).contains(&now.seconds_since(since)))
}

impl PassRate {
    /// Counts a list of that size. `false`: the list must wait.
    pub(in crate::node) fn allows(&mut self, of: &TrustDomain, size: usize, now: Time) -> bool {
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
    pub(in crate::node) fn lock(&self) -> MutexGuard<'_, Turns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has all lists asked for again. They may count now, because another organisation became known here or got other roots.
    pub(in crate::node) fn forget(&self) {
        self.lock().seen.clear();
    }
}
