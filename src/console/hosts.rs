//! The names under which browsers reach the console.

use axum::http::uri::Authority;

/// Under which names browsers reach the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// `http` or `https`.
    scheme: &'static str,
    /// The host name, with its port if it has one.
    name: String,
    /// The port of a listener on a loopback address, where each name below `localhost` is this machine.
    loopback_port: Option<u16>,
}

impl Hosts {
    /// A console without TLS on a loopback address.
    pub fn on_loopback(address: String, port: u16) -> Self {
        Self { scheme: "http", name: address, loopback_port: Some(port) }
    }

    /// A console over TLS under one name.
    pub fn over_tls(name: String) -> Self {
        Self { scheme: "https", name, loopback_port: None }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The address that links begin with.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.name)
    }

    /// Whether cookies are only sent over TLS.
    pub fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether a request for this host is one for this console.
    pub fn include(&self, host: &str) -> bool {
        if host.eq_ignore_ascii_case(&self.name) {
            return true;
        }
        let Some(port) = self.loopback_port else { return false };
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host().to_ascii_lowercase();
        let is_this_machine =
            matches!(name.as_str(), "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost");
        is_this_machine && authority.port_u16().unwrap_or(80) == port
    }
}
