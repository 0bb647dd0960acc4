//! The pages, one file for each.

pub mod assessment;
pub mod assessments;
pub mod sessions;
pub mod sign_in;
pub mod today;

use axum::response::{Html, IntoResponse, Response};

use super::{error::PageError, session::Reader};

/// The answer to a request: the page, or a page that says why it can't be shown.
fn respond(reader: &Reader, page: Result<String, PageError>) -> Response {
    match page {
        Ok(page) => Html(page).into_response(),
        Err(error) => error.page(reader),
    }
}
