//! A chain of organisations, the first of which changes its roots: whole nodes, and bundles over three hops.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::Path,
    sync::Arc,
};

use watchfire::{
    domain::{
        agreement::Agreement,
        bundle::{Bundle, HeldBundle},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Role, Sha256},
        partner::{Endpoint, PartnerState},
        person::{CertificateUse, Origin},
        statement::{Envelope, StatementKind},
    },
    draft::{Format, Lineage, parse_agreement},
    identity::{bundle::TrustBundle, signers::Accept},
    ledger::heads::AlarmKind,
    node::{Node, people::SeenPerson},
    peer::link::Link,
    seal::{chains::VerificationTime, compose::new_assessment_id},
    store::{PartnerRecord, Store},
    wire,
};

use crate::{
    book::{Broken, broken},
    cast::{Org, Pair, Whose},
    clock::{SimClock, begin},
    content::{self, Made},
    disk::{self, Files},
    machine::{Before, MESSAGE, Machine},
    net::{Mishap, Net},
    plan::Draft,
    trace::Trace,
};

/// The organisation that changes its roots.
pub const FIRST: Org = Org::Gb;
/// The three hops, and one organisation that learns of it from nobody else.
pub const OTHERS: [Org; 4] = [Org::Ecowas, Org::Gh, Org::Bf, Org::No];
/// The organisation that learns of it from nobody else.
pub const ALONE: Org = Org::No;
/// Who follows whom.
pub const LINKS: [(Org, Org); 4] = [(Org::Ecowas, FIRST), (Org::Gh, Org::Ecowas), (Org::Bf, Org::Gh), (ALONE, FIRST)];
/// The two administrators of each organisation.
pub const ADMINS: [&str; 2] = ["someone", "ann"];
/// An administrator whose keys were stolen and who is revoked.
const GONE: &str = "eve";
/// For how many days lists are valid.
const LIST_DAYS: u32 = 60;

/// Something that claims to be the first one's next bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// One administrator's signature twice, with two certificates.
    OneTwice,
    /// Signed by an administrator and a node.
    ANode,
    /// Signed by an administrator and somebody who is revoked.
    Revoked,
    /// Signed by two administrators of the CA that the bundle would add.
    OfTheNewCa,
    /// The newest one with its signatures, but with other roots.
    Altered,
    /// An old one again.
    Old,
}

impl Forgery {
    pub const ALL: [Self; 6] = [Self::OneTwice, Self::ANode, Self::Revoked, Self::OfTheNewCa, Self::Altered, Self::Old];
}

/// One event.
#[derive(Debug, Clone)]
pub enum Turn {
    /// Two administrators sign another bundle: with one more root, or without the oldest.
    Change {
        retire: bool,
    },
    /// One connection of each of these links.
    Connect {
        link: usize,
        mishaps: Vec<Mishap>,
    },
    /// The work that a node does by itself.
    Work {
        of: Org,
    },
    Publish,
    Leave {
        of: Org,
    },
    Return {
        of: Org,
    },
    Wait {
        days: u32,
    },
    Restart {
        of: Org,
    },
    /// A partner of the receiver hands over a false bundle.
    Lie {
        by: Org,
        to: Org,
        forgery: Forgery,
    },
    /// By now everybody knows who was revoked, over all hops.
    ListsHaveCome,
}

pub struct Chain {
    pub net: Arc<Net>,
    pub trace: Arc<Trace>,
    machines: BTreeMap<Org, Machine>,
    /// Seconds since the beginning.
    truth: i64,
    /// The fingerprints of the first organisation's bundles, from number 1.
    bundles: Vec<Sha256>,
    /// The roots of each of these bundles.
    windows: Vec<Range<usize>>,
    statements: Vec<Envelope>,
    /// The stolen keys of the revoked administrator. Everybody has the first root's list that revokes them from the beginning.
    stolen: Pair,
    pub published: Vec<Made>,
    away: BTreeSet<Org>,
    /// How many times somebody could not recognise the first organisation any more and was given a file.
    pub files: usize,
}

