//! The world: all machines, the network and the book, and how one step of a plan is run.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, OnceLock},
};

use watchfire::{
    domain::{
        budget::Budgets,
        bundle::HeldBundle,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Role, Sha256},
        partner::{Endpoint, PartnerState},
    },
    node::Node,
    peer::link::Link,
    store::{AgreementRecord, PartnerRecord, Store},
};

use crate::{
    book::{Book, Broken, broken},
    cast::{LINKS, Org, PAIRS, Whose},
    clock::{SimClock, begin},
    content,
    disk::{self, Files},
    foes::{FOE_LINKS, FOE_PAIRS, Foes},
    machine::{Before, MESSAGE, Machine, rule_files},
    mutants::Mutant,
    net::{Mishap, Net, Seen},
    plan::{Act, Step, Terms},
    trace::Trace,
};

/// The agreement with which everybody begins.
pub const FIRST: Terms =
    Terms { max_tlp: "AMBER", all_kinds: true, delay_hours: 0, onward: true, days: 4_000, purge: true };

/// The first disks, with partners that know each other and agreements in force: among the honest organisations only, and with hostile members.
static BEGINNING: OnceLock<[BTreeMap<Org, Files>; 2]> = OnceLock::new();

pub struct World {
    pub net: Arc<Net>,
    pub trace: Arc<Trace>,
    pub machines: BTreeMap<Org, Machine>,
    pub book: Book,
    pub mutant: Option<Mutant>,
    /// Seconds since the beginning.
    pub truth: i64,
    /// Whether certificates may have been made with a wrong clock.
    pub is_clock_moved: bool,
    /// Pairs of which one had not shown the other its ledger yet when a clock of the two went wrong.
    pub strangers: BTreeSet<(Org, Org)>,
    /// The latest time that any clock has shown.
    pub latest: i64,
    pub beside: BTreeMap<Org, i64>,
    /// What the hostile members have done, if there are any.
    pub foes: Option<Foes>,
}

/// Makes the first disks, once.
pub async fn prepare(folder: &Path) {
    let both = [beginning(folder, false).await, beginning(folder, true).await];
    let _ = BEGINNING.set(both);
}

/// Every organisation with a node.
fn everybody(with_foes: bool) -> impl Iterator<Item = Org> + Clone {
    Org::ALL.into_iter().chain(Org::FOES.into_iter().filter(move |_| with_foes))
}

async fn beginning(folder: &Path, with_foes: bool) -> BTreeMap<Org, Files> {
    let mut all = BTreeMap::new();
    let mut agreements: BTreeMap<Org, Vec<AgreementRecord>> = BTreeMap::new();
    let hostile = FOE_PAIRS.into_iter().filter(|_| with_foes);
    let pairs: Vec<(Org, Org)> = PAIRS.into_iter().chain(hostile).collect();
    for (a, b) in pairs.iter().copied() {
        let [first, second] = content::in_force(a, b, &FIRST);
        agreements.entry(a).or_default().push(first);
        agreements.entry(b).or_default().push(second);
    }
    for org in everybody(with_foes) {
        let mine = agreements.remove(&org).unwrap_or_default();
        let fill = async |store: &watchfire::store::sqlite::SqliteStore| {
            for other in Org::ALL.into_iter().chain([Org::Rogue]).chain(Org::FOES) {
                let is_partner = pairs.contains(&(org, other)) || pairs.contains(&(other, org));
                let record = partner(org, other, if is_partner { PartnerState::Active } else { PartnerState::Known });
                // Everybody knows the writers, or nothing that comes through hubs could be shown. There is one exception.
                let is_known =
                    matches!(other, Org::Gb | Org::No) && (org, other) != (Org::Bf, Org::No) && !org.is_hostile();
                if other != org && (is_partner || is_known) {
                    let deed = Deed::PartnerChanged {
                        partner: other.domain(),
                        fingerprint: String::new(),
                        state: "active".into(),
                    };
                    store.save_partner(record, Event::of_node(begin(), deed)).await.unwrap();
                }
            }
            store.save_agreements(mine, None, vec![]).await.unwrap();
        };
        all.insert(org, disk::made(&folder.join(format!("first-{org}")), fill).await);
    }
    all
}

fn dials(org: Org, other: Org) -> bool {
    LINKS.contains(&(org, other)) || FOE_LINKS.contains(&(org, other))
}

fn partner(org: Org, other: Org, state: PartnerState) -> PartnerRecord {
    let endpoint: Option<Endpoint> = dials(org, other).then(|| format!("{other}.example:4433").parse().unwrap());
    let roots = vec![other.keys().root().to_vec()];
    let bundle = HeldBundle::new(1, Sha256(other.keys().bundle(0..1).fingerprint().0), begin());
    PartnerRecord {
        organisation: other.organisation(),
        endpoint,
        roots,
        bundle,
        state,
        introduces: false,
        accepted_at: begin(),
    }
}

