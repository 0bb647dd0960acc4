//! Who takes part: five organisations, with keys and certificates that are made once and serve in every simulation.

use std::{
    fmt,
    sync::{LazyLock, Mutex},
};

use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
use watchfire::{
    domain::{
        ids::{Role, SpiffeId, TrustDomain},
        partner::{Organisation, PartnerKind, PartnerState},
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        certificate::Leaf,
        crl::{Crl, Revocation},
        devca::{DevCa, Issued, Purpose},
        files::certificates,
        trust::Member,
    },
    seal::{raw::RawKey, sign::SigningKey},
};

use crate::clock::begin;

/// For how long the certificates of the beginning are good, days.
pub const DAYS: u32 = 40;

/// An organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Org {
    /// Writes and publishes.
    Gb,
    /// The hub: passes on what it may.
    Ecowas,
    /// Reads, and publishes too: its feed and that of `Gb` go both ways.
    No,
    /// Gets everything through the hub.
    Gh,
    /// The state that many assessments are about.
    Bf,
}

use Org::{Bf, Ecowas, Gb, Gh, No};

impl Org {
    pub const ALL: [Self; 5] = [Gb, Ecowas, No, Gh, Bf];

    pub fn name(self) -> &'static str {
        ["gb", "ecowas", "no", "gh", "bf"][self as usize]
    }

    pub fn domain(self) -> TrustDomain {
        format!("{}.example", self.name()).parse().unwrap()
    }

    pub fn of(domain: &TrustDomain) -> Option<Self> {
        Self::ALL.into_iter().find(|org| org.domain() == *domain)
    }

    pub fn organisation(self) -> Organisation {
        let kind = if self == Ecowas { PartnerKind::Regional } else { PartnerKind::State };
        let country = ["GB", "", "NO", "GH", "BF"][self as usize].parse().ok();
        Organisation { domain: self.domain(), kind, country }
    }

    pub fn person(self, role: Role) -> SpiffeId {
        SpiffeId::new(self.domain(), role, "someone").unwrap()
    }

    pub fn keys(self) -> &'static Keys {
        &KEYS[self as usize]
    }
}

impl fmt::Display for Org {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who dials whom: the first follows the second.
pub const LINKS: [(Org, Org); 6] = [(Ecowas, Gb), (No, Gb), (Gb, No), (Bf, Gb), (Gh, Ecowas), (Bf, Ecowas)];

/// Who has an agreement with whom: the first gives, and of the second pair both do.
pub const PAIRS: [(Org, Org); 5] = [(Gb, Ecowas), (Gb, No), (Gb, Bf), (Ecowas, Gh), (Ecowas, Bf)];

/// A certificate with its key.
#[derive(Clone)]
pub struct Pair {
    chain: Vec<Vec<u8>>,
    pkcs8: zeroize::Zeroizing<Vec<u8>>,
    public: Vec<u8>,
    serial: Vec<u8>,
    until: Time,
}

impl Pair {
    /// The end of its certificate.
    pub fn until(&self) -> Time {
        self.until
    }

    fn of(issued: &Issued) -> Self {
        let chain: Vec<Vec<u8>> =
            certificates(issued.certificate_pem.as_bytes()).unwrap().iter().map(|c| c.to_vec()).collect();
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
        let public = Leaf::parse(&chain[0]).unwrap().public_key;
        let pkcs8 = zeroize::Zeroizing::new(key.secret_der().to_vec());
        Self { chain, pkcs8, public, serial: issued.serial.clone(), until: issued.not_after }
    }

    pub fn key(&self) -> SigningKey {
        SigningKey::new(&self.pkcs8, self.chain.clone(), &self.public).unwrap()
    }

    pub fn chain(&self) -> Vec<&[u8]> {
        self.chain.iter().map(Vec::as_slice).collect()
    }
}

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Node,
    NodeTls,
    Analyst,
    Officer,
}