fn fingerprint(bundle: &TrustBundle) -> Sha256 {
    Sha256(bundle.fingerprint().0)
}

/// What each organisation gives to the next, to be passed on to the end.
fn agreement(a: Org, b: Org) -> Agreement {
    let text = format!(
        "[agreement]\nparties = [\"{a}.example\", \"{b}.example\"]\nfrom = \"2020-01-01\"\nuntil = \"2040-01-01\"\n\
         purpose = \"simulated\"\nnotice = \"90 days\"\n[[grant]]\nid = \"all\"\nfrom = \"{a}.example\"\nto = \"{b}.example\"\n\
         places = [\"M49:001\"]\nkinds = [\"headline\", \"subject\", \"judgement\", \"limitation\"]\nmax_tlp = \"AMBER\"\n\
         [grant.onward]\nto = [\"gh.example\", \"bf.example\"]\nkinds = [\"headline\", \"subject\", \"judgement\", \"limitation\"]\n\
         max_tlp = \"AMBER\"\ndepth = 3\n"
    );
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    parse_agreement(&text, Format::Toml, lineage, watchfire::domain::time::Day::FIRST).unwrap()
}

fn partner(of: Org, other: Org) -> PartnerRecord {
    let is_partner = LINKS.contains(&(of, other)) || LINKS.contains(&(other, of));
    let endpoint: Option<Endpoint> =
        LINKS.contains(&(of, other)).then(|| format!("{other}.example:4433").parse().unwrap());
    PartnerRecord {
        organisation: other.organisation(),
        endpoint,
        roots: vec![other.keys().root().to_vec()],
        bundle: HeldBundle::new(1, fingerprint(&other.keys().bundle(0..1)), begin()),
        state: if is_partner { PartnerState::Active } else { PartnerState::Known },
        introduces: false,
        accepted_at: begin(),
    }
}

/// The disk of an organisation at the beginning.
async fn beginning(folder: &Path, of: Org, agreements: Vec<watchfire::store::AgreementRecord>) -> Files {
    let fill = async |store: &watchfire::store::sqlite::SqliteStore| {
        for other in Org::ALL.into_iter().filter(|other| *other != of) {
            let deed =
                Deed::PartnerChanged { partner: other.domain(), fingerprint: String::new(), state: "active".into() };
            store.save_partner(partner(of, other), Event::of_node(begin(), deed)).await.unwrap();
        }
        store.save_agreements(agreements, None, vec![]).await.unwrap();
    };
    disk::made(&folder.join(format!("chain-{of}")), fill).await
}

impl Chain {
    pub async fn begin(folder: &Path, trace: Arc<Trace>) -> Self {
        let net = Net::new(trace.clone(), None);
        let mut agreements: BTreeMap<Org, Vec<_>> = BTreeMap::new();
        for (taker, giver) in LINKS {
            let [first, second] = content::signed_by_both(giver, taker, &agreement(giver, taker));
            agreements.entry(giver).or_default().push(first);
            agreements.entry(taker).or_default().push(second);
        }
        let (mut machines, stolen) = (BTreeMap::new(), FIRST.keys().administrator_of(GONE, 0));
        for org in Org::ALL {
            let mut ring = org.keys().ring();
            if org == FIRST {
                ring.take_away(&stolen, begin());
            }
            ring.publish_lists(org, begin(), LIST_DAYS, false);
            let before = Before {
                org,
                clock: SimClock::default(),
                ring,
                rules: vec![],
                head: Arc::default(),
                keys: Arc::default(),
                folder: folder.to_owned(),
                life: 1,
                files: beginning(folder, org, agreements.remove(&org).unwrap_or_default()).await,
                mutant: None,
            };
            let machine = Machine::start(before, &net).await.unwrap();
            let chain = org.keys().administrator_in_tls(ADMINS[1]);
            let second = SeenPerson { usage: CertificateUse::Tls, chain };
            machine.node.people.see_people(vec![second], Origin::Directory).await.unwrap();
            machines.insert(org, machine);
        }
        let bundles = vec![fingerprint(&FIRST.keys().bundle(0..1))];
        let mut chain = Self {
            net,
            trace,
            machines,
            truth: 0,
            bundles,
            windows: vec![FIRST.keys().ring().window()],
            statements: vec![],
            stolen,
            published: vec![],
            away: BTreeSet::new(),
            files: 0,
        };
        for link in LINKS {
            chain.connect(link, &[]).await.unwrap();
        }
        // Lists are passed on from hub to hub.
        chain.rounds(2).await;
        chain
    }

