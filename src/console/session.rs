//! Whoever is signed in: the session of a request, and the cookie that carries it.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    error::PageError,
    frame::{Frame, Link, Person},
    reader::Reader,
    site::Console,
};
use crate::{
    domain::{
        actor::{Actor, Authorized, Permission},
        browser_session::BrowserSession,
        fault::Fault,
        ids::Role,
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

    /// The frame of a page. `here` is the path of the navigation's link that the page belongs to.
    pub fn frame(&self, here: &str) -> Frame<'_> {
        let frame = Frame::of_reader(&self.reader);
        let (t, role) = (frame.t, self.actor.role());
        let link = |path: &'static str, text: String| Link { path, text, is_here: path == here };
        let mut links = vec![link("/", t.say("nav-today"))];
        if matches!(role, Role::Analyst | Role::Officer) {
            links.push(link("/assessments", t.say("nav-assessments")));
        }
        links.push(link("/sessions", t.say("nav-sessions")));
        let role = match role {
            Role::Analyst => t.say("role-analyst"),
            Role::Officer => t.say("role-officer"),
            Role::Admin => t.say("role-admin"),
            Role::Node | Role::Service => t.say("role-other"),
        };
        let person = Person { name: self.actor.id().name().to_owned(), role, form_token: self.form_token() };
        Frame { links, person: Some(person), ..frame }
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
