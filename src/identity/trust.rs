//! Whom this node trusts for what: a snapshot that never changes; a change makes a new one.

use std::{collections::BTreeMap, fmt};

use rustls_pki_types::TrustAnchor;
use webpki::{ExpirationPolicy, RevocationOptionsBuilder, UnknownStatusPolicy};

use super::{
    bundle::TrustBundle,
    certificate::{CLIENT_AUTH, DOCUMENT_SIGNING, Leaf, SERVER_AUTH, window},
    chain::{Link, Question, check_size, prove},
    crl::Crl,
    signers::Cache,
};
use crate::domain::{
    fault::{Fault, Reason},
    ids::{Role, SpiffeId, TrustDomain},
    partner::PartnerState,
    time::Time,
};

/// What is held of one organisation.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its roots.
    pub bundle: TrustBundle,
    /// Its revocation lists, one for each of its CAs; none where it never gave one.
    pub crls: Vec<Crl>,
    /// Whether it is a partner at present. A suspended partner's stored statements can still be read.
    pub state: PartnerState,
}

/// All trust bundles, revocation lists and states, at one moment.
pub struct Trust {
    own: TrustDomain,
    members: BTreeMap<TrustDomain, Held>,
    signing_usages: Vec<String>,
    /// In the snapshot, so that no proof outlives the trust that it was made under.
    pub(super) proved: Cache,
}

pub(super) struct Held {
    pub member: Member,
    pub anchors: Vec<TrustAnchor<'static>>,
}

/// Who may be at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// The nodes of active partners: the peer listener.
    Partners,
    /// Everybody of the own organisation: the desk.
    Own,
    /// A node of one organisation: what a dialler means to reach.
    NodeOf(TrustDomain),
}

/// Which end of a TLS connection a certificate is shown by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsUsage {
    /// The one that dialled.
    Client,
    /// The one that was dialled.
    Server,
}

/// Whether a connection is being made or stands already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A handshake: revocation lists must be current.
    Handshake,
    /// A live connection: a list that ran out does not cut it, a revocation does.
    Live,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsPeer {
    /// Whose certificate it is.
    pub id: SpiffeId,
    /// The end of the first certificate of its path to run out.
    pub not_after: Time,
    /// Whether its organisation has given a revocation list at all.
    pub revocation_known: bool,
}

impl Trust {
    /// Trust in the own organisation and in its partners. `signing_usages` are extended key usages (dotted) that count for
    /// signing documents beside id-kp-documentSigning, where an organisation's smart cards carry another one.
    ///
    /// # Errors
    /// `CONFLICT` where a domain stands there twice, or `CHAIN_INVALID` where a bundle does not parse.
    pub fn new(own: Member, partners: Vec<Member>, signing_usages: Vec<String>) -> Result<Self, Fault> {
        let domain = own.bundle.domain().clone();
        let mut members = BTreeMap::new();
        for mut member in std::iter::once(own).chain(partners) {
            let name = member.bundle.domain().clone();
            // Nobody suspends itself.
            if name == domain {
                member.state = PartnerState::Active;
            }
            let anchors = member.bundle.anchors()?;
            if members.insert(name.clone(), Held { member, anchors }).is_some() {
                return Err(Fault::new(Reason::Conflict, format!("there are two trust bundles of `{name}`")));
            }
        }
        Ok(Self { own: domain, members, signing_usages, proved: Cache::default() })
    }

    /// The own organisation.
    pub fn own(&self) -> &TrustDomain {
        &self.own
    }

    /// What is held of an organisation.
    pub fn member(&self, domain: &TrustDomain) -> Option<&Member> {
        self.members.get(domain).map(|held| &held.member)
    }

