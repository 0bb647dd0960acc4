//! One organisation's machine: its disk, its clock, its keys, and the node that runs on it, one life after another.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use arc_swap::ArcSwap;
use watchfire::{
    app::services::{self, NodeParts},
    domain::{
        budget::Budgets,
        fault::Fault,
        person::{CertificateUse, Origin},
        rules::RuleFile,
        time::{Clock, Time},
    },
    identity::trust::Trust,
    node::{
        Node,
        ledger::parts::{KeepKey, LedgerParts},
        people::SeenPerson,
    },
    peer,
    seal::raw::RawKey,
    transport::tls_config::TlsConfig,
};

use crate::{
    cast::{Org, Ring, Whose},
    clock::{SimClock, begin},
    disk::{Disk, Files},
    mutants::Mutant,
    net::{Net, Station},
    store::OnDisk,
};

/// The longest message, as in the configuration.
pub const MESSAGE: usize = 4 << 20;
/// Between two checkpoints the ledger grows by a multiple of this.
const QUANTUM: u32 = 8;

/// A machine.
pub struct Machine {
    pub org: Org,
    pub clock: SimClock,
    pub ring: Ring,
    /// The numbers of the house rules on disk.
    pub rules: Vec<usize>,
    /// How far passing on has got in this life.
    pub position: Option<(u64, u64)>,
    pub node: Arc<Node>,
    /// The trust by which it admits others.
    pub gate: Arc<TlsConfig>,
    pub disk: Arc<Disk>,
    /// The newest head, as in the file next to the store.
    head: Arc<Mutex<Option<Vec<u8>>>>,
    keys: Arc<Mutex<LedgerKeys>>,
    folder: PathBuf,
    life: u32,
}

/// What a machine needs for a start.
pub struct Before {
    pub org: Org,
    pub clock: SimClock,
    pub ring: Ring,
    pub rules: Vec<usize>,
    pub head: Arc<Mutex<Option<Vec<u8>>>>,
    pub keys: Arc<Mutex<LedgerKeys>>,
    pub folder: PathBuf,
    pub life: u32,
    pub files: Files,
    pub mutant: Option<Mutant>,
}

/// A mutant's clock, which runs at twice the speed of the machine's.
struct Hurried(SimClock);

impl Clock for Hurried {
    fn now(&self) -> Time {
        let now = self.0.now();
        now.plus_seconds(now.seconds_since(begin()))
    }
}

/// A mutant's budgets.
fn unbounded() -> Budgets {
    let Budgets { lists_per_hour, .. } = Budgets::default();
    let most = u32::MAX;
    Budgets {
        held_bytes: most,
        held_entries: most,
        recalls_at_once: most,
        recalls_per_second: most,
        receipts_at_once: most,
        receipts_per_second: most,
        lists_per_hour,
    }
}

/// The rules of the library with these numbers, as files.
pub fn rule_files(numbers: &[usize]) -> Vec<RuleFile> {
    let text: String = numbers.iter().map(|n| crate::house::text(*n)).collect();
    // A comment alone lifts all rules.
    vec![RuleFile { name: "house.cedar".to_owned(), text: format!("// the rules of the house\n{text}") }]
}

/// The ledger's key (PKCS#8), and the key for the next epoch, as they are next to the store. Without a key: the one that was made for the
/// organisation.
pub type LedgerKeys = (Option<Vec<u8>>, Option<Vec<u8>>);

fn read_key(pkcs8: &[u8]) -> RawKey {
    RawKey::new(pkcs8).unwrap()
}

/// Nothing is written once the machine is off.
fn keep_key(keys: &Arc<Mutex<LedgerKeys>>, disk: &Arc<Disk>) -> KeepKey {
    let (prepared, committed) = (keys.clone(), keys.clone());
    let (on, still_on) = (disk.clone(), disk.clone());
    KeepKey {
        prepare: Arc::new(move |pkcs8| {
            if on.is_on() {
                prepared.lock().unwrap().1 = Some(pkcs8.to_vec());
            }
            Ok(())
        }),
        commit: Arc::new(move || {
            if still_on.is_on() {
                let mut keys = committed.lock().unwrap();
                keys.0 = keys.1.take();
            }
            Ok(())
        }),
    }
}

fn ledger_parts(
    org: Org,
    head: &Arc<Mutex<Option<Vec<u8>>>>,
    keys: &Arc<Mutex<LedgerKeys>>,
    disk: &Arc<Disk>,
) -> LedgerParts {
    let (kept, written) = (head.clone(), disk.clone());
    let kept_keys = keys.lock().unwrap().clone();
    LedgerParts {
        key: kept_keys.0.as_deref().map_or_else(|| org.keys().ledger(), read_key),
        next_key: kept_keys.1.as_deref().map(read_key),
        keep_key: keep_key(keys, disk),
        quantum: QUANTUM,
        found_head: head.lock().unwrap().clone(),
        keep_head: Arc::new(move |note| {
            if written.is_on() {
                *kept.lock().unwrap() = Some(note.to_vec());
            }
            Ok(())
        }),
    }
}

