//! Writes at most one log line a minute for each peer and reason. A peer that connects a thousand times a second must not fill the disk with log
//! lines.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// For how long a repeated line is left out.
const QUIET: Duration = Duration::from_secs(60);
/// How many pairs of peer and reason are counted separately. Further pairs are counted together.
const MOST: usize = 64;

/// The lines that were written, by peer and reason. A second process would have its own, as it has a log of its own.
#[derive(Debug, Default)]
pub(super) struct LogThrottle(Mutex<HashMap<(String, String), LoggedLine>>);

#[derive(Debug)]
struct LoggedLine {
    at: Instant,
    /// How many lines were left out since then.
    since: u64,
}

impl LogThrottle {
    /// Whether to write the line now. `Some` contains how many such lines were left out since the last one.
    pub fn permit(&self, who: &str, what: &str, now: Instant) -> Option<u64> {
        let mut throttle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut name = (who.to_owned(), what.to_owned());
        if throttle.len() >= MOST && !throttle.contains_key(&name) {
            throttle.retain(|_, logged| now.duration_since(logged.at) < QUIET);
            if throttle.len() >= MOST {
                name = ("others".to_owned(), String::new());
            }
        }
        match throttle.get_mut(&name) {
            Some(logged) if now.duration_since(logged.at) < QUIET => {
                logged.since += 1;
                None
            }
            Some(logged) => {
                let before = logged.since;
                *logged = LoggedLine { at: now, since: 0 };
                Some(before)
            }
            None => {
                throttle.insert(name, LoggedLine { at: now, since: 0 });
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_line_is_written_once_a_minute_with_how_often_it_was_left_out() {
        let (throttle, now) = (LogThrottle::default(), Instant::now());
        assert_eq!(throttle.permit("a", "expired", now), Some(0));
        assert!((0..10).all(|_| throttle.permit("a", "expired", now).is_none()));
        assert_eq!((throttle.permit("a", "revoked", now), throttle.permit("b", "expired", now)), (Some(0), Some(0)));
        assert_eq!(throttle.permit("a", "expired", now + QUIET), Some(10));
    }

    #[test]
    fn who_invents_names_takes_no_more_memory_than_there_is_room_for() {
        let (throttle, now) = (LogThrottle::default(), Instant::now());
        let logged = (0..10 * MOST).filter(|n| throttle.permit(&n.to_string(), "expired", now).is_some()).count();
        assert_eq!(logged, MOST + 1);
        assert!(throttle.0.lock().unwrap().len() <= MOST + 1);
        assert_eq!(throttle.permit("later", "expired", now + QUIET), Some(0));
        assert_eq!(throttle.0.lock().unwrap().len(), 1);
    }
}
