//! Sessions in a browser: who signed in, when a session ends, and the one-time links that open them.

use serde::{Deserialize, Serialize};

use super::{
    ids::{SessionId, Sha256, SpiffeId},
    time::Time,
};

/// After how many seconds a link that was not used opens nothing any more.
pub const LINK_SECONDS: i64 = 5 * 60;
/// A session notes at most once in this many seconds that it is in use, so that reading a page seldom writes to the store.
const SEEN_EVERY: i64 = 60;

/// How long sessions last, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request.
    pub idle_seconds: u32,
    /// From the sign-in on, however much the session is used.
    pub longest_seconds: u32,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle_seconds: 15 * 60, longest_seconds: 12 * 3600 }
    }
}

/// A link that opens one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInLink {
    /// Who signs in with it.
    pub who: SpiffeId,
    /// The TLS certificate of the person who asked for it. Sessions end with it.
    pub certificate: Sha256,
    /// When it was made.
    pub made_at: Time,
}

impl SignInLink {
    /// When it opens nothing any more.
    pub fn expires_at(&self) -> Time {
        self.made_at.plus_seconds(LINK_SECONDS)
    }

    /// Whether it still opens a session. The clock may have been set back since it was made.
    pub fn is_valid(&self, now: Time) -> bool {
        self.made_at <= now && now < self.expires_at()
    }
}

/// A session of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrowserSession {
    /// Its id, which the ledger names.
    pub id: SessionId,
    /// Whose it is.
    pub who: SpiffeId,
    /// The TLS certificate that it rests on.
    pub certificate: Sha256,
    /// When the person signed in.
    pub opened_at: Time,
    /// When it was last used, to the minute.
    pub seen_at: Time,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionEnd {
    /// The person signed out.
    SignedOut,
    /// The person ended it from another session or from the command line.
    EndedElsewhere,
    /// Nobody used it.
    Idle,
    /// It lasted as long as a session may.
    TooLong,
    /// The person's certificate was revoked, has expired, or is not registered any more.
    Certificate,
}

impl BrowserSession {
    /// Why it is over now, if it is. A session that begins in the future is over: the clock was set back, and nobody can tell how long it lasted.
    pub fn ended(&self, now: Time, limits: &SessionLimits) -> Option<SessionEnd> {
        let until = |from: Time, seconds: u32| from.plus_seconds(i64::from(seconds));
        if now < self.opened_at || now >= until(self.opened_at, limits.longest_seconds) {
            return Some(SessionEnd::TooLong);
        }
        (now >= until(self.seen_at, limits.idle_seconds)).then_some(SessionEnd::Idle)
    }

    /// The session as it is after a request at this time, if the store needs to know.
    pub fn seen(&self, now: Time) -> Option<Self> {
        (now >= self.seen_at.plus_seconds(SEEN_EVERY)).then(|| Self { seen_at: now, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_unix_nanos(0).plus_seconds(1_000_000 + seconds)
    }

    fn session() -> BrowserSession {
        BrowserSession {
            id: SessionId([1; 16]),
            who: "spiffe://gb.example/analyst/alice".parse().unwrap(),
            certificate: Sha256([2; 32]),
            opened_at: at(0),
            seen_at: at(0),
        }
    }

    #[test]
    fn a_session_ends_idle_or_after_its_longest_time() {
        let limits = SessionLimits { idle_seconds: 900, longest_seconds: 43_200 };
        let session = session();
        assert_eq!(session.ended(at(0), &limits), None);
        assert_eq!(session.ended(at(899), &limits), None);
        assert_eq!(session.ended(at(900), &limits), Some(SessionEnd::Idle));
        let used = BrowserSession { seen_at: at(43_100), ..session.clone() };
        assert_eq!(used.ended(at(43_199), &limits), None);
        assert_eq!(used.ended(at(43_200), &limits), Some(SessionEnd::TooLong));
        assert_eq!(session.ended(at(-1), &limits), Some(SessionEnd::TooLong), "the clock was set back");
    }

    #[test]
    fn use_is_noted_once_a_minute() {
        let session = session();
        assert_eq!(session.seen(at(59)), None);
        assert_eq!(session.seen(at(60)).unwrap().seen_at, at(60));
    }

    #[test]
    fn a_link_is_valid_for_five_minutes() {
        let link = SignInLink { who: session().who, certificate: Sha256([2; 32]), made_at: at(0) };
        assert!(link.is_valid(at(0)) && link.is_valid(at(299)));
        assert!(!link.is_valid(at(300)) && !link.is_valid(at(-1)));
    }
}