impl Machine {
    /// A second process of the node on the same disk, which knows nothing of the first one's memory. From now on others reach this one.
    pub async fn beside(&self, net: &Arc<Net>) -> Result<Arc<Node>, Fault> {
        let own = self.ring.member_at_start(self.org, self.clock.now());
        let trust = Arc::new(ArcSwap::from_pointee(Trust::new(own.clone(), vec![], vec![])?));
        let shown: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let credentials = self.ring.pair(Whose::NodeTls).credentials();
        let gate = Arc::new(TlsConfig::new(credentials, trust.clone(), shown.clone()));
        let parts = NodeParts {
            organisation: self.org.organisation(),
            endpoint: None,
            store: Arc::new(OnDisk(self.disk.clone())),
            clock: shown,
            key: self.ring.pair(Whose::Node).key(),
            own,
            own_lists: "crl.pem".into(),
            signing_usages: vec![],
            house_rules: Ok(Some(rule_files(&self.rules))),
            approvals: Some(1),
            budgets: net.budgets.clone(),
            readings_every_seconds: 3600,
            console: Default::default(),
            keep_bundle: Arc::new(|_| Ok(())),
            certificates: Arc::new(Default::default),
            trust: trust.clone(),
            set_trust: Box::new(move |new| trust.store(Arc::new(new))),
        };
        let node = services::start(parts, ledger_parts(self.org, &self.head, &self.keys, &self.disk)).await?;
        let service = peer::service::service(node.clone(), MESSAGE);
        let (disk, clock) = (self.disk.clone(), self.clock.clone());
        net.join(self.org, Station { service, disk, gate, clock });
        Ok(node)
    }

    /// Starts the node on the contents of its disk.
    pub async fn start(before: Before, net: &Arc<Net>) -> Result<Self, Fault> {
        let Before { org, clock, ring, rules, head, keys, folder, life, files, mutant } = before;
        let mutant = mutant.filter(|m| m.concerns(org));
        let disk = Disk::with(&files, folder.join(format!("{org}-{life}")), mutant)?;
        let shown: Arc<dyn Clock> = match mutant {
            Some(Mutant::WrongClock) => Arc::new(Hurried(clock.clone())),
            _ => Arc::new(clock.clone()),
        };
        let lawful = if mutant == Some(Mutant::Lawless) { &[][..] } else { &rules };
        let own = ring.member_at_start(org, clock.now());
        let trust = Arc::new(ArcSwap::from_pointee(Trust::new(own.clone(), vec![], vec![])?));
        let gate = Arc::new(TlsConfig::new(ring.pair(Whose::NodeTls).credentials(), trust.clone(), shown.clone()));
        let ledger = ledger_parts(org, &head, &keys, &disk);
        let parts = NodeParts {
            organisation: org.organisation(),
            endpoint: None,
            store: Arc::new(OnDisk(disk.clone())),
            clock: shown,
            key: ring.pair(Whose::Node).key(),
            own,
            own_lists: "crl.pem".into(),
            signing_usages: vec![],
            house_rules: Ok(Some(rule_files(lawful))),
            approvals: Some(1),
            budgets: if mutant == Some(Mutant::TakesEverything) { unbounded() } else { net.budgets.clone() },
            readings_every_seconds: 3600,
            console: Default::default(),
            keep_bundle: Arc::new(|_| Ok(())),
            certificates: Arc::new(Default::default),
            trust: trust.clone(),
            set_trust: Box::new(move |new| trust.store(Arc::new(new))),
        };
        let node = services::start(parts, ledger).await?;
        let administrator = SeenPerson { usage: CertificateUse::Tls, chain: org.keys().administrator() };
        node.people.see_people(vec![administrator], Origin::Directory).await?;
        node.ledger.sign_checkpoint().await?;
        net.shows(org, &ring);
        let service = peer::service::service(node.clone(), MESSAGE);
        net.join(org, Station { service, disk: disk.clone(), gate: gate.clone(), clock: clock.clone() });
        Ok(Self { org, clock, ring, rules, position: None, node, gate, disk, head, keys, folder, life })
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// What remains without power: the disk, and what people hold in their hands.
    pub async fn off(self, net: &Arc<Net>, mutant: Option<Mutant>) -> Before {
        net.leave(self.org);
        let Self { org, clock, ring, rules, node, disk, head, keys, folder, life, .. } = self;
        disk.cut().await;
        drop(node);
        let files = disk.left().await;
        Before { org, clock, ring, rules, head, keys, folder, life: life + 1, files, mutant }
    }
}
