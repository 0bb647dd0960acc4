//! Revocation lists of other organisations, which this node passes on.
//!
//! A partner that was given statements signed by an organisation is told which lists of that organisation are here. A list is taken from
//! any partner, because the organisation's own CA has signed it.
//!
//! - A list that is passed on only adds revocations. It does not count as the newest list of its organisation, so an old one ends no link
//!   and puts no other list out of force.
//! - The lists that a node asks for don't show which organisations it knows. It asks for every list that it has not seen from that
//!   partner, and it answers before it checks whose list it is.
//! - Each organisation has a limit of its own, so the lists of one never use up the room of another.

use std::{collections::HashSet, sync::Arc};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        partner::PartnerState,
    },
    identity::crl::{Crl, RevokedCertificate},
    node::{
        directory::roots::bundle_of,
        lock::lock,
        revocations::{
            RevocationLists,
            announced::Announced,
            exchanged::{MOST_SEEN, REMEMBERED, Wanted, is_over},
        },
    },
    seal::hash::sha256,
    store::catalogue::CatalogueChange,
};

/// The most lists of other organisations that one hello announces.
pub const MAX_PASSED_ON: usize = 24;

/// How many of these are the newest lists. The other places go to the older lists in turn.
pub(in crate::node) const NEWEST: usize = 12;

/// The largest list that is passed on, and the most that is asked for after one hello, in bytes. The feed comes after the lists.
pub(in crate::node) const MOST_BYTES: usize = 256 << 10;

/// Chooses the lists for one hello from `all`, which is in the order in which they came: the newest ones, and as many others as there is
/// room for, from `next` on.
pub(in crate::node) fn turn<T>(mut all: Vec<T>, next: &mut usize) -> Vec<T> {
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

impl RevocationLists {
    /// All lists that are held of an organisation, however they came, except those that are too large.
    fn lists_to_pass_on(&self, of: &TrustDomain) -> Vec<(u64, Crl)> {
        let mut all = self.lists.numbered(of);
        all.extend(self.lists.carried.of(of));
        all.retain(|(_, crl)| crl.der().len() <= MOST_BYTES);
        all
    }

    /// The lists of other organisations that are announced to a partner: of each organisation whose signatures the partner was given.
    ///
    /// # Errors
    /// Store faults.
    pub async fn passed_on_lists(&self, partner: &TrustDomain) -> Result<Vec<(TrustDomain, Announced)>, Fault> {
        let mut all = vec![];
        for of in self.store.given_to(partner).await? {
            if of != *partner && of != *self.identity.domain() {
                let lists = self.lists_to_pass_on(&of).into_iter();
                all.extend(lists.map(|(number, crl)| (number, of.clone(), Announced::of(&crl))));
            }
        }
        all.sort_by_key(|(number, ..)| *number);
        let all = all.into_iter().map(|(_, of, list)| (of, list)).collect();
        Ok(turn(all, &mut self.sessions.of(partner).passed_on.lock().next))
    }

    /// Finds a list among the own ones and those that are announced to the partner.
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

    /// Chooses which of the announced lists of other organisations this node asks the partner for.
    pub fn wanted_of_others(&self, partner: &TrustDomain, announced: Vec<(TrustDomain, Announced)>) -> Vec<Wanted> {
        let (live, now) = (self.sessions.of(partner), self.clock.now());
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

    /// Takes a list of another organisation that a partner passes on. The list is examined after the answer, so the answer tells nothing.
    ///
    /// # Errors
    /// `CHAIN_INVALID` where it is not the one that was announced.
    pub fn take_list_of(
        self: &Arc<Self>,
        partner: &TrustDomain,
        of: TrustDomain,
        announced: &Announced,
        der: Vec<u8>,
        issuers: Vec<Vec<u8>>,
    ) -> Result<(), Fault> {
        self.sessions.of(partner).passed_on.lock().seen.insert(announced.sha256);
        if sha256(&[&der]) != announced.sha256.0 {
            return Err(Fault::new(Reason::ChainInvalid, "the revocation list is not the one that was announced"));
        }
        let (node, partner, list) = (self.clone(), partner.clone(), announced.sha256);
        tokio::spawn(async move {
            match node.add_revocations_of(&of, &der, &issuers).await {
                Ok(0) => {}
                Ok(news) => {
                    tracing::info!(organisation = %of, %partner, news, "took revocations that a partner passed on")
                }
                // The list is asked for again at the next hello. The disk may have room by then.
                Err(fault) if matches!(fault.reason, Reason::StoreFull | Reason::Unavailable | Reason::Internal) => {
                    tracing::error!(organisation = %of, reason = %fault.reason, "revocations that a partner passed on could not be kept");
                    node.sessions.of(&partner).passed_on.lock().seen.remove(&list);
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

    /// Adds the revocations of a list, if its organisation is known here, and keeps the list to pass it on. Returns how many are new.
    async fn add_revocations_of(&self, of: &TrustDomain, der: &[u8], issuers: &[Vec<u8>]) -> Result<usize, Fault> {
        let _changing = self.directory.begin_change().await?;
        let directory = self.directory.current();
        let known = directory.get(of).filter(|known| known.record.state != PartnerState::Forgotten);
        let Some(known) = known.filter(|_| of != self.identity.domain()) else { return Ok(0) };
        let crl = Crl::verify(der, &bundle_of(&known.record)?, issuers, self.clock.now())?;
        let mut seen = self.lists.seen();
        let added: Vec<Vec<u8>> = seen.add(&crl).iter().map(RevokedCertificate::to_bytes).collect();
        let count = added.len();
        if count > 0 {
            let change = CatalogueChange::Revocations { of: of.clone(), issuing_key: crl.issuing_key(), added };
            let moved = self.directory.catalogue.change(change).await?;
            *lock(&self.lists.seen) = seen.clone();
            (self.trust.set)(self.trust.current.load().with_lists(of, self.lists.of(of), seen));
            self.directory.catalogue.follow(&moved);
            // No new edition is announced to partners, because that would show whose list it was.
            self.sessions.turned();
        }
        self.lists.carried.put(of, crl, self.lists.next_number());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::time::Time,
        node::revocations::exchanged::{HOUR, PassRate},
    };

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
        let (now, mut pace) = (Time::from_unix_nanos(0), PassRate::default());
        let (fr, gb): (TrustDomain, TrustDomain) = ("fr.example".parse().unwrap(), "gb.example".parse().unwrap());
        assert_eq!((0..99).filter(|_| pace.allows(&fr, 10, now)).count(), 12);
        assert!(pace.allows(&gb, MOST_BYTES, now));
        assert_eq!((0..99).filter(|_| pace.allows(&gb, MOST_BYTES, now)).count(), 3, "1 MiB an hour");
        assert!(!pace.allows(&fr, 10, now.plus_seconds(HOUR - 1)) && pace.allows(&fr, 10, now.plus_seconds(HOUR)));
    }
}
