//! The settings of the web console.

use std::path::Path;

use super::{
    files::KeyFiles,
    table::{Table, is_loopback},
};
use crate::domain::browser_session::SessionLimits;

/// Where and how the console is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleConfig {
    /// `host:port` to listen on.
    pub address: String,
    /// The certificate that browsers see, and its key. `None`: no TLS, which is allowed on a loopback address only.
    pub tls: Option<KeyFiles>,
    /// The host name, with a port if it is not the listener's, under which browsers reach the console. `None`: the address.
    pub name: Option<String>,
    /// How long sessions last.
    pub limits: SessionLimits,
}

impl ConsoleConfig {
    /// Takes the settings. `None` if the console is off.
    pub(super) fn take(dir: &Path, table: &mut Table) -> Option<Self> {
        let most = SessionLimits::default();
        let longest = |seconds: u32, unit: u32| seconds / unit;
        let mut number = |key: &str, most: u32, unit: u32| {
            table.number(key, 1, longest(most, unit)).map_or(most, |value| value.saturating_mul(unit))
        };
        let limits = SessionLimits {
            idle_seconds: number("console.idle_minutes", most.idle_seconds, 60),
            longest_seconds: number("console.longest_hours", most.longest_seconds, 3600),
        };
        let files = KeyFiles {
            certificate: dir.join(table.text("console.certificate", "console/tls.pem")),
            key: dir.join(table.text("console.key", "console/tls.key")),
        };
        let name = table.optional::<HostName>("console.name").map(|name| name.0);
        let (address, is_plain) = table.web_address("listen.console")?;
        if is_plain && !is_loopback(&address) {
            table.fault(
                "listen.console",
                "without TLS the console is served on a loopback address only, such as \"http://127.0.0.1:7445\"; leave `http://` out to serve it \
                 over TLS",
            );
        }
        Some(Self { address, tls: (!is_plain).then_some(files), name, limits })
    }
}

/// A host name with an optional port.
struct HostName(String);

impl std::str::FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
        if is_host && port.is_none_or(|port| port.parse::<u16>().is_ok()) {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err("write the host name under which browsers reach the console, such as \"warnings.gb.example\"".to_owned())
    }
}
