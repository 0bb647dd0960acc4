//! The sessions of all partners: what this process knows of them at run time. Nothing here needs to survive a restart.

pub mod examined;
pub mod obstacle;
pub mod recent;

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use tokio::sync::watch;

use crate::{
    domain::ids::{AssessmentId, TrustDomain},
    node::{lock::lock, session::PartnerSession},
    seal::random,
};

/// The sessions of all partners. Nothing here needs to survive a restart.
#[derive(Default)]
pub struct PartnerSessions {
    /// The session of each partner. A second process would have its own; the fields of [`PartnerSession`] say what follows.
    partners: Mutex<HashMap<TrustDomain, Arc<PartnerSession>>>,
    /// Counts entries stored from any partner. Followers and readers of the desk wait on it. A second process would have its own: it is not
    /// woken by what this process stores.
    arrivals: watch::Sender<u64>,
    /// Counts reasons to examine again what is in quarantine or can't be verified yet. A second process would have its own: it is not woken
    /// by what this process changes.
    turns: watch::Sender<u64>,
    /// Organisations whose roots, lists or standing have changed, so that unverified entries of theirs are to be examined again. A second
    /// process would have its own. The store keeps the entries, and a timer in it has all of them examined at least once an hour.
    changed: Mutex<BTreeSet<TrustDomain>>,
    /// Assessments that were recalled, so that unverified entries of theirs are to be dropped. A second process would have its own. The
    /// timer in the store has all unverified entries examined at least once an hour, and the store shows none of a recalled assessment.
    taken_back: Mutex<BTreeSet<AssessmentId>>,
    /// The random name of the current roots and lists, which partners are told. It is new after each change and each start. A second
    /// process would have its own: a partner that connects to both in turn offers its refused statements again each time, without harm.
    edition: Mutex<Option<[u8; EDITION]>>,
}

/// How many bytes name an edition of roots and lists.
pub(in crate::node) const EDITION: usize = 16;

impl PartnerSessions {
    /// Has everything in quarantine examined again, from whichever partner it came.
    pub(in crate::node) fn examine_all_again(&self) {
        lock(&self.partners).values().for_each(|live| live.examine_again());
    }

    /// The session of a partner.
    pub fn of(&self, partner: &TrustDomain) -> Arc<PartnerSession> {
        let mut partners = lock(&self.partners);
        if let Some(live) = partners.get(partner) {
            return live.clone();
        }
        let live = Arc::new(PartnerSession::new());
        partners.insert(partner.clone(), live.clone());
        live
    }

    /// Wakes the feeds and the outboxes of all partners.
    pub(in crate::node) fn wake_all(&self) {
        lock(&self.partners).values().for_each(|live| {
            live.wake();
            live.post();
        });
    }

    /// The session of every partner.
    pub(in crate::node) fn all(&self) -> Vec<(TrustDomain, Arc<PartnerSession>)> {
        lock(&self.partners).iter().map(|(partner, live)| (partner.clone(), live.clone())).collect()
    }

    /// Ends all streams to partners and their waiting for statements, because the node stops. The partners come back when it runs again.
    pub fn end_streams(&self) {
        lock(&self.partners).values().for_each(|live| {
            live.end_stream();
            live.post();
        });
    }

    /// Notes that roots, lists or standing of these organisations have changed, or are new.
    pub(in crate::node) fn trust_changed(&self, organisations: impl IntoIterator<Item = TrustDomain>) {
        let mut changed = lock(&self.changed);
        let before = changed.len();
        changed.extend(organisations);
        if changed.len() > before {
            *lock(&self.edition) = random::bytes().ok();
        }
        drop(changed);
        self.turned();
    }

    /// Has the unverified entries that wait for an organisation examined again.
    fn examine_waiting_for(&self, organisation: &TrustDomain) {
        lock(&self.changed).insert(organisation.clone());
        self.turned();
    }

    /// Has the unverified entries of an assessment examined again, because it was recalled.
    pub(in crate::node) fn examine_taken_back(&self, assessment: AssessmentId) {
        lock(&self.taken_back).insert(assessment);
        self.turned();
    }

    /// Has everything examined again that waits for this organisation or is in quarantine, because the organisation is known now or known
    /// differently. Call it once that change is in force.
    pub(in crate::node) fn is_known_anew(&self, organisation: &TrustDomain) {
        self.examine_all_again();
        self.examine_waiting_for(organisation);
        self.forget_passed_on();
    }

    /// Lets revocation lists of other organisations come again, because more is known now about who these organisations are.
    pub(in crate::node) fn forget_passed_on(&self) {
        lock(&self.partners).values().for_each(|live| live.passed_on.forget());
    }

    /// The organisations that have changed since the last call.
    pub(in crate::node) fn take_changed(&self) -> BTreeSet<TrustDomain> {
        std::mem::take(&mut *lock(&self.changed))
    }

    /// The assessments that were recalled since the last call.
    pub(in crate::node) fn take_taken_back(&self) -> BTreeSet<AssessmentId> {
        std::mem::take(&mut *lock(&self.taken_back))
    }

    /// The name of the current roots and lists for partners. It tells only that they have changed.
    pub fn edition(&self) -> [u8; EDITION] {
        let mut edition = lock(&self.edition);
        *edition.get_or_insert_with(|| random::bytes().unwrap_or_default())
    }

    /// Wakes the examination: what may be taken from partners has changed, or something came that is kept from users.
    pub fn turned(&self) {
        self.turns.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that sees each [`Self::turned`].
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// Notes that something was stored from a partner.
    pub fn arrived(&self) {
        self.arrivals.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A receiver that sees each arrival.
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.arrivals.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::statement::StatementKind;

    fn live() -> Arc<PartnerSession> {
        PartnerSessions::default().of(&"fr.example".parse().unwrap())
    }

    #[test]
    fn nothing_is_read_before_the_partner_has_said_so_and_what_is_held_is_said_once() {
        let live = live();
        assert!(!live.reads(StatementKind::Agreement) && !live.first_held());
        live.set_reads(vec![StatementKind::Agreement]);
        assert!(live.reads(StatementKind::Agreement) && !live.reads(StatementKind::Receipt));
        assert!(live.first_held() && !live.first_held());
        live.set_reads(vec![StatementKind::Agreement]);
        assert!(!live.first_held(), "the same hello again is no news");
        live.set_reads(vec![]);
        assert!(live.first_held());
    }
}
