//! Limits how many connections each peer may have.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The number of connections of each peer, by name. A second process would have its own, for its own connections.
#[derive(Debug, Default)]
pub(super) struct ConnectionSlots(Mutex<HashMap<String, u32>>);

/// The slot of one connection. It becomes free when this value is dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    slots: Arc<ConnectionSlots>,
    name: String,
}

impl ConnectionSlots {
    /// Takes a slot for `name`. `None` if all `limit` slots are taken.
    pub(super) fn take(self: &Arc<Self>, name: String, limit: u32) -> Option<ConnectionSlot> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(name.clone()).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(ConnectionSlot { slots: self.clone(), name })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut taken = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_is_freed_can_be_taken_again() {
        let slots = Arc::new(ConnectionSlots::default());
        let first = slots.take("a".to_owned(), 2).unwrap();
        let _second = slots.take("a".to_owned(), 2).unwrap();
        assert!(slots.take("a".to_owned(), 2).is_none());
        assert!(slots.take("b".to_owned(), 2).is_some());
        drop(first);
        assert!(slots.take("a".to_owned(), 2).is_some());
        assert_eq!(slots.0.lock().unwrap().len(), 1, "a peer that left takes no memory");
    }
}
