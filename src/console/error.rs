//! Pages that say what went wrong, and what to do.

use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};

use super::{frame::Frame, reader::Reader};
use crate::domain::fault::{Fault, Reason};

/// Why a page can't be shown.
pub enum PageError {
    /// A use case refuses.
    Fault(Fault),
    /// A form was written for another session, or for one that has ended.
    OldForm,
    /// A form or an address has a mistake that no page of the console makes.
    Malformed,
    /// There is no such page.
    NoPage,
    /// A page could not be written, which only happens if there is no memory for it.
    Unwritten,
}

impl From<Fault> for PageError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<askama::Error> for PageError {
    fn from(_: askama::Error) -> Self {
        Self::Unwritten
    }
}

#[derive(Template)]
#[template(path = "pages/error.html")]
struct ErrorPage<'a> {
    frame: Frame<'a>,
    title: String,
    what: String,
    hint: String,
}

impl PageError {
    /// The page for somebody who may not be signed in.
    pub fn page(self, reader: &Reader) -> Response {
        let texts = reader.texts();
        let status = self.status();
        let (title, what, hint) = match &self {
            Self::Fault(fault) if fault.reason == Reason::NotFound => {
                (texts.say("error-not-found"), fault.to_string(), texts.say("error-not-found-hint"))
            }
            Self::Fault(fault) if fault.reason == Reason::RoleRequired => {
                (texts.say("error-role"), fault.to_string(), texts.say("error-role-hint"))
            }
            Self::Fault(fault) if is_of_the_node(fault.reason) => {
                (texts.say("error-node"), fault.to_string(), texts.say("error-node-hint"))
            }
            Self::Fault(fault) => (texts.say("error-refused"), fault.to_string(), texts.say("error-refused-hint")),
            Self::OldForm => (texts.say("error-old-form"), String::new(), texts.say("error-old-form-hint")),
            Self::Malformed => (texts.say("error-malformed"), String::new(), texts.say("error-not-found-hint")),
            Self::NoPage => (texts.say("error-no-page"), String::new(), texts.say("error-not-found-hint")),
            Self::Unwritten => (texts.say("error-node"), String::new(), texts.say("error-node-hint")),
        };
        let page = ErrorPage { frame: Frame::of_reader(reader), title, what, hint };
        match page.render() {
            Ok(page) => (status, Html(page)).into_response(),
            Err(_) => status.into_response(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Fault(fault) => match fault.reason {
                Reason::NotFound => StatusCode::NOT_FOUND,
                Reason::RoleRequired | Reason::SecondPersonRequired => StatusCode::FORBIDDEN,
                Reason::LimitExceeded => StatusCode::TOO_MANY_REQUESTS,
                reason if is_of_the_node(reason) => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            },
            Self::OldForm => StatusCode::CONFLICT,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::NoPage => StatusCode::NOT_FOUND,
            Self::Unwritten => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The answer to a request: the page, or a page that says why it can't be shown.
pub fn respond(reader: &Reader, page: Result<String, PageError>) -> Response {
    match page {
        Ok(page) => Html(page).into_response(),
        Err(error) => error.page(reader),
    }
}

/// Whether the reason is the node's state, and not what the reader asked for.
fn is_of_the_node(reason: Reason) -> bool {
    use Reason::{BehindWitnesses, Internal, ListLapsed, StoreCorrupt, StoreFull, Unavailable};
    matches!(reason, BehindWitnesses | Internal | ListLapsed | StoreCorrupt | StoreFull | Unavailable)
}