    /// What is held of each organisation, the own one among them: from these the next snapshot is made.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values().map(|held| &held.member)
    }

    /// The organisations of which something else is held here than in `before`: roots, revocation lists or standing.
    pub fn changed_since(&self, before: &Self) -> Vec<TrustDomain> {
        let names = self.members.keys().chain(before.members.keys());
        let mut changed: Vec<TrustDomain> =
            names.filter(|name| !is_same(self.member(name), before.member(name))).cloned().collect();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// The extended key usages that count for signing documents beside id-kp-documentSigning.
    pub fn signing_usages(&self) -> &[String] {
        &self.signing_usages
    }

    /// Who shows this chain (DER, leaf first) on a TLS connection, if the audience admits it. The leaf's domain decides
    /// which bundle the chain is held against, and no other bundle is looked at.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`, `WRONG_DOMAIN`, `CHAIN_INVALID` or `CERTIFICATE_REVOKED`.
    pub fn tls_peer(
        &self,
        chain: &[&[u8]],
        usage: TlsUsage,
        audience: &Audience,
        at: Time,
        moment: Moment,
    ) -> Result<TlsPeer, Fault> {
        check_size(chain)?;
        let leaf = Leaf::parse(chain.first().copied().unwrap_or_default())?;
        audience.admit(&self.own, &leaf.id)?;
        let held = self.held(leaf.id.domain()).filter(|held| held.member.state == PartnerState::Active);
        let held = held.ok_or_else(|| not_a_partner(leaf.id.domain()))?;
        let oid = match usage {
            TlsUsage::Client => CLIENT_AUTH,
            TlsUsage::Server => SERVER_AUTH,
        };
        leaf.check_tls_usage(oid)?;
        let path = held.prove(chain, &[oid], at, Some(moment))?;
        Ok(TlsPeer { id: leaf.id, not_after: first_end(&path)?, revocation_known: !held.member.crls.is_empty() })
    }

    pub(super) fn held(&self, domain: &TrustDomain) -> Option<&Held> {
        self.members.get(domain)
    }
}

impl Held {
    /// Proves a chain against this organisation's roots; `moment` asks for revocation too, and how strictly.
    pub(super) fn prove(
        &self,
        chain: &[&[u8]],
        usages: &[&str],
        at: Time,
        moment: Option<Moment>,
    ) -> Result<Vec<Link>, Fault> {
        let lists: Vec<_> = self.member.crls.iter().map(Crl::list).collect();
        let expiry = match moment {
            Some(Moment::Handshake) => ExpirationPolicy::Enforce,
            _ => ExpirationPolicy::Ignore,
        };
        // A CA that never gave a list is taken at its word; one that did must keep giving.
        let options = RevocationOptionsBuilder::new(&lists)
            .ok()
            .map(|b| b.with_status_policy(UnknownStatusPolicy::Allow).with_expiration_policy(expiry).build());
        let revocation = moment.and(options);
        prove(chain, &Question { anchors: &self.anchors, usages: Some(usages), at, revocation })
    }

    pub(super) fn prove_signer(&self, chain: &[&[u8]], accepted: &[String], at: Time) -> Result<Vec<Link>, Fault> {
        let usages: Vec<&str> = std::iter::once(DOCUMENT_SIGNING).chain(accepted.iter().map(String::as_str)).collect();
        self.prove(chain, &usages, at, None)
    }
}

impl Audience {
    fn admit(&self, own: &TrustDomain, id: &SpiffeId) -> Result<(), Fault> {
        let wrong = |message: String| Err(Fault::new(Reason::WrongDomain, message));
        match self {
            Self::Partners if id.domain() == own => wrong("partners' nodes are served here; use the desk".to_owned()),
            Self::Partners if id.role() != Role::Node => {
                wrong(format!("only nodes are served here, not the role `{}`", id.role()))
            }
            Self::Own if id.domain() != own => wrong("only the own organisation is served here".to_owned()),
            Self::NodeOf(domain) if id.domain() != domain => {
                wrong(format!("`{}` answered where `{domain}` was meant; check the endpoint", id.domain()))
            }
            Self::NodeOf(_) if id.role() != Role::Node => {
                wrong(format!("a certificate of role `{}` answered where a node was meant", id.role()))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("own", &self.own).field("members", &self.members.len()).finish()
    }
}

fn is_same(one: Option<&Member>, other: Option<&Member>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return one.is_none() && other.is_none() };
    let lists = |member: &Member| member.crls.iter().map(|crl| crl.der().to_vec()).collect::<Vec<_>>();
    one.bundle == other.bundle && one.state == other.state && lists(one) == lists(other)
}

/// The same words for an unknown organisation and a suspended one.
pub(super) fn not_a_partner(domain: &TrustDomain) -> Fault {
    Fault::new(Reason::NotAPartner, format!("`{domain}` is not a partner of this node"))
}

fn first_end(path: &[Link]) -> Result<Time, Fault> {
    let mut end = Time::from_unix_nanos(i64::MAX);
    for link in path {
        end = end.min(window(&link.der)?.1);
    }
    Ok(end)
}

#[cfg(test)]
mod tests;
