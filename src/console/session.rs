//! Who looks at a page: the session of a request, and the cookie that carries it.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use super::{Console, error::PageError, texts::Texts};
use crate::{
    domain::{
        actor::{Actor, Authorized, Permission},
        browser_session::BrowserSession,
        fault::Fault,
    },
    node::browser_sessions::{Secret, SignedIn},
    seal::hash::sha256,
};

/// How many cookies of the console's name are tried.
const MOST_COOKIES: usize = 4;

/// The name of the session's cookie. Cookies are not separated by port, so two nodes on one address must not share a name.
pub fn cookie_name(organisation: &str, is_secure: bool) -> String {
    let hash = sha256(&[b"watchfire cookie\0", organisation.as_bytes()]);
    let hash = hex::encode(hash.get(..4).unwrap_or(&hash));
    // Browsers take the prefix only over TLS.
    format!("{}wf-{hash}", if is_secure { "__Host-" } else { "" })
}

/// The header that gives a browser the cookie.
pub fn set_cookie(console: &Console, secret: &Secret) -> HeaderValue {
    cookie(console, &secret.expose(), "")
}

/// The header that takes the cookie away.
pub fn drop_cookie(console: &Console) -> HeaderValue {
    cookie(console, "", "; Max-Age=0")
}

fn cookie(console: &Console, value: &str, more: &str) -> HeaderValue {
    let secure = if console.hosts.is_secure() { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}", console.cookie);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// The secrets in the request's cookies.
fn secrets<'a>(console: &'a Console, headers: &'a HeaderMap) -> impl Iterator<Item = Secret> + 'a {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let own = pairs.filter(|(name, _)| *name == console.cookie).take(MOST_COOKIES);
    own.filter_map(|(_, value)| value.parse().ok())
}

/// The reader of a page, whether signed in or not.
pub struct Reader {
    /// The console.
    pub console: Arc<Console>,
    /// The languages that the browser asks for.
    accepted: String,
}

impl Reader {
    /// The texts in the reader's language.
    pub fn texts(&self) -> &Texts {
        self.console.texts(&self.accepted)
    }
}

impl FromRequestParts<Arc<Console>> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Infallible> {
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Self { console: console.clone(), accepted: accepted.unwrap_or_default().to_owned() })
    }
}

/// A reader who is signed in.
pub struct Visitor {
    /// The reader.
    pub reader: Reader,
    /// The person, as use cases know them.
    pub actor: Actor,
    /// The session.
    pub session: BrowserSession,
    secret: Secret,
}

impl Visitor {
    /// The console.
    pub fn console(&self) -> &Arc<Console> {
        &self.reader.console
    }

    /// The value that forms of this session's pages carry.
    pub fn form_token(&self) -> String {
        self.secret.form_token()
    }

    /// Checks that a form comes from a page of this session.
    ///
    /// # Errors
    /// A page that says that the form is too old.
    pub fn check_form(&self, token: &str) -> Result<(), PageError> {
        if token == self.form_token() { Ok(()) } else { Err(PageError::OldForm) }
    }

    /// The person with a permission, if their role has it.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`.
    pub fn authorize<P: Permission>(&self) -> Result<Authorized<P>, Fault> {
        self.actor.authorize()
    }
}

/// Why a request has no visitor.
pub enum NoVisitor {
    /// Nobody is signed in.
    SignIn,
    /// The node can't tell.
    Fault(Box<Reader>, Fault),
}

impl IntoResponse for NoVisitor {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn => Redirect::to("/sign-in").into_response(),
            Self::Fault(reader, fault) => PageError::Fault(fault).page(&reader),
        }
    }
}

impl FromRequestParts<Arc<Console>> for Visitor {
    type Rejection = NoVisitor;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, NoVisitor> {
        let Ok(reader) = Reader::from_request_parts(parts, console).await;
        let secrets: Vec<Secret> = secrets(console, &parts.headers).collect();
        for secret in secrets {
            match console.node.browser_sessions.signed_in(&secret, true).await {
                Ok(Some(SignedIn { actor, session })) => return Ok(Self { reader, actor, session, secret }),
                Ok(None) => {}
                Err(fault) => return Err(NoVisitor::Fault(Box::new(reader), fault)),
            }
        }
        Err(NoVisitor::SignIn)
    }
}