    pub fn node(&self, of: Org) -> Arc<Node> {
        self.machines[&of].node.clone()
    }

    /// Runs it, and checks what everybody holds.
    pub async fn turn(&mut self, turn: &Turn) -> Result<(), Broken> {
        self.trace.line(format!("{turn:?}"));
        let unknowing = OTHERS.into_iter().find(|of| !self.knows_who_is_gone(*of));
        if let (Turn::ListsHaveCome, Some(of)) = (turn, unknowing) {
            return broken("lists go on from hub to hub", format!("{of} does not know who was revoked"));
        }
        let recognises = match turn {
            Turn::Connect { link, .. } if LINKS[*link].1 == FIRST => Some(self.recognises(LINKS[*link].0)),
            _ => None,
        };
        let done = self.done(turn).await;
        if let Err(fault) = &done {
            self.trace.line(format!("  {}", fault.reason));
        }
        // Exactly the organisations that have not adopted the update refuse.
        let refuses = done.is_err_and(|fault| fault.reason == Reason::ChainInvalid);
        match recognises {
            Some(true) if refuses => broken("who has taken the bundle refuses nothing", format!("{turn:?}")),
            Some(false) if !refuses && !self.is_cut_off(turn) => {
                broken("who has not taken the bundle refuses", format!("{turn:?}"))
            }
            _ => self.check().await,
        }
    }

    /// Whether the held roots prove the certificate that the first organisation shows.
    fn recognises(&self, of: Org) -> bool {
        let held = usize::try_from(self.node(of).bundles.held_sequence(&FIRST.domain())).unwrap();
        self.windows[held - 1].contains(&self.machines[&FIRST].ring.issuing())
    }

    /// Whether calls of this turn may be lost.
    fn is_cut_off(&self, turn: &Turn) -> bool {
        let Turn::Connect { link, mishaps } = turn else { return false };
        !mishaps.is_empty() || [LINKS[*link].0, LINKS[*link].1].iter().any(|org| self.away.contains(org))
    }

    fn away(&mut self, of: Org, is_away: bool) {
        self.net.set_away(of, is_away);
        if is_away {
            self.away.insert(of);
        } else {
            self.away.remove(&of);
        }
    }

    async fn done(&mut self, turn: &Turn) -> Result<(), Fault> {
        match turn {
            Turn::Change { retire } => self.change(*retire).await?,
            Turn::Connect { link, mishaps } => self.connect(LINKS[*link], mishaps).await?,
            Turn::Work { of } => self.work(*of).await?,
            Turn::Publish => self.publish().await?,
            Turn::Leave { of } => self.away(*of, true),
            Turn::Return { of } => self.away(*of, false),
            Turn::Wait { days } => self.wait(*days).await?,
            Turn::Restart { of } => self.restart(*of).await?,
            Turn::Lie { by, to, forgery } => self.lie(*by, *to, *forgery).await?,
            Turn::ListsHaveCome => {}
        }
        Ok(())
    }

    pub async fn connect(&mut self, (from, to): (Org, Org), mishaps: &[Mishap]) -> Result<(), Fault> {
        let carrier = self.net.connect(from, to, mishaps);
        let judged = carrier.clone();
        let link = Link::new(self.node(from), to.domain(), carrier, MESSAGE).without_pauses();
        let mut link = link.judged_by(move || judged.lapse());
        link.begin().await?;
        link.follow(true).await?;
        link.deliver().await
    }