/// Waits until nothing is in progress any more. The code that runs the step waits for it no longer than for anything else.
pub async fn at_rest() {
    let metrics = tokio::runtime::Handle::current().metrics();
    while metrics.num_alive_tasks() > 0 {
        tokio::time::sleep(std::time::Duration::from_micros(50)).await;
    }
}

impl World {
    pub async fn begin(folder: &Path, mutant: Option<Mutant>, trace: Arc<Trace>, foes: Option<Budgets>) -> Self {
        let with_foes = foes.is_some();
        let net = Net::with(trace.clone(), mutant, foes.unwrap_or_default());
        net.shows(Org::Rogue, &Org::Rogue.keys().ring());
        let mut machines = BTreeMap::new();
        for org in everybody(with_foes) {
            let before = Before {
                org,
                clock: SimClock::default(),
                ring: org.keys().ring(),
                rules: vec![],
                head: Arc::default(),
                keys: Arc::default(),
                folder: folder.to_owned(),
                life: 1,
                files: BEGINNING.get().unwrap()[usize::from(with_foes)][&org].clone(),
                mutant,
            };
            machines.insert(org, Machine::start(before, &net).await.unwrap());
        }
        let beside = everybody(with_foes).map(|org| (org, 0)).collect();
        let book = Book::without(mutant.and_then(Mutant::rule));
        Self {
            net,
            trace,
            machines,
            book,
            mutant,
            truth: 0,
            is_clock_moved: false,
            strangers: BTreeSet::new(),
            latest: 0,
            beside,
            foes: with_foes.then(Foes::default),
        }
    }

    pub fn node(&self, org: Org) -> Arc<Node> {
        self.machines[&org].node.clone()
    }

    /// Runs a step, and checks its results against the book. Returns the fault with which it was refused, if it was.
    pub async fn step(&mut self, number: usize, step: &Step) -> Result<Option<Fault>, Broken> {
        let cut = step.cut.map(|(org, cut)| format!(", {org} loses its power: {cut:?}")).unwrap_or_default();
        let number = if number == usize::MAX { "end".to_owned() } else { number.to_string() };
        self.trace.line(format!("{number}: {:?}{cut}", step.act));
        for (org, machine) in &self.machines {
            machine.disk.step(step.cut.filter(|(of, _)| of == org).map(|(_, cut)| cut));
        }
        let done = self.act(&step.act).await;
        at_rest().await;
        self.trace.line(match &done {
            Ok(said) => format!("  {said}"),
            Err(fault) => format!("  {}", fault.reason),
        });
        let seen = self.net.seen();
        let promised: BTreeSet<Org> = seen.iter().filter_map(Seen::promised_by).collect();
        self.book.see(seen, &self.machines, &self.trace).await?;
        // If nothing was written and nothing was promised, everything is as it was after the step before.
        let touched = self.machines.values().filter(|m| m.disk.is_written() || promised.contains(&m.org));
        for machine in touched {
            self.book.check_inbound(machine).await?;
            self.book.check_own(machine).await?;
            self.book.check_record(machine).await?;
            self.book.remember_revocations(machine).await;
        }
        for machine in self.machines.values() {
            self.check_thieves(machine)?;
        }
        if let Some(broken) = self.foes.as_mut().and_then(|foes| foes.broken.take()) {
            return Err(broken);
        }
        if let Err(fault) = &done
            && fault.reason == Reason::Internal
        {
            return broken("nothing fails inside", format!("{:?}: {fault}", step.act));
        }
        let off: Vec<Org> = self.machines.values().filter(|m| !m.disk.is_on()).map(|m| m.org).collect();
        for org in off {
            self.restart(org).await?;
        }
        Ok(done.err())
    }

    /// A machine comes back after its power was cut.
    pub async fn restart(&mut self, org: Org) -> Result<(), Broken> {
        self.trace.line(format!("  {org} starts again"));
        let before = self.machines.remove(&org).unwrap().off(&self.net, self.mutant).await;
        let machine = Machine::start(before, &self.net).await;
        let machine = machine.or_else(|fault| broken("a node starts after a power cut", format!("{org}: {fault}")))?;
        at_rest().await;
        self.book.restarted(org);
        self.book.check_inbound(&machine).await?;
        self.book.check_own(&machine).await?;
        // This comes first: what was given and decided before the cut is judged by the agreements of that time.
        self.book.judge_waiting(&machine).await?;
        self.book.check_record(&machine).await?;
        self.check_thieves(&machine)?;
        self.machines.insert(org, machine);
        Ok(())
    }

