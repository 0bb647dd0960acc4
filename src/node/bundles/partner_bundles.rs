//! What a partner's hellos have said about bundles since this node's start.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{ids::TrustDomain, time::Time},
    node::rate_limit::window::WindowLimit,
};

/// How many bundles a partner may hand over in an hour.
const MOST_BUNDLES: u32 = 120;

/// What one partner has said. A second process would have its own, from the hellos that reach it.
#[derive(Default)]
pub(in crate::node) struct PartnerBundles(Mutex<Words>);

#[derive(Default)]
struct Words {
    /// The number of this organisation's bundle that the partner holds. A cache: staleness is harmless because each hello says it again.
    held: Option<u64>,
    /// The most persons that, as the partner says, decisions of this organisation took. A cache: staleness is harmless because each hello
    /// says it again.
    persons_needed: u32,
    /// The bundles that were handed over last: from which number, and up to which one. A cache: staleness is harmless because a bundle that
    /// is handed over again changes nothing.
    handed_over: Option<(u64, u64)>,
    /// For each other organisation, the bundle up to which the partner was handed what it may lack. A cache: staleness is harmless because
    /// a bundle that is handed over again changes nothing.
    passed_on: HashMap<TrustDomain, u64>,
    /// How many bundles it has handed over. A second process would have its own: each takes the whole number.
    pace: WindowLimit,
}

impl PartnerBundles {
    fn lock(&self) -> MutexGuard<'_, Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of this organisation's bundle that the partner holds.
    pub fn held(&self) -> Option<u64> {
        self.lock().held
    }

    /// Notes which bundle the partner holds; 0 if it does not say.
    pub fn set_held(&self, held: u64) {
        self.lock().held = Some(held).filter(|held| *held > 0);
    }

    /// The most persons that, as the partner says, decisions of this organisation took before.
    pub fn persons_needed(&self) -> u32 {
        self.lock().persons_needed
    }

    /// Sets how many persons that are, as the partner says.
    pub fn set_persons_needed(&self, needed: u32) {
        self.lock().persons_needed = needed;
    }

    /// Whether the bundles between these two were not handed over yet in this run of the node.
    pub fn is_news(&self, held: u64, newest: u64) -> bool {
        self.lock().handed_over != Some((held, newest))
    }

    /// Notes that these bundles were handed over.
    pub fn handed_over(&self, held: u64, newest: u64) {
        self.lock().handed_over = Some((held, newest));
    }

    /// The bundle of another organisation up to which the partner was handed everything in this run of the node.
    pub fn passed_up_to(&self, of: &TrustDomain) -> u64 {
        self.lock().passed_on.get(of).copied().unwrap_or_default()
    }

    /// Notes that the partner was handed everything up to that bundle.
    pub fn set_passed(&self, of: &TrustDomain, newest: u64) {
        self.lock().passed_on.insert(of.clone(), newest);
    }

    /// Notes that the partner was handed that one bundle alone.
    pub fn passed_next(&self, of: &TrustDomain, newest: u64) {
        if self.passed_up_to(of).checked_add(1) == Some(newest) {
            self.set_passed(of, newest);
        }
    }

    /// Counts one more bundle that the partner hands over. `false`: the bundle must wait.
    pub fn allows(&self, now: Time) -> bool {
        self.lock().pace.allows_of(MOST_BUNDLES, now)
    }
}
