//! The participants: five organisations, and in some simulations hostile ones in addition. Their keys and certificates are made once and used in
//! every simulation.

use std::{
    fmt,
    sync::{LazyLock, Mutex},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject};
use watchfire::{
    domain::{
        actor::{Actor, Administer, Authorized, Permission, SignIn},
        approval::{Approval, Matter},
        ids::{Role, Sha256, SpiffeId, TrustDomain},
        partner::{Organisation, PartnerKind, PartnerState},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        certificate::Leaf,
        crl::{Crl, Revocation},
        devca::{DevCa, IssuedCertificate, Purpose},
        files::certificates,
        trust::KnownOrganisation,
    },
    seal::{raw::RawKey, sign::SigningKey},
    transport::tls_config::Credentials,
    wire,
};

use crate::clock::begin;

/// For how many days the first certificates are valid.
pub const DAYS: u32 = 40;
/// For how many days a list is valid that comes with a revocation.
pub const LIST_DAYS: u32 = 25;
/// How many roots the CA of each organisation may have, one after another.
pub const ROOTS: usize = 8;

/// An organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Org {
    /// Writes and publishes.
    Gb,
    /// The hub, which passes on what it may.
    Ecowas,
    /// Reads, and publishes too. Between it and `Gb` there are feeds in both directions.
    No,
    /// Gets everything through the hub.
    Gh,
    /// The state that many assessments are about.
    Bf,
    /// A hostile partner. It has keys and agreements, and no node.
    Rogue,
    /// A hostile originator behind the hub. Everything that it writes has the highest level, and it recalls all of it.
    Loud,
    /// A hostile hub. What its node hands over is changed on the way out.
    Crook,
}

use Org::{Bf, Crook, Ecowas, Gb, Gh, Loud, No, Rogue};

impl Org {
    /// The honest organisations.
    pub const ALL: [Self; 5] = [Gb, Ecowas, No, Gh, Bf];
    /// The hostile organisations that have a node.
    pub const FOES: [Self; 2] = [Loud, Crook];

    pub fn is_hostile(self) -> bool {
        matches!(self, Rogue | Loud | Crook)
    }

