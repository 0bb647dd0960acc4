//! Whom this node trusts for what, as an immutable snapshot. Each change makes a new snapshot.

use std::{collections::BTreeMap, fmt, sync::Arc};

use rustls_pki_types::TrustAnchor;

use super::{
    bundle::TrustBundle,
    certificate::{CLIENT_AUTH, DOCUMENT_SIGNING, Leaf, SERVER_AUTH, window},
    chain::{ChainParameters, ProvedCertificate, check_size, prove, revoked},
    chain_cache::ChainCache,
    crl::{Crl, Revocation, Seen},
    former::{FormerRoot, FormerRoots},
};
use crate::domain::{
    fault::{Fault, Reason},
    ids::{Role, Sha256, SpiffeId, TrustDomain},
    partner::PartnerState,
    time::Time,
};

/// What this node knows about one organisation.
#[derive(Debug, Clone)]
pub struct KnownOrganisation {
    /// Its roots.
    pub bundle: TrustBundle,
    /// Its revocation lists, one for each issuing key and scope. Empty if it never gave one.
    pub crls: Vec<Crl>,
    /// Whether it is a partner now. Stored statements of a suspended partner can still be read.
    pub state: PartnerState,
}

/// All trust bundles, revocation lists and states at one moment.
pub struct Trust {
    own: TrustDomain,
    members: BTreeMap<TrustDomain, Arc<AnchoredMember>>,
    /// Every revocation that was ever seen, by issuing key. A key that issues for several organisations revokes for all of them.
    seen: Seen,
    signing_usages: Vec<String>,
    /// Roots that organisations no longer use.
    pub(super) formers: FormerRoots,
    /// It is part of the snapshot, so that no proof outlives the trust under which it was made.
    pub(super) proved: ChainCache,
}

pub(super) struct AnchoredMember {
    pub member: KnownOrganisation,
    pub anchors: Vec<TrustAnchor<'static>>,
}

/// Who may be at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdmittedPeers {
    /// The nodes of active partners: the peer listener.
    Partners,
    /// Everybody of the node's own organisation: the desk.
    Own,
    /// A node of one organisation, which is the one that a dialler expects.
    NodeOf(TrustDomain),
}

/// Which end of a TLS connection shows a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsUsage {
    /// The end that dialled.
    Client,
    /// The end that was dialled.
    Server,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsPeer {
    /// The id in its certificate.
    pub id: SpiffeId,
    /// The earliest end of the certificates in its path.
    pub not_after: Time,
    /// Whether its organisation has ever given a revocation list.
    pub revocation_known: bool,
    /// Set if a revocation list that covers its path is past its next update. Such a peer may only say hello and hand over lists. A
    /// peer that is known to be revoked is refused.
    pub lapsed: Option<Lapse>,
}

/// A revocation list that is past its next update. Nobody knows whom its CA has revoked since then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapse {
    /// The id of the key that issues it.
    pub issuing_key: Sha256,
    /// The name of the CA that issues it, for display.
    pub issuer: String,
    /// When the next one was due.
    pub next_update: Time,
}

impl Lapse {
    /// The refusal of the partner `of`, whose list is held at `holder`. It says what each of the two can do.
    pub fn refusal(&self, of: &TrustDomain, holder: &TrustDomain) -> Fault {
        let (issuer, due) = (&self.issuer, self.next_update);
        let what = format!(
            "the revocation list of `{of}` ({issuer}) that `{holder}` holds is past its next update ({due}); at `{of}`, put a \
             current list into the file that tls.crl in watchfire.toml names, and the next hello hands it over; at \
             `{holder}`, `watchfire partner crl FILE` takes one by hand"
        );
        Fault::new(Reason::ListLapsed, what)
    }
}

impl Trust {
    /// Trust in the node's own organisation and in its partners. `signing_usages` are further extended key usages (dotted) that are accepted for
    /// signing documents, in addition to id-kp-documentSigning. An organisation's smart cards may have another usage.
    ///
    /// # Errors
    /// `CONFLICT`, if a domain occurs twice; `CHAIN_INVALID`, if a bundle can't be parsed.
    pub fn new(
        own: KnownOrganisation,
        partners: Vec<KnownOrganisation>,
        signing_usages: Vec<String>,
    ) -> Result<Self, Fault> {
        Self::remembering(own, partners, signing_usages, Seen::default())
    }

