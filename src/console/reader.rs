//! Whoever looks at a page, whether signed in or not.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::{site::Console, texts::Texts};

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
