//! Organisations with their own CA, keys and store in a directory, as `watchfire init` makes them.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use watchfire::{
    app::{self, Running},
    config::Config,
    desk::client::{self, DeskClient},
    domain::{
        actor::{Actor, Authorized, Permission, SignIn},
        bundle::HeldBundle,
        ids::{Role, Sha256, SpiffeId, TrustDomain},
        partner::{Endpoint, Organisation, PartnerKind, PartnerState},
        time::Clock,
    },
    identity::{
        bundle::TrustBundle,
        devca::{DevCa, IssuedCertificate, Purpose},
        files::{Existing, certificates, private_directory, read_chain, read_key, write_public, write_secret},
        trust::KnownOrganisation,
    },
    seal::{at_rest::RestKey, sign::SigningKey},
    store::{PartnerRecord, sqlite::SqliteStore},
    telemetry::SystemClock,
    transport::tls_config::Credentials,
};

const DAYS: u32 = 30;

/// An organisation whose node can run.
pub struct Org {
    pub domain: TrustDomain,
    pub dir: PathBuf,
    pub organisation: Organisation,
    ca: DevCa,
    storage_key: [u8; 32],
}

/// A free port on loopback, told again by whoever binds it.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// Writes a certificate and its key.
fn write(issued: &IssuedCertificate, dir: &Path, stem: &str) {
    private_directory(dir).unwrap();
    write_secret(&dir.join(format!("{stem}.key")), issued.key_pem.as_bytes(), Existing::Keep).unwrap();
    write_public(&dir.join(format!("{stem}.pem")), issued.certificate_pem.as_bytes(), Existing::Keep).unwrap();
}

impl Org {
    /// Makes one under `root`, with an analyst and an officer.
    pub fn found(root: &Path, domain: &str, country: &str) -> Self {
        let domain: TrustDomain = domain.parse().unwrap();
        let dir = root.join(domain.as_str());
        private_directory(&dir).unwrap();
        let now = SystemClock.now();
        let ca = DevCa::create(&domain, now).unwrap();
        write_public(&dir.join("bundle.pem"), ca.certificate_pem().as_bytes(), Existing::Keep).unwrap();
        let issue = |role, name: &str, purpose, dir: &Path, stem| {
            let id = SpiffeId::new(domain.clone(), role, name).unwrap();
            write(&ca.issue(&id, purpose, now, DAYS).unwrap(), dir, stem);
        };
        issue(Role::Node, "n1", Purpose::NodeTls, &dir.join("node"), "tls");
        issue(Role::Node, "n1", Purpose::Signing, &dir.join("node"), "signing");
        issue(Role::Analyst, "ana", Purpose::PersonTls, &dir.join("ana"), "tls");
        issue(Role::Analyst, "ana", Purpose::Signing, &dir.join("ana"), "signing");
        issue(Role::Officer, "olu", Purpose::PersonTls, &dir.join("olu"), "tls");
        issue(Role::Officer, "olu", Purpose::Signing, &dir.join("olu"), "signing");
        let storage_key = *RestKey::generate().unwrap();
        write_secret(&dir.join("storage.key"), hex::encode(storage_key).as_bytes(), Existing::Keep).unwrap();
        let text = format!(
            "[organisation]\ndomain = \"{domain}\"\ncountry = \"{country}\"\nkind = \"state\"\n[listen]\npeer = \"{}\"\n\
             desk = \"{}\"\nops = \"off\"\n[log]\nlevel = \"error\"\n",
            free_address(),
            free_address(),
        );
        write_public(&dir.join("watchfire.toml"), text.as_bytes(), Existing::Keep).unwrap();
        let organisation =
            Organisation { domain: domain.clone(), kind: PartnerKind::State, country: country.parse().ok() };
        let org = Self { domain, dir, organisation, ca, storage_key };
        drop(org.store());
        org
    }

    /// The same, for another pair.
    pub fn again(&self) -> Self {
        let now_pem = self.ca.certificate_pem();
        Self {
            domain: self.domain.clone(),
            dir: self.dir.clone(),
            organisation: self.organisation.clone(),
            ca: DevCa::load(&self.domain, &now_pem, &self.ca.key_pem()).unwrap(),
            storage_key: self.storage_key,
        }
    }

    /// The same with an empty store, in another directory.
    pub fn emptied(&self, root: &Path) -> Self {
        let dir = root.join(self.domain.as_str());
        let copied = Command::new("cp").arg("-a").arg(&self.dir).arg(&dir).status().unwrap();
        assert!(copied.success());
        for file in ["store.db", "store.db-wal", "store.db-shm", "store.db.lock"] {
            let _ = std::fs::remove_file(dir.join(file));
        }
        let emptied = Self { dir, ..self.again() };
        drop(emptied.store());
        emptied
    }

    /// Its store. No node may run on it at the same time.
    pub fn store(&self) -> SqliteStore {
        SqliteStore::open_or_create(&self.dir.join("store.db"), &self.storage_key).unwrap()
    }

    pub fn config(&self) -> Config {
        Config::load(&self.dir).unwrap()
    }

    /// Where its node listens for partners.
    pub fn endpoint(&self) -> Endpoint {
        self.config().peer.parse().unwrap()
    }

    /// Its node's signing key.
    pub fn node_key(&self) -> SigningKey {
        app::signing_key(&self.dir.join("node/signing.pem"), &self.dir.join("node/signing.key")).unwrap()
    }