    /// As [`Self::new`], with the revocations that were seen before. Those of the members' lists are added.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn remembering(
        own: KnownOrganisation,
        partners: Vec<KnownOrganisation>,
        signing_usages: Vec<String>,
        mut seen: Seen,
    ) -> Result<Self, Fault> {
        let domain = own.bundle.domain().clone();
        let mut members = BTreeMap::new();
        for member in std::iter::once(own).chain(partners) {
            let name = member.bundle.domain().clone();
            let held = AnchoredMember::new(member, &domain, &mut seen)?;
            if members.insert(name.clone(), Arc::new(held)).is_some() {
                return Err(Fault::new(Reason::Conflict, format!("there are two trust bundles of `{name}`")));
            }
        }
        Ok(Self {
            own: domain,
            members,
            seen,
            signing_usages,
            formers: FormerRoots::default(),
            proved: ChainCache::default(),
        })
    }

    /// The same trust, with the roots that organisations no longer use.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, if a root can't be parsed.
    pub fn with_former(self, roots: Vec<FormerRoot>) -> Result<Self, Fault> {
        Ok(Self { formers: FormerRoots::new(roots)?, ..self })
    }

    /// The same trust with other lists of one organisation, and with the revocations seen so far. The lists of an unknown organisation
    /// are ignored.
    pub fn with_lists(&self, domain: &TrustDomain, crls: Vec<Crl>, seen: Seen) -> Self {
        let (mut members, mut seen) = (self.members.clone(), seen);
        if let Some(held) = members.get_mut(domain) {
            crls.iter().for_each(|crl| drop(seen.add(crl)));
            let member = KnownOrganisation { crls, ..held.member.clone() };
            *held = Arc::new(AnchoredMember { member, anchors: held.anchors.clone() });
        }
        let (own, signing_usages) = (self.own.clone(), self.signing_usages.clone());
        Self { own, members, seen, signing_usages, formers: self.formers.clone(), proved: ChainCache::default() }
    }

    /// The same trust, in which some partners have changed or are new, and others are gone, and with the revocations seen so far.
    ///
    /// # Errors
    /// `CONFLICT`, if one has the name of the node's own organisation; `CHAIN_INVALID`, if a bundle can't be parsed.
    pub fn with_partners(
        &self,
        changed: Vec<KnownOrganisation>,
        gone: &[TrustDomain],
        mut seen: Seen,
    ) -> Result<Self, Fault> {
        let mut members = self.members.clone();
        members.retain(|name, _| *name == self.own || !gone.contains(name));
        for member in changed {
            let name = member.bundle.domain().clone();
            if name == self.own {
                return Err(Fault::new(Reason::Conflict, format!("there are two trust bundles of `{name}`")));
            }
            members.insert(name, Arc::new(AnchoredMember::new(member, &self.own, &mut seen)?));
        }
        let (own, signing_usages) = (self.own.clone(), self.signing_usages.clone());
        Ok(Self { own, members, seen, signing_usages, formers: self.formers.clone(), proved: ChainCache::default() })
    }

    /// The node's own organisation.
    pub fn own(&self) -> &TrustDomain {
        &self.own
    }

    /// What is known about an organisation.
    pub fn member(&self, domain: &TrustDomain) -> Option<&KnownOrganisation> {
        self.members.get(domain).map(|held| &held.member)
    }

    /// What is known about each organisation, including the node's own one. The next snapshot is made from these.
    pub fn members(&self) -> impl Iterator<Item = &KnownOrganisation> {
        self.members.values().map(|held| &held.member)
    }

    /// The organisations whose roots, revocation lists or state differ from those in `before`.
    pub fn changed_since(&self, before: &Self) -> Vec<TrustDomain> {
        let names = self.members.keys().chain(before.members.keys());
        let mut changed: Vec<TrustDomain> =
            names.filter(|name| !is_same(self.member(name), before.member(name))).cloned().collect();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// All extended key usages that are accepted for signing documents.
    pub(super) fn accepted_usages(&self) -> Vec<&str> {
        std::iter::once(DOCUMENT_SIGNING).chain(self.signing_usages.iter().map(String::as_str)).collect()
    }

    /// The extended key usages that are accepted for signing documents in addition to id-kp-documentSigning.
    pub fn signing_usages(&self) -> &[String] {
        &self.signing_usages
    }

    /// Returns who shows this chain (DER, leaf first) on a TLS connection, if the audience admits it. The chain is verified against the bundle
    /// of the leaf's domain, and against no other bundle.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`, `WRONG_DOMAIN`, `CHAIN_INVALID` or `CERTIFICATE_REVOKED`. A list that is past its next update is not an error here. It
    /// is in [`TlsPeer::lapsed`], for the code that serves the connection.
    pub fn tls_peer(
        &self,
        chain: &[&[u8]],
        usage: TlsUsage,
        audience: &AdmittedPeers,
        at: Time,
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
        let path = held.prove(chain, &[oid], at).map_err(|fault| held.for_strangers(fault, chain, &leaf))?;
        if path.iter().any(|link| self.revocation(link).is_some()) {
            return Err(revoked());
        }
        let (not_after, lapsed) = (first_end(&path)?, held.lapse(&path, at));
        Ok(TlsPeer { id: leaf.id, not_after, revocation_known: !held.member.crls.is_empty(), lapsed })
    }

    /// A list of the node's own organisation that covers this chain (of a node or person, for signing or TLS) and is past its next update.
    /// `None` if there is none, or if the chain does not verify.
    pub fn own_lapse(&self, chain: &[Vec<u8>], at: Time) -> Option<Lapse> {
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let held = self.held(&self.own)?;
        let path = prove(&chain, &ChainParameters { anchors: &held.anchors, usages: None, at }).ok()?;
        held.lapse(&path, at)
    }

    /// Whether the end certificate of a chain (DER, leaf first) of the node's own organisation was ever revoked, even if it has ended since
    /// then. `false` if the chain does not verify.
    pub fn is_own_revoked(&self, chain: &[Vec<u8>]) -> bool {
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let begins = chain.first().and_then(|der| window(der).ok()).map(|(begins, _)| begins);
        let (Some(held), Some(at)) = (self.held(&self.own), begins) else { return false };
        let path = prove(&chain, &ChainParameters { anchors: &held.anchors, usages: None, at }).unwrap_or_default();
        path.first().is_some_and(|link| self.revocation(link).is_some())
    }

    /// The key that issued a certificate of the node's own organisation (chain in DER, leaf first), and its serial number. A revocation list
    /// names the certificate by these. `None` if the chain does not lead to this organisation's roots.
    pub fn own_certificate(&self, chain: &[Vec<u8>]) -> Option<(Sha256, Vec<u8>)> {
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let (begins, _) = window(chain.first()?).ok()?;
        let path =
            prove(&chain, &ChainParameters { anchors: &self.held(&self.own)?.anchors, usages: None, at: begins })
                .ok()?;
        path.into_iter().next().map(|link| (link.issuing_key, link.serial))
    }

    /// Whether the certificate with this serial number and issuing key was ever revoked.
    pub fn has_revoked(&self, issuing_key: &Sha256, serial: &[u8]) -> bool {
        self.seen.find(issuing_key, serial).is_some()
    }

    pub(super) fn held(&self, domain: &TrustDomain) -> Option<&AnchoredMember> {
        self.members.get(domain).map(Arc::as_ref)
    }

    /// The revocation of a certificate of a proved path, by any list of the key that issued it.
    pub(super) fn revocation(&self, link: &ProvedCertificate) -> Option<Revocation> {
        self.seen.find(&link.issuing_key, &link.serial)
    }
}