    /// How many times everybody connects and does its work.
    pub async fn rounds(&mut self, count: usize) {
        for _ in 0..count {
            for link in LINKS {
                if let Err(fault) = self.connect(link, &[]).await {
                    self.trace.line(format!("  {link:?}: {fault}"));
                }
            }
            for of in Org::ALL {
                self.work(of).await.unwrap();
            }
        }
    }

    async fn work(&mut self, of: Org) -> Result<(), Fault> {
        let machine = self.machines.get_mut(&of).unwrap();
        let node = machine.node.clone();
        node.timers.fire_due_timers().await?;
        node.inbound.readmit_all().await?;
        node.outbound.forward_all(&mut machine.position).await?;
        node.receipts.answer_all().await?;
        node.ledger.sign_checkpoint().await.map(drop)
    }

    pub async fn publish(&mut self) -> Result<(), Fault> {
        let machine = &self.machines[&FIRST];
        let draft = Draft { place: "ML", tlp: "AMBER", level: 3, onward: true };
        let name = format!("A{}", self.published.len() + 1);
        let author = machine.ring.pair(Whose::Analyst).key();
        let (made, submission) = content::made(FIRST, &author, &draft, None, machine.now(), name);
        let published = machine.node.assessments.publish(&FIRST.actor(Role::Analyst), submission).await?;
        let to: Vec<_> = published.decisions.iter().filter(|d| d.release).map(|d| d.partner.to_string()).collect();
        self.trace.line(format!("  {} is published for {to:?}", made.name));
        self.published.push(made);
        Ok(())
    }

    /// Days pass. Certificates and lists are renewed in time.
    pub async fn wait(&mut self, days: u32) -> Result<(), Fault> {
        self.truth += i64::from(days) * 86_400;
        for machine in self.machines.values() {
            machine.clock.set(self.truth);
        }
        for of in Org::ALL {
            self.renew(of).await?;
        }
        Ok(())
    }

    /// All certificates and lists are renewed.
    async fn renew(&mut self, of: Org) -> Result<(), Fault> {
        let machine = self.machines.get_mut(&of).unwrap();
        let now = machine.now();
        Whose::ALL.into_iter().for_each(|whose| machine.ring.renew(of, whose, now));
        machine.ring.publish_lists(of, now, LIST_DAYS, false);
        machine.node.revocations.renew_own(machine.ring.member(of, now)?).await?;
        machine.node.identity.renew_key(machine.ring.pair(Whose::Node).key()).await?;
        self.net.shows(of, &machine.ring);
        Ok(())
    }

    async fn restart(&mut self, of: Org) -> Result<(), Fault> {
        let before = self.machines.remove(&of).unwrap().off(&self.net, None).await;
        let machine = Machine::start(before, &self.net).await?;
        self.machines.insert(of, machine);
        Ok(())
    }

    /// The roots of the next bundle.
    fn next(&self, retire: bool) -> Range<usize> {
        let Range { start, end } = self.machines[&FIRST].ring.window();
        match retire && end - start > 1 {
            true => start + 1..end,
            false => start..(end + 1).min(crate::cast::ROOTS - 1),
        }
    }

    fn bundle(&self, roots: Range<usize>) -> Vec<u8> {
        let machine = &self.machines[&FIRST];
        let roots = FIRST.keys().bundle(roots).roots().iter().map(|root| root.to_vec()).collect();
        FIRST.keys().administrator_of(ADMINS[0], 0).key().payload(wire::bundle::encode(&Bundle {
            domain: FIRST.domain(),
            sequence: self.bundles.len() as u64 + 1,
            roots,
            issued: machine.now(),
            previous: *self.bundles.last().unwrap(),
            compromised: vec![],
        }))
    }

