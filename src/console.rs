//! The web console: pages for the organisation's own people. They call the same use cases as the desk, with the same checks of roles.
//!
//! Pages are HTML that the node renders. Reading, filtering and answering need no script.

mod assets;
mod error;
mod frame;
mod guard;
mod hosts;
mod moment;
mod opened;
mod pages;
mod reader;
mod session;
mod site;
mod texts;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    middleware::from_fn_with_state,
    response::Response,
    routing::{get, post},
};

pub use hosts::Hosts;

use self::{assets::Assets, error::PageError, reader::Reader, site::Console, texts::Catalogue};
use crate::node::Node;

/// The most bytes of a form.
const FORM_BYTES: usize = 1 << 20;

/// The console of a node, reached under these names.
pub fn routes(node: Arc<Node>, hosts: Hosts) -> Router {
    let cookie = session::cookie_name(node.domain().as_str(), hosts.is_secure());
    let console = Arc::new(Console { node, hosts, cookie, assets: Assets::new(), catalogue: Catalogue::new() });
    Router::new()
        .route("/", get(pages::today::show))
        .route("/assessments", get(pages::assessments::list))
        .route("/assessments/{id}", get(pages::assessment::show))
        .route("/assessments/{id}/acknowledge", post(pages::assessment::acknowledge))
        .route("/sessions", get(pages::sessions::list))
        .route("/sessions/{id}/end", post(pages::sessions::end))
        .route("/sign-in", get(pages::sign_in::show).post(pages::sign_in::open))
        .route("/sign-out", post(pages::sessions::sign_out))
        .route("/assets/{name}", get(asset))
        .fallback(no_page)
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(from_fn_with_state(console.clone(), guard::guard))
        .with_state(console)
}

async fn asset(State(console): State<Arc<Console>>, Path(name): Path<String>) -> Response {
    console.assets.answer(&name)
}

async fn no_page(reader: Reader) -> Response {
    PageError::NoPage.page(&reader)
}
