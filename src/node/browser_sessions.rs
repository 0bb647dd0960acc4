//! Signing in with a browser: one-time links, the sessions that they open, and when a session is over.
//!
//! Whoever has the secret of a link or a session is taken for its person, so the store keeps only the secret's hash. A session rests on the TLS
//! certificate with which the person asked for the link. It is over as soon as that certificate is.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use crate::{
    domain::{
        actor::{Actor, SignIn},
        browser_session::{BrowserSession, SessionEnd, SessionLimits, SignInLink},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Role, SessionId, Sha256, SpiffeId},
        time::{Clock, Time},
    },
    node::{own_identity::OwnIdentity, people::People, revocations::RevocationLists},
    seal::{hash::sha256, random},
    store::{Store, StoreError, browser_sessions::StoredSession},
};

/// Over how many seconds refused sign-ins are counted before the ledger gets an entry.
const COUNTED_SECONDS: i64 = 60;

/// The secret of a link or a session: 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    fn new() -> Result<Self, Fault> {
        random::bytes().map(Self).map_err(|e| Fault::new(Reason::Unavailable, e.to_string()))
    }

    /// The hash by which the store finds it.
    fn token(&self) -> Sha256 {
        Sha256(sha256(&[&self.0]))
    }

    /// A value that only the same browser can know, for the forms of its pages. The secret does not follow from it.
    pub fn form_token(&self) -> String {
        hex::encode(sha256(&[b"watchfire form\0", &self.0]))
    }

    /// The secret as text, for a link or a cookie.
    pub fn expose(&self) -> String {
        hex::encode(self.0)
    }
}

impl FromStr for Secret {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map(|()| Self(bytes)).map_err(|_| ())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A link that was made.
pub struct MadeLink {
    /// The address to open in a browser.
    pub url: String,
    /// When it opens nothing any more.
    pub expires_at: Time,
}

/// A person who is signed in with a browser.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person, as use cases know them.
    pub actor: Actor,
    /// The session.
    pub session: BrowserSession,
}

/// Opens sessions, checks them, and ends them.
pub struct BrowserSessions {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) people: Arc<People>,
    pub(crate) revocations: Arc<RevocationLists>,
    pub(crate) limits: SessionLimits,
    /// Where browsers reach the console, such as `http://127.0.0.1:7445`. `None`: it is not served.
    pub(crate) origin: Option<String>,
    pub(crate) refused: RefusedSignIns,
}

/// Sign-ins that were refused and are not in the ledger yet. A second process would have its own, and write entries of its own.
#[derive(Default)]
pub struct RefusedSignIns {
    count: AtomicU64,
    /// When the last entry was written, in seconds since 1970.
    written_at: AtomicI64,
}

impl BrowserSessions {
    /// Makes a link with which the caller can sign in once. The caller's earlier links open nothing any more.
    ///
    /// # Errors
    /// `UNAVAILABLE` where the console is not served; `ROLE_REQUIRED` for nodes, services, and those without a registered TLS certificate; store
    /// faults.
    pub async fn make_link(&self, actor: &Actor, certificate: Sha256) -> Result<MadeLink, Fault> {
        let Some(origin) = &self.origin else {
            let what = "this node serves no console; set `[listen] console` in watchfire.toml and start the node again";
            return Err(Fault::new(Reason::Unavailable, what));
        };
        if matches!(actor.role(), Role::Node | Role::Service) {
            return Err(Fault::new(Reason::RoleRequired, "only a person signs in with a browser"));
        }
        if !self.people.has_valid_certificate(actor.id(), &certificate) {
            let what = "your certificate is not registered, so no session can rest on it";
            return Err(Fault::new(Reason::RoleRequired, what));
        }
        let (secret, now) = (Secret::new()?, self.clock.now());
        let link = SignInLink { who: actor.id().clone(), certificate, made_at: now };
        let event = Event::by(actor, now, Deed::SignInLinkMade { person: actor.id().clone() });
        let (url, expires_at) = (format!("{origin}/sign-in?link={}", secret.expose()), link.expires_at());
        self.store.keep_link(&secret.token(), link, event).await?;
        Ok(MadeLink { url, expires_at })
    }

    /// Who signs in with a link, if it is valid. The link stays as it is, because programs that look at links in mails open them, too.
    ///
    /// # Errors
    /// Store faults.
    pub async fn of_link(&self, link: &Secret) -> Result<Option<SpiffeId>, Fault> {
        Ok(self.valid_link(link).await?.map(|link| link.who))
    }

    async fn valid_link(&self, link: &Secret) -> Result<Option<SignInLink>, Fault> {
        let found = self.store.link(&link.token()).await;
        let found = if let Err(StoreError::Damaged(_)) = found { None } else { found? };
        let valid = |link: &SignInLink| {
            link.is_valid(self.clock.now()) && self.people.has_valid_certificate(&link.who, &link.certificate)
        };
        Ok(found.filter(valid))
    }