impl Whose {
    pub const ALL: [Self; 4] = [Self::Node, Self::NodeTls, Self::Analyst, Self::Officer];

    fn role(self) -> Role {
        match self {
            Self::Node | Self::NodeTls => Role::Node,
            Self::Analyst => Role::Analyst,
            Self::Officer => Role::Officer,
        }
    }
}

/// What an organisation has of keys at the beginning.
pub struct Keys {
    org: Org,
    ca: Mutex<DevCa>,
    root: Vec<u8>,
    /// In the order of [`Whose`].
    first: [Pair; 4],
    ledger: zeroize::Zeroizing<Vec<u8>>,
}

static KEYS: LazyLock<[Keys; 5]> = LazyLock::new(|| Org::ALL.map(Keys::make));

/// The keys that an organisation uses at a time of one simulation, and what it has revoked.
#[derive(Clone)]
pub struct Ring {
    pairs: [Pair; 4],
    revoked: Vec<(Vec<u8>, Revocation)>,
    list: Option<(Vec<u8>, u64)>,
}

impl Keys {
    fn make(org: Org) -> Self {
        let ca = DevCa::create(&org.domain(), begin().plus_seconds(-86_400)).unwrap();
        let root = ca.certificate().to_vec();
        let first = Whose::ALL.map(|whose| issue(&ca, org, whose, begin().plus_seconds(-86_400)));
        Self { org, ca: Mutex::new(ca), root, first, ledger: RawKey::generate().unwrap() }
    }

    pub fn root(&self) -> &[u8] {
        &self.root
    }

    pub fn ring(&self) -> Ring {
        Ring { pairs: self.first.clone(), revoked: vec![], list: None }
    }

    pub fn ledger(&self) -> RawKey {
        RawKey::new(&self.ledger).unwrap()
    }

    pub fn bundle(&self) -> TrustBundle {
        TrustBundle::new(self.org.domain(), vec![self.root.clone().into()]).unwrap()
    }
}

fn issue(ca: &DevCa, org: Org, whose: Whose, at: Time) -> Pair {
    let purpose = if whose == Whose::NodeTls { Purpose::NodeTls } else { Purpose::Signing };
    let id = match whose.role() {
        Role::Node => SpiffeId::new(org.domain(), Role::Node, "n1").unwrap(),
        role => org.person(role),
    };
    Pair::of(&ca.issue(&id, purpose, at, DAYS).unwrap())
}

impl Ring {
    pub fn pair(&self, whose: Whose) -> &Pair {
        &self.pairs[whose as usize]
    }

    /// A new certificate with a new key.
    pub fn renew(&mut self, org: Org, whose: Whose, at: Time) {
        self.pairs[whose as usize] = issue(&org.keys().ca.lock().unwrap(), org, whose, at);
    }

    /// Revokes a certificate: what it has signed before is still good.
    pub fn revoke(&mut self, org: Org, whose: Whose, at: Time) {
        let serial = self.pair(whose).serial.clone();
        self.revoked.push((serial, Revocation { at, invalid_since: None }));
        self.publish_list(org, at);
    }

    /// A new list of what was revoked.
    pub fn publish_list(&mut self, org: Org, at: Time) {
        let number = self.list.as_ref().map_or(1, |(_, number)| number + 1);
        let ca = org.keys().ca.lock().unwrap();
        // Good for longer than any simulation.
        let der = ca.revocation_list(number, &self.revoked, at, 3_650).unwrap();
        self.list = Some((der, number));
    }

    /// What the organisation's node has of its own, as it is read from its files.
    pub fn member(&self, org: Org, now: Time) -> Result<Member, watchfire::domain::fault::Fault> {
        let bundle = org.keys().bundle();
        let crls = self.list.iter().map(|(der, _)| Crl::verify(der, &bundle, &[], now)).collect::<Result<_, _>>()?;
        Ok(Member { bundle, crls, state: PartnerState::Active })
    }
}
