//! Sessions in a browser, and the one-time links that open them. Both are found by the SHA-256 of a secret that only the browser has.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    browser_session::{BrowserSession, SignInLink},
    event::Event,
    ids::{Sha256, SpiffeId},
};

/// A stored session, and the hash by which it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// SHA-256 of the secret.
    pub token: Sha256,
    /// The session.
    pub session: BrowserSession,
}

/// Sessions and links. Neither persons nor secrets can be read in the file.
#[async_trait]
pub trait BrowserSessionStore: Send + Sync {
    /// Keeps a link. The person's earlier links open nothing any more.
    async fn keep_link(&self, token: &Sha256, link: SignInLink, event: Event) -> Result<()>;
    /// The link with this hash.
    async fn link(&self, token: &Sha256) -> Result<Option<SignInLink>>;
    /// Opens a session, with a link that is used up. `false` if the link is not here any more; nothing changes then.
    async fn open_session(&self, link: &Sha256, opened: StoredSession, event: Event) -> Result<bool>;
    /// The session with this hash.
    async fn session(&self, token: &Sha256) -> Result<Option<BrowserSession>>;
    /// Replaces a session that is still here.
    async fn change_session(&self, changed: StoredSession) -> Result<()>;
    /// All sessions that can be read, or those of one person, the latest used first.
    async fn sessions(&self, of: Option<&SpiffeId>) -> Result<Vec<StoredSession>>;
    /// Ends a session. `false` if it is not here any more; the event is left out then.
    async fn end_session(&self, token: &Sha256, event: Event) -> Result<bool>;
}
