//! What a partner's hellos have told of bundles, since this node's start.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::super::pace::Pace;
use crate::domain::{ids::TrustDomain, time::Time};

/// How many bundles a partner may hand over in an hour.
const MOST_BUNDLES: u32 = 120;

/// One partner's words.
#[derive(Default)]
pub(in crate::node) struct Told(Mutex<Words>);

#[derive(Default)]
struct Words {
    held: Option<u64>,
    /// The most persons that it knows decisions here to take.
    persons_needed: u32,
    handed_over: Option<(u64, u64)>,
    /// Up to which bundle of others it was handed what it may lack.
    passed_on: HashMap<TrustDomain, u64>,
    pace: Pace,
}

impl Told {
    fn lock(&self) -> MutexGuard<'_, Words> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of this organisation's bundle that it holds.
    pub fn held(&self) -> Option<u64> {
        self.lock().held
    }

    /// It holds that one; 0 where it does not say.
    pub fn set_held(&self, held: u64) {
        self.lock().held = Some(held).filter(|held| *held > 0);
    }

    /// The most persons that, as it says, decisions of this organisation took before.
    pub fn persons_needed(&self) -> u32 {
        self.lock().persons_needed
    }

    /// It says so many.
    pub fn set_persons_needed(&self, needed: u32) {
        self.lock().persons_needed = needed;
    }

    /// Whether what leads from the one to the other was not handed over yet in this run of the node.
    pub fn is_news(&self, held: u64, newest: u64) -> bool {
        self.lock().handed_over != Some((held, newest))
    }

    /// It was handed over.
    pub fn handed_over(&self, held: u64, newest: u64) {
        self.lock().handed_over = Some((held, newest));
    }

    /// Up to which bundle of another organisation it was handed everything in this run of the node.
    pub fn passed_up_to(&self, of: &TrustDomain) -> u64 {
        self.lock().passed_on.get(of).copied().unwrap_or_default()
    }

    /// It was handed everything up to that one.
    pub fn set_passed(&self, of: &TrustDomain, newest: u64) {
        self.lock().passed_on.insert(of.clone(), newest);
    }

    /// It was handed that one alone.
    pub fn passed_next(&self, of: &TrustDomain, newest: u64) {
        if self.passed_up_to(of).checked_add(1) == Some(newest) {
            self.set_passed(of, newest);
        }
    }

    /// Counts one more bundle that it hands over; `false`: it must wait.
    pub fn allows(&self, now: Time) -> bool {
        self.lock().pace.allows_of(MOST_BUNDLES, now)
    }
}
