//! What stops the feed to a partner.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::{fault::Fault, ids::TrustDomain};

/// What stops the feed to a partner at present, in words. It need not survive a restart. A second process would have its own: it is right
/// for the feed of that process.
#[derive(Default)]
pub struct FeedObstacle(Mutex<Option<String>>);

impl FeedObstacle {
    /// Sets why nothing goes out at present; `None` if it does. The log has each reason once.
    pub(in crate::node) fn set_obstacle(&self, partner: &TrustDomain, why: Option<&Fault>) {
        let words = why.map(Fault::with_reason);
        let before = std::mem::replace(&mut *self.lock(), words.clone());
        if let Some(fault) = why.filter(|_| before != words) {
            tracing::error!(%partner, reason = %fault.reason, what = %fault.message, "the feed to the partner has stopped");
        }
    }

    pub(in crate::node) fn problem(&self) -> Option<String> {
        self.lock().clone()
    }

    /// Locks the mutex even if a thread panicked while it held it. Every statement leaves the value in a consistent state.
    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