    pub fn name(self) -> &'static str {
        ["gb", "ecowas", "no", "gh", "bf", "rogue", "loud", "crook"][self as usize]
    }

    pub fn domain(self) -> TrustDomain {
        format!("{}.example", self.name()).parse().unwrap()
    }

    pub fn of(domain: &TrustDomain) -> Option<Self> {
        Self::ALL.into_iter().chain([Rogue, Loud, Crook]).find(|org| org.domain() == *domain)
    }

    pub fn organisation(self) -> Organisation {
        let kind = match self {
            Ecowas | Crook => PartnerKind::Regional,
            Rogue | Loud => PartnerKind::Ngo,
            Gb | No | Gh | Bf => PartnerKind::State,
        };
        let country = ["GB", "", "NO", "GH", "BF", "", "", ""][self as usize].parse().ok();
        Organisation { domain: self.domain(), kind, country }
    }

    /// A person in this role, with the permission that the use case needs.
    pub fn actor<P: Permission>(self, role: Role) -> Authorized<P> {
        let actor = Actor::new(self.person(role), SignIn::Certificate, &self.domain()).unwrap();
        actor.authorize().unwrap()
    }

    /// The administrator with this name.
    pub fn administrator(self, name: &str) -> Authorized<Administer> {
        let id = SpiffeId::new(self.domain(), Role::Admin, name).unwrap();
        Actor::new(id, SignIn::Certificate, &self.domain()).unwrap().authorize().unwrap()
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

/// Who has an agreement with whom: the first gives, and in the second pair both do.
pub const PAIRS: [(Org, Org); 5] = [(Gb, Ecowas), (Gb, No), (Gb, Bf), (Ecowas, Gh), (Ecowas, Bf)];

/// A certificate with its key.
#[derive(Clone)]
pub struct Pair {
    chain: Vec<Vec<u8>>,
    pkcs8: zeroize::Zeroizing<Vec<u8>>,
    public: Vec<u8>,
    serial: Vec<u8>,
    until: Time,
    /// Which root of its organisation has issued it.
    root: usize,
}

impl Pair {
    /// The end of its certificate.
    pub fn until(&self) -> Time {
        self.until
    }

    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    fn of(issued: &IssuedCertificate, root: usize) -> Self {
        let chain = chain_of(&issued.certificate_pem);
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
        let public = Leaf::parse(&chain[0]).unwrap().public_key;
        let pkcs8 = zeroize::Zeroizing::new(key.secret_der().to_vec());
        Self { chain, pkcs8, public, serial: issued.serial.clone(), until: issued.not_after, root }
    }

    pub fn key(&self) -> SigningKey {
        SigningKey::new(&self.pkcs8, self.chain.clone(), &self.public, Leaf::parse(&self.chain[0]).unwrap().id).unwrap()
    }

    pub fn chain(&self) -> Vec<&[u8]> {
        self.chain.iter().map(Vec::as_slice).collect()
    }

    pub fn certificates(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The chain that it shows in TLS.
    pub fn credentials(&self) -> Credentials {
        let chain = self.chain.iter().map(|der| der.clone().into()).collect();
        let key = PrivatePkcs8KeyDer::from(self.pkcs8.to_vec());
        Credentials::new(chain, key.into()).unwrap()
    }
}

fn chain_of(pem: &str) -> Vec<Vec<u8>> {
    certificates(pem.as_bytes()).unwrap().iter().map(|c| c.to_vec()).collect()
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

/// A CA. Later ones of an organisation have the name of the first, and other keys.
struct Root {
    ca: Mutex<DevCa>,
    der: Vec<u8>,
}

/// The keys of an organisation at the beginning.
pub struct Keys {
    org: Org,
    roots: [Root; ROOTS],
    /// In the order of [`Whose`].
    first: [Pair; 4],
    /// What an administrator shows in TLS.
    administrator: Vec<Vec<u8>>,
    /// The key with which an administrator signs. It is valid for as long as a simulation may take.
    approves: Pair,
    ledger: zeroize::Zeroizing<Vec<u8>>,
}

static KEYS: [LazyLock<Keys>; 8] = [
    LazyLock::new(|| Keys::make(Gb)),
    LazyLock::new(|| Keys::make(Ecowas)),
    LazyLock::new(|| Keys::make(No)),
    LazyLock::new(|| Keys::make(Gh)),
    LazyLock::new(|| Keys::make(Bf)),
    LazyLock::new(|| Keys::make(Rogue)),
    LazyLock::new(|| Keys::make(Loud)),
    LazyLock::new(|| Keys::make(Crook)),
];

/// The keys that an organisation uses at a time of one simulation, and what it has revoked.
#[derive(Clone)]
pub struct Ring {
    pairs: [Pair; 4],
    /// Revoked certificates with their keys, which thieves have.
    pub stolen: Vec<(Whose, Pair, Time)>,
    /// By root: everything that was ever revoked.
    revoked: [Vec<(Vec<u8>, Revocation)>; ROOTS],
    /// By root: the newest list, with its number.
    lists: [Option<(Vec<u8>, u64)>; ROOTS],
    /// How many of its first roots it has retired.
    retired: usize,
    /// How many roots it has had.
    roots: usize,
    /// The root that issues.
    issues: usize,
}

impl Keys {
    fn make(org: Org) -> Self {
        let roots = [(); ROOTS].map(|()| Root::make(org));
        // Certificates of hostile members never end, because nobody renews them.
        let (since, days) = if org.is_hostile() { (400, 4_000) } else { (1, DAYS) };
        let since = begin().plus_seconds(-since * 86_400);
        let first = Whose::ALL.map(|whose| issue(&roots[0], 0, org, whose, (since, days)));
        let admin = org.person(Role::Admin);
        let issued = roots[0].ca.lock().unwrap().issue(&admin, Purpose::PersonTls, begin(), DAYS).unwrap();
        let administrator = chain_of(&issued.certificate_pem);
        let long_ago = begin().plus_seconds(-400 * 86_400);
        let signing = roots[0].ca.lock().unwrap().issue(&admin, Purpose::Signing, long_ago, 4_000).unwrap();
        let approves = Pair::of(&signing, 0);
        Self { org, roots, first, administrator, approves, ledger: RawKey::generate().unwrap() }
    }

    /// The first root.
    pub fn root(&self) -> &[u8] {
        &self.roots[0].der
    }

    pub fn ring(&self) -> Ring {
        Ring {
            pairs: self.first.clone(),
            stolen: vec![],
            revoked: Default::default(),
            lists: Default::default(),
            retired: 0,
            roots: 1,
            issues: 0,
        }
    }

    /// The certificate chain of the first administrator.
    pub fn administrator(&self) -> Vec<Vec<u8>> {
        self.administrator.clone()
    }

    /// The administrator's approval of exactly this.
    pub fn approval(&self, matter: Matter, subject: Sha256, issued: Time) -> Envelope {
        let approval = Approval { domain: self.org.domain(), matter, subject, issued };
        self.approves.key().statement(StatementKind::Approval, wire::approval::encode(&approval)).unwrap()
    }

    pub fn ledger(&self) -> RawKey {
        RawKey::new(&self.ledger).unwrap()
    }

    /// A signing certificate of one of its administrators, by that root. It is valid for as long as a simulation may take.
    pub fn administrator_of(&self, name: &str, root: usize) -> Pair {
        let id = SpiffeId::new(self.org.domain(), Role::Admin, name).unwrap();
        let long_ago = begin().plus_seconds(-400 * 86_400);
        let issued = self.roots[root].ca.lock().unwrap().issue(&id, Purpose::Signing, long_ago, 4_000).unwrap();
        Pair::of(&issued, root)
    }

    /// The certificate by which the node knows an administrator.
    pub fn administrator_in_tls(&self, name: &str) -> Vec<Vec<u8>> {
        let id = SpiffeId::new(self.org.domain(), Role::Admin, name).unwrap();
        let issued = self.roots[0].ca.lock().unwrap().issue(&id, Purpose::PersonTls, begin(), DAYS).unwrap();
        chain_of(&issued.certificate_pem)
    }

    pub fn bundle(&self, roots: std::ops::Range<usize>) -> TrustBundle {
        let roots = self.roots[roots].iter().map(|root| root.der.clone().into()).collect();
        TrustBundle::new(self.org.domain(), roots).unwrap()
    }
}

impl Root {
    /// `DevCa` gives each CA a name of its own. Here both have the same name.
    fn make(org: Org) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("{org} simulated CA"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let ca = DevCa::load(&org.domain(), &certificate.pem(), &key.serialize_pem()).unwrap();
        Self { ca: Mutex::new(ca), der: certificate.der().to_vec() }
    }
}

fn issue(root: &Root, number: usize, org: Org, whose: Whose, (at, days): (Time, u32)) -> Pair {
    let purpose = if whose == Whose::NodeTls { Purpose::NodeTls } else { Purpose::Signing };
    let id = match whose.role() {
        Role::Node => SpiffeId::new(org.domain(), Role::Node, "n1").unwrap(),
        role => org.person(role),
    };
    Pair::of(&root.ca.lock().unwrap().issue(&id, purpose, at, days).unwrap(), number)
}

impl Ring {
    pub fn pair(&self, whose: Whose) -> &Pair {
        &self.pairs[whose as usize]
    }

    /// The number of the root that issues now.
    pub fn issuing(&self) -> usize {
        self.issues
    }

    /// A new certificate with a new key, of the newest root.
    pub fn renew(&mut self, org: Org, whose: Whose, at: Time) {
        let number = self.issuing();
        self.pairs[whose as usize] = issue(&org.keys().roots[number], number, org, whose, (at, DAYS));
    }

    /// A new certificate for the same key, by the newest root. A revoked key gets none.
    pub fn reissue(&mut self, org: Org, whose: Whose, at: Time) {
        let (number, before) = (self.issuing(), self.pair(whose).clone());
        let until = at.plus_seconds(i64::from(DAYS) * 86_400);
        let ca = org.keys().roots[number].ca.lock().unwrap();
        let chain = chain_of(&ca.reissue(&before.chain[0], at, until).unwrap());
        let serial = serial_of(&chain[0]);
        self.pairs[whose as usize] = Pair { chain, serial, until, root: number, ..before };
    }

    /// The CA issues with another key from now on, under the same name. The old root stays in use with the new one.
    pub fn renew_root(&mut self) {
        (self.roots, self.issues) = (2, 1);
    }

    pub fn has_new_root(&self) -> bool {
        self.roots > 1
    }

    /// The roots that the organisation uses.
    pub fn window(&self) -> std::ops::Range<usize> {
        self.retired..self.roots
    }

    /// Its certificates are issued by this root from now on.
    pub fn issue_by(&mut self, root: usize) {
        self.issues = root;
    }

    /// It uses these roots from now on.
    pub fn use_roots(&mut self, window: std::ops::Range<usize>) {
        (self.retired, self.roots) = (window.start, window.end);
    }

    /// Somebody else has the key of this certificate from now on.
    pub fn take_away(&mut self, pair: &Pair, at: Time) {
        self.revoked[pair.root].push((pair.serial.clone(), Revocation { at, invalid_since: None }));
    }

    /// Revokes a certificate. What it has signed before still counts.
    pub fn revoke(&mut self, org: Org, whose: Whose, at: Time) {
        let pair = self.pair(whose).clone();
        self.revoked[pair.root].push((pair.serial.clone(), Revocation { at, invalid_since: None }));
        self.publish_lists(org, at, LIST_DAYS, false);
        self.stolen.push((whose, pair, at));
    }

    /// New lists of what was revoked, one for each root. With `forgets`, they leave out what was revoked first.
    pub fn publish_lists(&mut self, org: Org, at: Time, days: u32, forgets: bool) {
        for (number, root) in org.keys().roots.iter().enumerate().take(self.roots).skip(self.retired) {
            let count = self.lists[number].as_ref().map_or(1, |(_, count)| count + 1);
            let revoked = self.revoked[number].get(usize::from(forgets)..).unwrap_or_default();
            let der = root.ca.lock().unwrap().revocation_list(count, revoked, at, days).unwrap();
            self.lists[number] = Some((der, count));
        }
    }

    /// Whether the organisation gives lists.
    pub fn has_lists(&self) -> bool {
        self.lists.iter().any(Option::is_some)
    }

    pub fn bundle(&self, org: Org) -> TrustBundle {
        org.keys().bundle(self.window())
    }

    /// The node's own organisation, as it is read from the node's files.
    pub fn member(&self, org: Org, now: Time) -> Result<KnownOrganisation, watchfire::domain::fault::Fault> {
        let bundle = self.bundle(org);
        let lists = self.lists[self.window()].iter().flatten();
        let crls = lists.map(|(der, _)| Crl::verify(der, &bundle, &[], now)).collect::<Result<_, _>>()?;
        Ok(KnownOrganisation { bundle, crls, state: PartnerState::Active })
    }

    /// The same at a start with a clock that may be wrong. A list from the future does not count yet, and the node keeps what it has seen.
    pub fn member_at_start(&self, org: Org, now: Time) -> KnownOrganisation {
        let bundle = self.bundle(org);
        let lists = self.lists[self.window()].iter().flatten();
        let crls = lists.filter_map(|(der, _)| Crl::verify(der, &bundle, &[], now).ok()).collect();
        KnownOrganisation { bundle, crls, state: PartnerState::Active }
    }
}

fn serial_of(der: &[u8]) -> Vec<u8> {
    let (_, certificate) = x509_parser::parse_x509_certificate(der).unwrap();
    certificate.raw_serial().to_vec()
}