    async fn act(&mut self, act: &Act) -> Result<String, Fault> {
        match act {
            Act::Publish { .. } | Act::Correct { .. } | Act::Recall { .. } | Act::Read { .. } => self.write(act).await,
            Act::Propose { .. } | Act::Sign { .. } | Act::Stop { .. } => self.agree(act).await,
            Act::Connect { from, to, mishaps } => self.connect(*from, *to, mishaps).await,
            Act::Turn { of } => self.turn(*of).await,
            Act::Hostile(attack) => self.attack(attack).await,
            Act::HouseRules { of, rules } => self.house_rules(*of, rules).await,
            Act::Revoke { of, .. }
            | Act::Renew { of, .. }
            | Act::RenewAll { of, .. }
            | Act::RenewRoot { of }
            | Act::Lists { of, .. } => self.change_own(*of, act).await,
            Act::SuspendPartner { .. }
            | Act::ResumePartner { .. }
            | Act::Know { .. }
            | Act::Forget { .. }
            | Act::Confirm { .. } => self.change_partner(act).await,
            Act::Wait { .. }
            | Act::SetClock { .. }
            | Act::Break { .. }
            | Act::Mend { .. }
            | Act::Leave { .. }
            | Act::Return { .. }
            | Act::PowerCut { .. } => {
                self.surroundings(act).await;
                Ok("so it is".to_owned())
            }
        }
    }

    async fn write(&mut self, act: &Act) -> Result<String, Fault> {
        let count = self.book.made.len();
        match act {
            Act::Publish { by, draft } => self.publish(*by, draft, None).await,
            Act::Correct { nth, draft } if count > 0 => {
                let first = &self.book.made[usize::from(*nth) % count];
                let last = self.book.made.iter().rev().find(|m| m.assessment == first.assessment && m.is_answered);
                let Some(last) = last.cloned() else { return Ok("nothing to correct".to_owned()) };
                self.publish(last.by, draft, Some(&last)).await
            }
            Act::Recall { nth, purge } if count > 0 => self.recall(usize::from(*nth) % count, *purge).await,
            Act::Read { by, nth } if count > 0 => {
                let id = self.book.made[usize::from(*nth) % count].assessment;
                let view = self.node(*by).assessments.read(&by.actor(Role::Analyst), &id, None, false).await?;
                Ok(format!(
                    "{by} reads {}: {} portions",
                    self.book.name(&view.record.manifest_id),
                    view.record.portions.len()
                ))
            }
            _ => Ok("there is nothing yet".to_owned()),
        }
    }

    pub async fn publish(
        &mut self,
        by: Org,
        draft: &crate::plan::Draft,
        before: Option<&content::Made>,
    ) -> Result<String, Fault> {
        let done = self.publish_beside(by, draft, before).await;
        at_rest().await;
        done
    }

    /// While other things are in progress.
    pub async fn publish_beside(
        &mut self,
        by: Org,
        draft: &crate::plan::Draft,
        before: Option<&content::Made>,
    ) -> Result<String, Fault> {
        let machine = &self.machines[&by];
        let count = self.book.made.iter().filter(|m| m.version == 1).count();
        let name = before.map_or_else(
            || format!("A{}", count + 1),
            |b| format!("{}v{}", b.name.split('v').next().unwrap_or_default(), b.version + 1),
        );
        let author = machine.ring.pair(Whose::Analyst);
        let (mut made, submission) = content::made(by, &author.key(), draft, before, machine.now(), name.clone());
        made.provable_until = author.until();
        let number = self.book.made.len();
        self.book.made.push(made);
        let node = machine.node.clone();
        let published = node.assessments.publish(&by.actor(Role::Analyst), submission).await?;
        self.book.made[number].is_answered = true;
        let to: BTreeSet<String> =
            published.decisions.iter().filter(|d| d.release).map(|d| d.partner.to_string()).collect();
        Ok(format!("{name} is published for {to:?}"))
    }

    pub async fn recall(&mut self, number: usize, purge: bool) -> Result<String, Fault> {
        let made = self.book.made[number].clone();
        let machine = &self.machines[&made.by];
        let envelope = content::recall(&machine.ring.pair(Whose::Officer).key(), &made, purge, machine.now());
        let issued = machine.node.recalls.recall(&made.by.actor(Role::Officer), &envelope, false).await?;
        self.book.recalled.insert(number);
        Ok(format!("{} is recalled from {}", made.name, issued.told.len()))
    }