    /// Its analyst's signing key.
    pub fn author_key(&self) -> SigningKey {
        app::signing_key(&self.dir.join("ana/signing.pem"), &self.dir.join("ana/signing.key")).unwrap()
    }

    /// Its officer's signing key.
    pub fn officer_key(&self) -> SigningKey {
        app::signing_key(&self.dir.join("olu/signing.pem"), &self.dir.join("olu/signing.key")).unwrap()
    }

    /// Its analyst.
    pub fn author<P: Permission>(&self) -> Authorized<P> {
        let id = SpiffeId::new(self.domain.clone(), Role::Analyst, "ana").unwrap();
        Actor::new(id, SignIn::Certificate, &self.domain).unwrap().authorize().unwrap()
    }

    /// What its node shows in TLS.
    pub fn credentials(&self) -> Credentials {
        let (tls, key) = (self.dir.join("node/tls.pem"), self.dir.join("node/tls.key"));
        Credentials::new(read_chain(&tls).unwrap(), read_key(&key).unwrap()).unwrap()
    }

    pub fn member(&self) -> KnownOrganisation {
        let bundle = TrustBundle::new(self.domain.clone(), vec![self.ca.certificate().clone()]).unwrap();
        KnownOrganisation { bundle, crls: vec![], state: watchfire::domain::partner::PartnerState::Active }
    }

    /// What a partner keeps of it; with an endpoint where the partner is to follow it.
    pub fn as_partner(&self, endpoint: Option<Endpoint>) -> PartnerRecord {
        partner_record(&self.organisation, &self.ca, endpoint)
    }

    /// Runs its node in this process.
    pub async fn run(&self) -> Running {
        app::start(self.config()).await.unwrap()
    }

    /// The analyst's connection to the desk.
    pub async fn desk(&self) -> DeskClient {
        self.desk_of("ana").await
    }

    /// The officer's.
    pub async fn officer_desk(&self) -> DeskClient {
        self.desk_of("olu").await
    }

    async fn desk_of(&self, person: &str) -> DeskClient {
        let files = self.dir.join(person);
        let (tls, key) = (files.join("tls.pem"), files.join("tls.key"));
        let (address, bundle) = (self.config().desk, self.dir.join("bundle.pem"));
        client::connect(&address, &self.domain, &bundle, &tls, &key, Arc::new(SystemClock)).await.unwrap()
    }

    /// Runs its node as a process of its own, up to its ready line.
    pub fn serve(&self) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchfire"));
        command.arg("--dir").arg(&self.dir).args(["--json", "serve"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("\"ready\""), "the node did not start: {line}");
        Served(child)
    }
}

/// A node as a process; killed when dropped.
pub struct Served(Child);

impl Served {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn partner_record(organisation: &Organisation, ca: &DevCa, endpoint: Option<Endpoint>) -> PartnerRecord {
    let bundle = TrustBundle::new(organisation.domain.clone(), vec![ca.certificate().clone()]).unwrap();
    PartnerRecord {
        organisation: organisation.clone(),
        endpoint,
        roots: vec![ca.certificate().to_vec()],
        bundle: HeldBundle::invited(1, Sha256(bundle.fingerprint().0), SystemClock.now()),
        state: PartnerState::Active,
        introduces: false,
        accepted_at: SystemClock.now(),
    }
}

/// A partner without a node: enough to sign an agreement and to dial.
pub struct Light {
    pub record: PartnerRecord,
    pub credentials: Credentials,
    pub key: SigningKey,
    pub member: KnownOrganisation,
}

impl Light {
    pub fn domain(&self) -> TrustDomain {
        self.record.organisation.domain.clone()
    }

    pub fn found(domain: &str) -> Self {
        let domain: TrustDomain = domain.parse().unwrap();
        let now = SystemClock.now();
        let ca = DevCa::create(&domain, now).unwrap();
        let id = SpiffeId::new(domain.clone(), Role::Node, "n1").unwrap();
        let organisation = Organisation { domain: domain.clone(), kind: PartnerKind::Ngo, country: None };
        let (tls, signing) = (issued(&ca, &id, Purpose::NodeTls), issued(&ca, &id, Purpose::Signing));
        let chain: Vec<Vec<u8>> = signing.0.iter().map(|c| c.to_vec()).collect();
        let public = watchfire::identity::certificate::Leaf::parse(&chain[0]).unwrap().public_key;
        let pkcs8 = zeroize::Zeroizing::new(signing.1.secret_der().to_vec());
        let bundle = TrustBundle::new(domain, vec![ca.certificate().clone()]).unwrap();
        Self {
            record: partner_record(&organisation, &ca, None),
            credentials: Credentials::new(tls.0, tls.1).unwrap(),
            key: SigningKey::new(&pkcs8, chain, &public, id).unwrap(),
            member: KnownOrganisation { bundle, crls: vec![], state: watchfire::domain::partner::PartnerState::Active },
        }
    }
}

type Pair = (Vec<rustls_pki_types::CertificateDer<'static>>, rustls_pki_types::PrivateKeyDer<'static>);

fn issued(ca: &DevCa, id: &SpiffeId, purpose: Purpose) -> Pair {
    use rustls_pki_types::pem::PemObject;
    let issued = ca.issue(id, purpose, SystemClock.now(), DAYS).unwrap();
    let key = rustls_pki_types::PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
    (certificates(issued.certificate_pem.as_bytes()).unwrap(), key)
}
