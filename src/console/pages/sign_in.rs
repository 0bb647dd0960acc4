//! Signing in with a one-time link. Opening the link uses nothing up, because programs that check mails open links, too. Only the button does.

use askama::Template;
use axum::{
    extract::{Form, Query},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    console::{
        error::{PageError, respond},
        frame::Frame,
        reader::Reader,
        session::set_cookie,
    },
    domain::fault::Fault,
    node::browser_sessions::Secret,
};

/// The link's secret.
#[derive(Deserialize)]
pub struct Link {
    #[serde(default)]
    link: String,
}

/// What is known of a link.
enum Found {
    /// No link was opened.
    None,
    /// It opens nothing.
    Invalid,
    /// It signs this person in.
    Valid { link: String, name: String },
}

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    found: Found,
}

/// The page with the button.
pub async fn show(reader: Reader, Query(Link { link }): Query<Link>) -> Response {
    let page = async {
        let found = match link.parse::<Secret>() {
            _ if link.is_empty() => Found::None,
            Err(()) => Found::Invalid,
            Ok(secret) => match reader.console.node.browser_sessions.of_link(&secret).await? {
                None => Found::Invalid,
                Some(who) => Found::Valid { link, name: format!("{} ({})", who.name(), who.role()) },
            },
        };
        Ok(SignInPage { frame: Frame::of_reader(&reader), found }.render()?)
    };
    respond(&reader, page.await)
}

/// Opens a session and leads to the first page.
pub async fn open(reader: Reader, Form(Link { link }): Form<Link>) -> Response {
    let opened = match link.parse::<Secret>() {
        Ok(secret) => reader.console.node.browser_sessions.open(&secret).await,
        Err(()) => Ok(None),
    };
    match opened {
        Ok(Some((secret, _))) => {
            let cookie = set_cookie(&reader.console, &secret);
            ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        Ok(None) => {
            let page = SignInPage { frame: Frame::of_reader(&reader), found: Found::Invalid }.render();
            respond(&reader, page.map_err(PageError::from))
        }
        Err(fault) => respond(&reader, Err(Fault::into(fault))),
    }
}