impl AnchoredMember {
    fn new(mut member: KnownOrganisation, own: &TrustDomain, seen: &mut Seen) -> Result<Self, Fault> {
        // The node's own organisation is always active.
        if member.bundle.domain() == own {
            member.state = PartnerState::Active;
        }
        member.crls.iter().for_each(|crl| drop(seen.add(crl)));
        let anchors = member.bundle.anchors()?;
        Ok(Self { member, anchors })
    }

    /// The fault to report for a chain that does not verify. Only a peer that these roots certify learns what is wrong with its chain. webpki
    /// checks times before roots. Without this, a self-made expired certificate would reveal which organisations are partners.
    fn for_strangers(&self, fault: Fault, chain: &[&[u8]], leaf: &Leaf) -> Fault {
        let parameters = ChainParameters { anchors: &self.anchors, usages: None, at: leaf.not_before };
        prove(chain, &parameters).err().unwrap_or(fault)
    }

    /// Proves a chain against this organisation's roots. The caller checks revocation link by link.
    fn prove(&self, chain: &[&[u8]], usages: &[&str], at: Time) -> Result<Vec<ProvedCertificate>, Fault> {
        prove(chain, &ChainParameters { anchors: &self.anchors, usages: Some(usages), at })
    }

    pub(super) fn prove_signer(
        &self,
        chain: &[&[u8]],
        usages: &[&str],
        at: Time,
    ) -> Result<Vec<ProvedCertificate>, Fault> {
        self.prove(chain, usages, at)
    }

