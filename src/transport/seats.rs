//! How many connections each peer has.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts by name.
#[derive(Debug, Default)]
pub(super) struct Seats(Mutex<HashMap<String, u32>>);

/// One of a peer's places, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    name: String,
}

impl Seats {
    /// A place for `name`, if it has fewer than `limit`.
    pub(super) fn take(self: &Arc<Self>, name: String, limit: u32) -> Option<Seat> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(name.clone()).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), name })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn a_seat_that_is_given_back_can_be_taken_again() {
        let seats = Arc::new(Seats::default());
        let first = seats.take("a".to_owned(), 2).unwrap();
        let _second = seats.take("a".to_owned(), 2).unwrap();
        assert!(seats.take("a".to_owned(), 2).is_none());
        assert!(seats.take("b".to_owned(), 2).is_some());
        drop(first);
        assert!(seats.take("a".to_owned(), 2).is_some());
        assert_eq!(seats.0.lock().unwrap().len(), 1, "a peer that left takes no memory");
    }
}