    /// As `peer/follower.rs` does it: first what comes first on a connection, then the feed until there is no more.
    async fn connect(&mut self, from: Org, to: Org, mishaps: &[Mishap]) -> Result<String, Fault> {
        let carrier = self.net.connect(from, to, mishaps);
        let judged = carrier.clone();
        let link = Link::new(self.node(from), to.domain(), carrier, MESSAGE).without_pauses();
        let mut link = link.judged_by(move || judged.lapse());
        link.begin().await?;
        link.follow(true).await?;
        // What arrived in the meantime waits in the outbox.
        link.deliver().await?;
        Ok("caught up".to_owned())
    }

    /// What `app` makes a node do besides its calls.
    async fn turn(&mut self, of: Org) -> Result<String, Fault> {
        let machine = self.machines.get_mut(&of).unwrap();
        let node = machine.node.clone();
        node.timers.fire_due_timers().await?;
        node.inbound.readmit_all().await?;
        node.outbound.forward_all(&mut machine.position).await?;
        node.receipts.answer_all().await?;
        node.ledger.sign_checkpoint().await?;
        Ok("done".to_owned())
    }

    async fn house_rules(&mut self, of: Org, rules: &[usize]) -> Result<String, Fault> {
        let machine = self.machines.get_mut(&of).unwrap();
        if self.mutant != Some(Mutant::Lawless) {
            machine.node.rules.renew_rules(Ok(Some(rule_files(rules)))).await?;
        }
        machine.rules = rules.to_vec();
        Ok("in force".to_owned())
    }

    /// The certificates, roots and lists of the organisation.
    async fn change_own(&mut self, of: Org, act: &Act) -> Result<String, Fault> {
        if matches!(act, Act::Revoke { .. }) {
            // What was signed in the second of a revocation counts as signed after it. People are slower than that here.
            self.truth += 60;
            self.set_clocks();
        }
        let machine = self.machines.get_mut(&of).unwrap();
        let (now, ring) = (machine.now(), &mut machine.ring);
        match act {
            Act::Revoke { whose, .. } => {
                if *whose == Whose::Analyst {
                    self.book.author_revoked(of, now);
                }
                ring.revoke(of, *whose, now);
                ring.renew(of, *whose, now);
            }
            Act::Renew { whose, .. } => ring.renew(of, *whose, now),
            Act::RenewAll { same_keys: true, .. } => {
                Whose::ALL.into_iter().for_each(|whose| ring.reissue(of, whose, now))
            }
            Act::RenewAll { .. } => Whose::ALL.into_iter().for_each(|whose| ring.renew(of, whose, now)),
            Act::RenewRoot { .. } => ring.renew_root(),
            Act::Lists { days, forget, .. } => ring.publish_lists(of, now, *days, *forget),
            _ => unreachable!(),
        }
        if matches!(act, Act::Revoke { .. } | Act::RenewRoot { .. } | Act::Lists { .. }) {
            let own = machine.ring.member(of, now)?;
            machine.node.revocations.renew_own(own).await?;
        }
        let machine = &self.machines[&of];
        self.net.shows(of, &machine.ring);
        if matches!(
            act,
            Act::Revoke { whose: Whose::Node, .. } | Act::Renew { whose: Whose::Node, .. } | Act::RenewAll { .. }
        ) {
            machine.node.identity.renew_key(machine.ring.pair(Whose::Node).key()).await?;
        }
        Ok("in use".to_owned())
    }

    async fn surroundings(&mut self, act: &Act) {
        match act {
            Act::Wait { minutes } => self.truth += i64::from(*minutes) * 60,
            Act::SetClock { of, beside } => {
                self.is_clock_moved |= *beside != 0;
                let concerned =
                    LINKS.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]).filter(|(a, b)| of == a || of == b);
                let strangers = concerned.filter(|pair| *beside != 0 && !self.book.met.contains(pair));
                self.strangers.extend(strangers.flat_map(|(a, b)| [(a, b), (b, a)]));
                self.beside.insert(*of, *beside);
            }
            Act::Break { a, b } => self.net.set_broken(*a, *b, true),
            Act::Mend { a, b } => self.net.set_broken(*a, *b, false),
            Act::Leave { of } => self.net.set_away(*of, true),
            Act::Return { of } => self.net.set_away(*of, false),
            Act::PowerCut { of } => self.machines[of].disk.cut().await,
            _ => unreachable!(),
        }
        self.set_clocks();
    }

    pub fn set_clocks(&mut self) {
        for (org, machine) in &self.machines {
            let shown = self.truth + self.beside[org];
            self.latest = self.latest.max(shown);
            machine.clock.set(shown);
        }
    }
}
