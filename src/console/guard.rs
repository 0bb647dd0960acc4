//! What every request passes before a page sees it, and what every answer gets on its way out.
//!
//! A request must name this console as its host, so that a name of somebody else that resolves to this address gets nothing. A request that
//! changes something must come from one of the console's own pages.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{hosts::Hosts, site::Console};

/// What pages may load and do: only what comes from this node.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'";
/// What pages need of the browser's devices: nothing.
const PERMISSIONS_POLICY: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), display-capture=()";

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// Refuses what does not come from this console's own pages, and adds the headers.
pub async fn guard(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let refusal = refusal(&console.hosts, request.method(), request.uri().authority(), request.headers());
    let is_asset = request.uri().path().starts_with("/assets/");
    let mut answer = match refusal {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // Pages are never kept by a browser or a proxy. Assets have their hash in their name.
    let cached =
        if is_asset && answer.status().is_success() { "public, max-age=31536000, immutable" } else { "no-store" };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cached));
    if console.hosts.is_secure() {
        let value = HeaderValue::from_static("max-age=31536000");
        answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    answer
}

/// Why a request is refused. HTTP/2 names the host in the request's address, HTTP/1.1 in a header.
fn refusal(hosts: &Hosts, method: &Method, authority: Option<&Authority>, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).or(authority.map(Authority::as_str)).unwrap_or_default();
    if !hosts.include(host) {
        return Some("This console is not served under that name.\n");
    }
    if method == Method::GET || method == Method::HEAD {
        return None;
    }
    let is_same = |origin: &str| origin == format!("{}://{host}", hosts.scheme());
    let is_own = match (text(header::ORIGIN), text(HeaderName::from_static("sec-fetch-site"))) {
        (Some(origin), None) => is_same(origin),
        // Pages send no referrer, so browsers say that a form has no origin.
        (Some(origin), Some(site)) => (origin == "null" || is_same(origin)) && site == "same-origin",
        (None, Some(site)) => site == "same-origin",
        (None, None) => false,
    };
    (!is_own).then_some("This request does not come from a page of this console.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(hosts: &Hosts, method: Method, headers: &[(&'static str, &str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        refusal(hosts, &method, None, &headers.collect()).is_some()
    }

    #[test]
    fn only_names_of_this_console_are_served() {
        let loopback = Hosts::on_loopback("127.0.0.1:7445".to_owned(), 7445);
        for host in ["127.0.0.1:7445", "localhost:7445", "alice.gb.localhost:7445", "[::1]:7445", "LOCALHOST:7445"] {
            assert!(!refused(&loopback, Method::GET, &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example:7445",
            "localhost",
            "localhost:1",
            "localhost.evil.example:7445",
            "xlocalhost:7445",
            "",
            "a b",
        ] {
            assert!(refused(&loopback, Method::GET, &[("host", host)]), "{host}");
        }
        let named = Hosts::over_tls("warn.gb.example".to_owned());
        assert!(!refused(&named, Method::GET, &[("host", "warn.gb.example")]));
        assert!(refused(&named, Method::GET, &[("host", "localhost")]));
        assert!(refused(&named, Method::GET, &[]));
    }

    #[test]
    fn changes_come_from_own_pages_only() {
        let hosts = Hosts::over_tls("warn.gb.example".to_owned());
        let with = |more: &[(&'static str, &'static str)]| {
            let all: Vec<_> = [("host", "warn.gb.example")].iter().chain(more).copied().collect();
            refused(&hosts, Method::POST, &all)
        };
        assert!(!with(&[("origin", "https://warn.gb.example"), ("sec-fetch-site", "same-origin")]));
        assert!(!with(&[("origin", "https://warn.gb.example")]));
        assert!(!with(&[("sec-fetch-site", "same-origin")]));
        assert!(!with(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), "as Chromium sends it");
        for wrong in [
            &[][..],
            &[("origin", "https://evil.example")],
            &[("origin", "http://warn.gb.example")],
            &[("origin", "null")],
            &[("origin", "null"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://warn.gb.example"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(with(wrong), "{wrong:?}");
        }
    }
}