    /// Two administrators sign whose certificates the newest root has issued.
    async fn change(&mut self, retire: bool) -> Result<(), Fault> {
        let next = self.next(retire);
        let before = self.machines[&FIRST].ring.window();
        if next == before {
            return Ok(());
        }
        if next.start > before.start {
            // Its own certificates must be of a root that stays.
            self.machines.get_mut(&FIRST).unwrap().ring.issue_by(next.start);
            self.renew(FIRST).await?;
        }
        let payload = self.bundle(next.clone());
        let signed = ADMINS.map(|name| {
            let key = FIRST.keys().administrator_of(name, before.end - 1).key();
            key.envelope(StatementKind::Bundle, payload.clone()).unwrap()
        });
        let node = self.node(FIRST);
        node.bundles.propose_bundle(&FIRST.administrator(ADMINS[0]), &signed[0], true).await?;
        node.bundles.sign_bundle(&FIRST.administrator(ADMINS[1]), &signed[1]).await?;
        let [mut both, second] = signed;
        both.signatures.extend(second.signatures);
        self.statements.push(both);
        self.windows.push(next.clone());
        self.bundles.push(fingerprint(&FIRST.keys().bundle(next.clone())));
        let machine = self.machines.get_mut(&FIRST).unwrap();
        machine.ring.use_roots(next);
        self.renew(FIRST).await
    }

    /// A false next bundle. `None` if there is nothing yet to make it from.
    fn forged(&self, forgery: Forgery) -> Option<Envelope> {
        let window = self.machines[&FIRST].ring.window();
        let newest = window.end - 1;
        // A root that the first organisation never has.
        let own = crate::cast::ROOTS - 1;
        let payload = self.bundle(own..own + 1);
        let admin = |name, root| FIRST.keys().administrator_of(name, root).key();
        let by = |keys: [watchfire::seal::sign::SigningKey; 2]| {
            let signatures = keys.map(|key| key.sign(StatementKind::Bundle, &payload).unwrap());
            Some(Envelope::new(StatementKind::Bundle, payload.clone(), signatures.into()))
        };
        match forgery {
            Forgery::OneTwice => by([admin(ADMINS[0], newest), admin(ADMINS[0], newest)]),
            Forgery::ANode => by([admin(ADMINS[0], newest), self.machines[&FIRST].ring.pair(Whose::Node).key()]),
            Forgery::Revoked if window.start > 0 => None,
            Forgery::Revoked => by([admin(ADMINS[0], newest), self.stolen.key()]),
            Forgery::OfTheNewCa => by([admin(ADMINS[0], own), admin(ADMINS[1], own)]),
            Forgery::Altered => {
                let newest = self.statements.last()?;
                Some(Envelope { payload: payload.clone(), ..newest.clone() })
            }
            Forgery::Old => self.statements.first().cloned(),
        }
    }

    /// Whether the list that revokes the stolen key has arrived there.
    pub fn knows_who_is_gone(&self, of: Org) -> bool {
        let machine = &self.machines[&of];
        let trust = machine.gate.trust().load();
        let judged =
            trust.judge_signer(self.stolen.certificates(), &VerificationTime::from(machine.now()), Accept::Held);
        judged.is_err_and(|fault| fault.reason == Reason::CertificateRevoked)
    }

    async fn lie(&self, by: Org, to: Org, forgery: Forgery) -> Result<(), Fault> {
        if forgery == Forgery::Revoked && !self.knows_who_is_gone(to) {
            return Ok(());
        }
        let Some(forged) = self.forged(forgery) else { return Ok(()) };
        self.node(to).bundles.take_bundle(&by.domain(), &forged).await
    }

    /// Each holds a bundle that the first organisation has made, and knows no other.
    pub async fn check(&self) -> Result<(), Broken> {
        for of in OTHERS {
            let node = self.node(of);
            let directory = node.directory.current();
            let held = &directory.get(&FIRST.domain()).unwrap().record;
            let place = usize::try_from(held.bundle.sequence).unwrap() - 1;
            if self.bundles.get(place) != Some(&held.bundle.fingerprint) || held.bundle.rival.is_some() {
                return broken(
                    "only what two administrators have signed counts",
                    format!("{of} holds {:?}", held.bundle),
                );
            }
            if node.ledger.alarms().await.unwrap().iter().any(|alarm| alarm.kind == AlarmKind::BundleFork) {
                return broken("a forgery is no alarm of two bundles", format!("{of} has one"));
            }
        }
        Ok(())
    }
}