    /// The first link of the path whose issuer has given lists that cover it, none of which is current. A CA that never gave a list need not
    /// give one. A CA that did must keep giving them. Lists of keys that issued nothing in this path don't matter.
    fn lapse(&self, path: &[ProvedCertificate], at: Time) -> Option<Lapse> {
        path.iter().enumerate().find_map(|(n, link)| {
            let is_of_link = |crl: &&Crl| crl.issuing_key() == link.issuing_key && crl.covers(&link.der, n == 0);
            let newest = self.member.crls.iter().filter(is_of_link).max_by_key(|crl| crl.next_update())?;
            newest.lapse(at)
        })
    }
}

impl Crl {
    /// Whether it is past its next update.
    pub fn lapse(&self, at: Time) -> Option<Lapse> {
        let (issuing_key, issuer, next_update) = (self.issuing_key(), self.issuer().to_owned(), self.next_update());
        (next_update < at).then_some(Lapse { issuing_key, issuer, next_update })
    }
}

impl AdmittedPeers {
    fn admit(&self, own: &TrustDomain, id: &SpiffeId) -> Result<(), Fault> {
        let wrong = |message: String| Err(Fault::new(Reason::WrongDomain, message));
        match self {
            Self::Partners if id.domain() == own => wrong("partners' nodes are served here; use the desk".to_owned()),
            Self::Partners if id.role() != Role::Node => {
                wrong(format!("only nodes are served here, not the role `{}`", id.role()))
            }
            Self::Own if id.domain() != own => wrong("only this node's own organisation is served here".to_owned()),
            Self::NodeOf(domain) if id.domain() != domain => {
                wrong(format!("`{}` answered instead of `{domain}`; check the endpoint", id.domain()))
            }
            Self::NodeOf(_) if id.role() != Role::Node => {
                wrong(format!("a certificate of the role `{}` answered instead of a node's", id.role()))
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

fn is_same(one: Option<&KnownOrganisation>, other: Option<&KnownOrganisation>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return one.is_none() && other.is_none() };
    let lists = |member: &KnownOrganisation| member.crls.iter().map(|crl| crl.der().to_vec()).collect::<Vec<_>>();
    one.bundle == other.bundle && one.state == other.state && lists(one) == lists(other)
}

/// The refusal of an unknown or suspended organisation. The text is the same for both.
pub(super) fn not_a_partner(domain: &TrustDomain) -> Fault {
    Fault::new(Reason::NotAPartner, format!("`{domain}` is not a partner of this node"))
}

fn first_end(path: &[ProvedCertificate]) -> Result<Time, Fault> {
    let mut end = Time::from_unix_nanos(i64::MAX);
    for link in path {
        end = end.min(window(&link.der)?.1);
    }
    Ok(end)
}

#[cfg(test)]
mod lists_tests;
#[cfg(test)]
mod tests;
