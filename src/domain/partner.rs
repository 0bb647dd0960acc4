//! Organisations with which this one exchanges.

use serde::Serialize;

use super::{ids::TrustDomain, place::Country, statement::Envelope, time::Time, words::words};

words!(
    /// What kind of organisation a partner is.
    PartnerKind, "kind of organisation" {
        /// An organ of a state.
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
        /// Exchanges what agreements permit.
        Active = "active",
        /// Exchanges nothing until it is resumed.
        Suspended = "suspended",
        /// Exchanges nothing. Its bundle is held, so that its statements can be verified when partners pass them on.
        Known = "known",
        /// Exchanges nothing, and its signatures no longer count, until it is known or accepted again.
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
    /// Its country. A state always has one.
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

    /// The states that it may inform because it is their organ. The organ of a territory may inform the state that governs the territory.
    pub fn states(&self) -> impl Iterator<Item = Country> {
        self.state().into_iter().flat_map(|state| [Some(state), state.governed_by()]).flatten()
    }
}

/// The address of a peer listener as `host:port`. The host is a name or an address. An IPv6 address is in brackets.
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
        let wrong = || format!("`{}` is not an endpoint; write host:port", super::ids::shorten(text));
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let host_ok = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
            Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                (1..=253).contains(&host.len())
                    // Host names of the DNS have no underscore, but many container networks use them.
                    && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
            }
        };
        if host_ok && port.parse::<u16>().is_ok_and(|p| p > 0) { Ok(Self(text.to_owned())) } else { Err(wrong()) }
    }
}

/// What an organisation says about itself to a future partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The organisation.
    pub organisation: Organisation,
    /// Where its node listens. `None` if it can't be dialled.
    pub endpoint: Option<Endpoint>,
    /// Its root certificates in DER.
    pub roots: Vec<Vec<u8>>,
    /// When it was written.
    pub issued: Time,
    /// The number of the bundle with these roots.
    pub sequence: u64,
    /// The statement of the key that signs its ledger. `None` if it has none.
    pub ledger_key: Option<Envelope>,
    /// The newest head of its ledger, as a signed note. Empty if there is none yet.
    pub ledger_note: Vec<u8>,
    /// Its current revocation lists.
    pub lists: Vec<InvitedList>,
}

/// A revocation list in an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitedList {
    /// The list in DER.
    pub list: Vec<u8>,
    /// The certificates (DER) that lead from its issuer to a root, without the root.
    pub issuers: Vec<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_with_a_port() {
        for good in ["node.gb.example:7443", "node_1:7443", "_a.b:1", "NODE:1", "a.b.:1", "192.0.2.1:1", "[::1]:65535"]
        {
            assert_eq!(good.parse::<Endpoint>().unwrap().as_str(), good);
        }
        for wrong in
            ["node", "node:0", "node:65536", ":1", "::1:1", "[fe80::1%lo]:1", "a b:1", "a@b:1", "https://a:1", "nœud:1"]
        {
            assert!(wrong.parse::<Endpoint>().is_err(), "{wrong}");
        }
    }
}
