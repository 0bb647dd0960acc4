//! Organisations with which this one exchanges.

use serde::Serialize;

use super::{ids::TrustDomain, place::Country, words::words};

words!(
    /// What kind of organisation a partner is.
    PartnerKind, "kind of organisation" {
        /// A state's organ.
        State = "state",
        /// A regional organisation.
        Regional = "regional",
        /// An international organisation.
        International = "international",
        /// A non-governmental organisation.
        Ngo = "ngo",
    }
);

words!(
    /// Whether anything is exchanged with a partner.
    PartnerState, "state of a partner" {
        /// Yes, as agreements permit.
        Active = "active",
        /// Nothing, until it is resumed.
        Suspended = "suspended",
        /// Nothing; its bundle is held, so that what it has signed can be verified where partners pass it on.
        Known = "known",
        /// Nothing; its signatures count for nothing either, until it is known or accepted anew.
        Forgotten = "forgotten",
    }
);

/// An organisation, as the decision sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Organisation {
    /// Its name.
    pub domain: TrustDomain,
    /// What kind it is.
    pub kind: PartnerKind,
    /// Its country; always there for a state.
    pub country: Option<Country>,
}

impl Organisation {
    /// The state whose organ it is, if it is one.
    pub fn state(&self) -> Option<Country> {
        match self.kind {
            PartnerKind::State => self.country,
            PartnerKind::Regional | PartnerKind::International | PartnerKind::Ngo => None,
        }
    }
}

/// `host:port` of a peer listener. The host is a name or an address; an IPv6 address stands in brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Endpoint(String);

impl Endpoint {
    /// `host:port`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is no endpoint; write host:port", super::ids::shorten(text));
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let host_ok = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                (1..=253).contains(&host.len())
                    && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
            }
        };
        if host_ok && port.parse::<u16>().is_ok_and(|p| p > 0) { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }
}

/// What an organisation tells a future partner about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Who it is.
    pub organisation: Organisation,
    /// Where its node listens; `None` where it can't be dialled.
    pub endpoint: Option<Endpoint>,
    /// Its root certificates in DER.
    pub roots: Vec<Vec<u8>>,
    /// When it was written.
    pub issued: super::time::Time,
}
