//! What is worth a line in the log, once a minute for each peer and reason: whoever knocks a thousand times a second must not
//! fill the disk with it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long the same is not said again.
const QUIET: Duration = Duration::from_secs(60);
/// How many are told apart. Whoever comes beyond that is counted with all others that do.
const MOST: usize = 64;

/// Which lines there were.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<HashMap<(String, String), Said>>);

#[derive(Debug)]
struct Said {
    at: Instant,
    /// How often it happened since.
    since: u64,
}

impl Notes {
    /// Whether to say it now, and how often it happened unsaid since it was said last.
    pub fn say(&self, who: &str, what: &str, now: Instant) -> Option<u64> {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut name = (who.to_owned(), what.to_owned());
        if notes.len() >= MOST && !notes.contains_key(&name) {
            notes.retain(|_, said| now.duration_since(said.at) < QUIET);
            if notes.len() >= MOST {
                name = ("others".to_owned(), String::new());
            }
        }
        match notes.get_mut(&name) {
            Some(said) if now.duration_since(said.at) < QUIET => {
                said.since += 1;
                None
            }
            Some(said) => {
                let before = said.since;
                *said = Said { at: now, since: 0 };
                Some(before)
            }
            None => {
                notes.insert(name, Said { at: now, since: 0 });
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once_a_minute_with_how_often_it_was_not() {
        let (notes, now) = (Notes::default(), Instant::now());
        assert_eq!(notes.say("a", "expired", now), Some(0));
        assert!((0..10).all(|_| notes.say("a", "expired", now).is_none()));
        assert_eq!((notes.say("a", "revoked", now), notes.say("b", "expired", now)), (Some(0), Some(0)));
        assert_eq!(notes.say("a", "expired", now + QUIET), Some(10));
    }

    #[test]
    fn who_invents_names_takes_no_more_memory_than_there_is_room_for() {
        let (notes, now) = (Notes::default(), Instant::now());
        let said = (0..10 * MOST).filter(|n| notes.say(&n.to_string(), "expired", now).is_some()).count();
        assert_eq!(said, MOST + 1);
        assert!(notes.0.lock().unwrap().len() <= MOST + 1);
        assert_eq!(notes.say("later", "expired", now + QUIET), Some(0));
        assert_eq!(notes.0.lock().unwrap().len(), 1);
    }
}
