//! The reader's own sessions, and signing out.

use askama::Template;
use axum::{
    extract::{Form, Path},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    console::{
        error::{PageError, respond},
        frame::Frame,
        moment::Moment,
        session::{Visitor, drop_cookie},
    },
    domain::ids::SessionId,
};

/// A form that has nothing but the session's token.
#[derive(Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

struct Row {
    id: String,
    is_this: bool,
    opened: Moment,
    seen: Moment,
}

#[derive(Template)]
#[template(path = "pages/sessions.html")]
struct SessionsPage<'a> {
    frame: Frame<'a>,
    rows: Vec<Row>,
    form_token: String,
}

/// The list.
pub async fn list(visitor: Visitor) -> Response {
    let page = async {
        let console = visitor.console();
        let (t, now) = (visitor.reader.texts(), console.node.now());
        let all = console.node.browser_sessions.of_person(&visitor.actor).await?;
        let row = |session: crate::domain::browser_session::BrowserSession| Row {
            id: session.id.to_string(),
            is_this: session.id == visitor.session.id,
            opened: Moment::new(t, session.opened_at, now),
            seen: Moment::new(t, session.seen_at, now),
        };
        let rows = all.into_iter().map(row).collect();
        let frame = visitor.frame("/sessions");
        Ok(SessionsPage { frame, rows, form_token: visitor.form_token() }.render()?)
    };
    respond(&visitor.reader, page.await)
}

/// Ends one.
pub async fn end(visitor: Visitor, Path(id): Path<String>, Form(Token { token }): Form<Token>) -> Response {
    let ended = async {
        visitor.check_form(&token)?;
        let id: SessionId = id.parse().map_err(|_| PageError::Malformed)?;
        visitor.console().node.browser_sessions.end_one(&visitor.actor, &id).await?;
        Ok(id)
    };
    match ended.await {
        Ok(id) if id == visitor.session.id => signed_out(&visitor),
        Ok(_) => Redirect::to("/sessions").into_response(),
        Err(error) => respond(&visitor.reader, Err(error)),
    }
}

/// Ends the session of the request.
pub async fn sign_out(visitor: Visitor, Form(Token { token }): Form<Token>) -> Response {
    let ended = async {
        visitor.check_form(&token)?;
        let id = visitor.session.id;
        visitor.console().node.browser_sessions.end_one(&visitor.actor, &id).await?;
        Ok::<_, PageError>(())
    };
    match ended.await {
        Ok(()) => signed_out(&visitor),
        Err(error) => respond(&visitor.reader, Err(error)),
    }
}

fn signed_out(visitor: &Visitor) -> Response {
    ([(header::SET_COOKIE, drop_cookie(visitor.console()))], Redirect::to("/sign-in")).into_response()
}