    /// Opens a session with a link, and uses the link up. `None` if the link is not valid.
    ///
    /// # Errors
    /// `LIST_LAPSED`; store faults.
    pub async fn open(&self, link: &Secret) -> Result<Option<(Secret, SignedIn)>, Fault> {
        self.require_lists()?;
        let Some(SignInLink { who, certificate, .. }) = self.valid_link(link).await? else {
            self.note_refusal().await;
            return Ok(None);
        };
        let id = SessionId(random::bytes().map_err(|e| Fault::new(Reason::Unavailable, e.to_string()))?);
        let (secret, now) = (Secret::new()?, self.clock.now());
        let actor = Actor::new(who.clone(), SignIn::Session(id), self.identity.domain())?;
        let session = BrowserSession { id, who, certificate, opened_at: now, seen_at: now };
        let stored = StoredSession { token: secret.token(), session: session.clone() };
        let event = Event::by(&actor, now, Deed::SessionOpened { session: id });
        if !self.store.open_session(&link.token(), stored, event).await? {
            self.note_refusal().await;
            return Ok(None);
        }
        self.sweep(now).await;
        Ok(Some((secret, SignedIn { actor, session })))
    }

    /// Who is signed in with this secret. `None` if the session is over or was never there. With `is_use`, the session counts as used now.
    ///
    /// # Errors
    /// `LIST_LAPSED`; store faults.
    pub async fn signed_in(&self, secret: &Secret, is_use: bool) -> Result<Option<SignedIn>, Fault> {
        self.require_lists()?;
        let token = secret.token();
        let session = match self.store.session(&token).await {
            Ok(Some(session)) => session,
            // Whoever comes with a session that can't be read signs in again.
            Ok(None) | Err(StoreError::Damaged(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let now = self.clock.now();
        if let Some(because) = self.why_over(&session, now) {
            self.end(&token, &session, because).await?;
            return Ok(None);
        }
        let actor = Actor::new(session.who.clone(), SignIn::Session(session.id), self.identity.domain())?;
        if is_use && let Some(session) = session.seen(now) {
            // Reading goes on if nothing can be written. The session ends earlier then.
            if let Err(error) = self.store.change_session(StoredSession { token, session }).await {
                tracing::warn!(%error, "the use of a session could not be noted");
            }
        }
        Ok(Some(SignedIn { actor, session }))
    }

    fn why_over(&self, session: &BrowserSession, now: Time) -> Option<SessionEnd> {
        let stands = self.people.has_valid_certificate(&session.who, &session.certificate);
        (!stands).then_some(SessionEnd::Certificate).or_else(|| session.ended(now, &self.limits))
    }

    /// The caller's sessions that are not over, the latest used first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn of_person(&self, actor: &Actor) -> Result<Vec<BrowserSession>, Fault> {
        let now = self.clock.now();
        let all = self.store.sessions(Some(actor.id())).await?.into_iter().map(|stored| stored.session);
        Ok(all.filter(|session| self.why_over(session, now).is_none()).collect())
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// `NOT_FOUND`; store faults.
    pub async fn end_one(&self, actor: &Actor, id: &SessionId) -> Result<(), Fault> {
        let all = self.store.sessions(Some(actor.id())).await?;
        let Some(StoredSession { token, session }) = all.into_iter().find(|stored| stored.session.id == *id) else {
            return Err(Fault::new(Reason::NotFound, format!("you have no session `{id}`")));
        };
        let is_own = actor.signed_in() == SignIn::Session(*id);
        let because = if is_own { SessionEnd::SignedOut } else { SessionEnd::EndedElsewhere };
        let deed = Deed::SessionEnded { session: session.id, because };
        self.store.end_session(&token, Event::by(actor, self.clock.now(), deed)).await?;
        Ok(())
    }

    async fn end(&self, token: &Sha256, session: &BrowserSession, because: SessionEnd) -> Result<(), Fault> {
        let actor = Actor::new(session.who.clone(), SignIn::Session(session.id), self.identity.domain())?;
        let deed = Deed::SessionEnded { session: session.id, because };
        let ended = self.store.end_session(token, Event::by(&actor, self.clock.now(), deed)).await;
        // On a full disk it stays in the store, and is refused again the next time.
        if let Err(error) = ended {
            tracing::warn!(%error, "the end of a session could not be recorded");
        }
        Ok(())
    }

    /// Ends the sessions that are over and that nobody has come back to.
    async fn sweep(&self, now: Time) {
        let all = self.store.sessions(None).await.unwrap_or_default();
        for StoredSession { token, session } in all {
            if let Some(because) = self.why_over(&session, now) {
                _ = self.end(&token, &session, because).await;
            }
        }
    }

    /// Nobody signs in while this organisation's own revocation list is past its next update, as on the desk.
    fn require_lists(&self) -> Result<(), Fault> {
        match self.revocations.own_lapse() {
            Some(lapse) => Err(self.revocations.own_lapse_refusal(&lapse)),
            None => Ok(()),
        }
    }

    /// Counts a refused sign-in. The ledger gets one entry in a minute, so that guessing does not fill it.
    async fn note_refusal(&self) {
        let now = self.clock.now();
        let seconds = now.parts().0;
        self.refused.count.fetch_add(1, Ordering::Relaxed);
        let written = self.refused.written_at.load(Ordering::Relaxed);
        if (written..written.saturating_add(COUNTED_SECONDS)).contains(&seconds) {
            return;
        }
        self.refused.written_at.store(seconds, Ordering::Relaxed);
        let count = self.refused.count.swap(0, Ordering::Relaxed);
        if let Err(error) = self.store.record(vec![Event::of_node(now, Deed::SignInRefused { count })]).await {
            tracing::warn!(%error, "a refused sign-in could not be recorded");
            self.refused.count.fetch_add(count, Ordering::Relaxed);
        }
    }
}
