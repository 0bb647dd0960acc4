//! The end of every simulation. Clocks, links and certificates are corrected, everybody gets time, and then everything that is due must have
//! arrived, and nothing else.

use std::collections::BTreeSet;

use watchfire::{
    domain::{
        agreement::Agreement,
        assessment::states_of,
        body::Body,
        event::Deed,
        ids::{Digest, Role, StatementId},
        place::Country,
        recall::RecallState,
    },
    ledger::heads::AlarmKind,
    node::{alarms::Alarm, assessments::holders::HolderState},
    store::{AssessmentRecord, AssessmentState, ListFilter, Store, ledger::LedgerStore},
};

use crate::{
    book::{Broken, broken},
    cast::{DAYS, LINKS, Org, PAIRS},
    content::{Made, decoded},
    foes::FOE_LINKS,
    judge::{Held, in_force},
    machine::Machine,
    plan::Act,
    world::World,
};

/// More rounds than anything needs to arrive.
const ROUNDS: usize = 8;

/// Who gives to whom.
fn directions() -> Vec<(Org, Org)> {
    PAIRS.into_iter().chain([(Org::No, Org::Gb)]).collect()
}

impl World {
    /// Corrects everything, and lets all nodes come to rest.
    pub async fn heal(&mut self) -> Result<(), Broken> {
        self.trace.line("all is put right");
        self.net.heal();
        // Nobody's clock is behind the time of any signature, and the delays of agreements are over.
        self.truth = self.truth.max(self.latest) + 3 * 3_600;
        self.beside.values_mut().for_each(|beside| *beside = 0);
        self.set_clocks();
        if self.truth > i64::from(DAYS) * 86_400 / 2 || self.is_clock_moved {
            for of in Org::ALL {
                self.must(Act::RenewAll { of, same_keys: false }).await?;
            }
        }
        self.confirm_roots_and_lists().await?;
        for (a, b) in PAIRS {
            for (by, of) in [(a, b), (b, a)] {
                if self.node(by).directory.current().active(&of.domain()).is_err() {
                    self.must(Act::ResumePartner { by, of }).await?;
                }
            }
        }
        self.must(Act::Know { by: Org::Gh, of: Org::Gb }).await?;
        // Every node processes its calendar.
        for of in Org::ALL {
            self.must(Act::Turn { of }).await?;
        }
        self.come_to_rest().await?;
        // Each giver counts delays from when it had the assessment itself, and what a partner could not verify is offered again after a day.
        self.truth += 25 * 3_600;
        self.set_clocks();
        self.come_to_rest().await?;
        if self.foes.is_some() {
            // Whatever hostile members have sent, every node starts again.
            for of in Org::ALL {
                self.must(Act::PowerCut { of }).await?;
            }
        }
        Ok(())
    }

    /// New lists for those that had lists, and every root is confirmed everywhere.
    async fn confirm_roots_and_lists(&mut self) -> Result<(), Broken> {
        for of in Org::ALL {
            if self.machines[&of].ring.has_lists() {
                self.must(Act::Lists { of, days: 3_650, forget: false }).await?;
            }
            if !self.machines[&of].ring.has_new_root() {
                continue;
            }
            // The hostile members need valid certificates in order to be admitted.
            let everybody: Vec<Org> = self.machines.keys().copied().collect();
            for by in everybody {
                if self.node(by).directory.current().get(&of.domain()).is_some() {
                    self.must(Act::Confirm { by, of }).await?;
                }
            }
        }
        Ok(())
    }

    /// A step that must succeed now.
    async fn must(&mut self, act: Act) -> Result<(), Broken> {
        match self.step(usize::MAX, &act.clone().into()).await? {
            None => Ok(()),
            Some(fault) => broken("with everything put right, all works", format!("{act:?}: {fault}")),
        }
    }

    async fn come_to_rest(&mut self) -> Result<(), Broken> {
        for _ in 0..ROUNDS {
            let before = self.standing().await;
            for (from, to) in LINKS {
                self.must(Act::Connect { from, to, mishaps: vec![] }).await?;
            }
            for of in Org::ALL {
                self.must(Act::Turn { of }).await?;
            }
            if self.foes.is_some() {
                self.foes_go_on().await?;
            }
            if self.standing().await == before {
                return Ok(());
            }
        }
        broken("with everything put right, all comes to rest", format!("not after {ROUNDS} rounds"))
    }

    /// The hostile members continue too. Faults that they get don't matter, but faults of honest nodes with them do.
    async fn foes_go_on(&mut self) -> Result<(), Broken> {
        for (from, to) in FOE_LINKS {
            let connect = Act::Connect { from, to, mishaps: vec![] };
            if from.is_hostile() {
                self.step(usize::MAX, &connect.into()).await?;
            } else {
                self.must(connect).await?;
            }
        }
        for of in Org::FOES {
            self.step(usize::MAX, &Act::Turn { of }.into()).await?;
        }
        Ok(())
    }

    /// Everything that shows that work is still in progress.
    async fn standing(&self) -> Vec<(u64, u64, usize)> {
        let mut all = vec![];
        for (a, b) in PAIRS.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
            let store = self.machines[&a].disk.store().unwrap();
            let store: &dyn Store = &*store;
            let out = store.outbound(&b.domain()).await.unwrap();
            all.push((
                out.sequence,
                out.acknowledged,
                store.outbox(&b.domain(), -1_000_000, 1_000).await.unwrap().len(),
            ));
        }
        all
    }

    /// The final checks.
    pub async fn check_the_end(&self) -> Result<(), Broken> {
        for (giver, taker) in directions() {
            self.check_arrived(&self.machines[&giver], &self.machines[&taker]).await?;
        }
        for (giver, taker) in directions() {
            self.check_numbers(&self.machines[&giver], &self.machines[&taker]).await?;
        }
        for (a, b) in PAIRS {
            self.check_agreed(&self.machines[&a], &self.machines[&b]).await?;
        }
        for made in &self.book.made {
            self.check_recall(made).await?;
        }
        for machine in self.machines.values() {
            self.book.check_own(machine).await?;
            self.check_about_itself(machine).await?;
            self.check_ledger(machine).await?;
        }
        self.check_foes().await
    }

    /// Both sides have the same agreements in force.
    async fn check_agreed(&self, a: &Machine, b: &Machine) -> Result<(), Broken> {
        let (one, other) = (a.disk.store().unwrap(), b.disk.store().unwrap());
        let one = in_force(&Store::agreements(&*one).await.unwrap(), b.org, a.now());
        let other = in_force(&Store::agreements(&*other).await.unwrap(), a.org, b.now());
        let ids = |all: &[(StatementId, Agreement)]| all.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>();
        if ids(&one) != ids(&other) {
            let what = format!("{} has {} in force with {}, which has {}", a.org, one.len(), b.org, other.len());
            return broken("both sides take the same for agreed", what);
        }
        Ok(())
    }

    /// Everything that was numbered is stored there and acknowledged here, and nothing waits.
    async fn check_numbers(&self, giver: &Machine, taker: &Machine) -> Result<(), Broken> {
        let (from, to) = (giver.disk.store().unwrap(), taker.disk.store().unwrap());
        let out = Store::outbound(&*from, &taker.org.domain()).await.unwrap();
        let stored = Store::inbound(&*to, &giver.org.domain()).await.unwrap().sequence;
        let waiting = Store::due(&*from, &taker.org.domain(), giver.now(), 10).await.unwrap().len();
        if (out.sequence, out.sequence, 0) != (out.acknowledged, stored, waiting) {
            let what = format!(
                "{} gave {} {} entries: {stored} stored, {} acknowledged, {waiting} waiting",
                giver.org, taker.org, out.sequence, out.acknowledged
            );
            return broken("whatever is given arrives", what);
        }
        Ok(())
    }

    /// Everything that was given and may be given now is shown, and its taker shows it to its users.
    async fn check_arrived(&self, giver: &Machine, taker: &Machine) -> Result<(), Broken> {
        let (from, to) = (giver.disk.store().unwrap(), taker.disk.store().unwrap());
        let (from, to): (&dyn Store, &dyn Store) = (&*from, &*to);
        let records = from.agreements().await.unwrap();
        let agreements = in_force(&records, taker.org, giver.now());
        let agreements: Vec<_> = agreements.into_iter().map(|(_, a)| a).collect();
        for record in all_current(from).await {
            if record.state.is_recalled() {
                continue;
            }
            let held = Held::of(&record, &records, giver.now());
            let due = held.may_go((giver.org, taker.org), agreements.clone(), None, &giver.rules, giver.now(), None);
            let given = self.book.given.get(&(giver.org, taker.org, record.manifest_id));
            let given: BTreeSet<Digest> = given.into_iter().flat_map(|g| g.values()).flatten().copied().collect();
            let due: BTreeSet<Digest> = due.intersection(&given).copied().collect();
            // A version that a later one has overtaken on another way is not kept.
            let newest = to.assessment(&record.assessment, None, false).await.unwrap();
            if newest.is_some_and(|n| n.version > record.version) {
                continue;
            }
            let is_known = taker.node.directory.current().get(&record.originator).is_some()
                || record.originator == taker.node.organisation().domain;
            let is_partner = taker.node.directory.current().active(&record.originator).is_ok();
            if self.book.is_revoked(&record.manifest_id) && !is_partner {
                continue;
            }
            if due.is_empty() || !is_known || !self.book.is_provable(giver.org, taker.org, &record.manifest_id) {
                continue;
            }
            let name = self.book.name(&record.manifest_id);
            let there = to.by_manifest(&record.manifest_id, false).await.unwrap();
            let portions = there.map(|r| r.portions).unwrap_or_default();
            let has: BTreeSet<Digest> = portions.iter().map(|p| decoded(&record.assessment, p).0).collect();
            if !due.is_subset(&has) {
                let events = to.events_of(&record.manifest_id).await.unwrap();
                let why = events.into_iter().filter_map(|event| match event.deed {
                    Deed::Received { partner, quarantined, .. } => Some((partner.to_string(), quarantined)),
                    _ => None,
                });
                let why: Vec<_> = why.collect();
                let what = format!(
                    "{} has {} of {} portions of {name} that {} may give it; what came: {why:?}",
                    taker.org,
                    due.intersection(&has).count(),
                    due.len(),
                    giver.org
                );
                return broken("what is due has arrived", what);
            }
        }
        Ok(())
    }

    /// No recalled assessment is left anywhere, and its author has the answer of everybody to whom it gave any of it.
    async fn check_recall(&self, made: &Made) -> Result<(), Broken> {
        let home = &self.machines[&made.by];
        let store = home.disk.store().unwrap();
        let store: &dyn Store = &*store;
        if store.recall_of(&made.by.domain(), &made.assessment).await.unwrap().is_none() {
            return Ok(());
        }
        for machine in self.machines.values() {
            let store = machine.disk.store().unwrap();
            let store: &dyn Store = &*store;
            let Some(record) = store.by_manifest(&made.manifest, true).await.unwrap() else { continue };
            let analyst = machine.org.actor(Role::Analyst);
            let read = machine.node.assessments.read(&analyst, &made.assessment, Some(made.version), false).await;
            let mut portions = read.map_or(0, |view| view.record.portions.len());
            // Withdrawn content stays for oversight. Of purged content nothing is left for anybody.
            let here = store.recall_of(&made.by.domain(), &made.assessment).await.unwrap();
            if here.is_some_and(|r| r.standing.state == RecallState::Purged) {
                let officer = machine.org.actor(Role::Officer);
                let read = machine.node.assessments.read(&officer, &made.assessment, Some(made.version), true).await;
                portions += read.map_or(0, |view| view.record.portions.len());
            }
            let is_sealed = record.state.is_recalled() || record.state == AssessmentState::Quarantined;
            if !is_sealed || portions > 0 {
                let what = format!("{} holds {}: {}, {portions} portions", machine.org, made.name, record.state);
                return broken("what was recalled is shown nowhere", what);
            }
        }
        let holders = home.node.assessments.holders(&home.org.actor(Role::Officer), &made.assessment).await.unwrap();
        for holder in holders.all.iter().filter(|h| h.through.is_empty()) {
            if matches!(holder.state, HolderState::Pending | HolderState::Unreachable | HolderState::Held) {
                let what = format!("{} of {} is {} there", made.name, holder.organisation, holder.state);
                return broken("every holder has answered", what);
            }
        }
        Ok(())
    }

    /// No state holds anything about itself, not even in quarantine.
    async fn check_about_itself(&self, machine: &Machine) -> Result<(), Broken> {
        let Some(own) = machine.org.organisation().country else { return Ok(()) };
        let store = machine.disk.store().unwrap();
        let store: &dyn Store = &*store;
        for made in self.book.made.iter().filter(|m| m.by != machine.org && is_about(m, own)) {
            if store.by_manifest(&made.manifest, true).await.unwrap().is_some() {
                return broken("no state holds anything about itself", format!("{} holds {}", machine.org, made.name));
            }
        }
        Ok(())
    }

    /// The ledger is complete, everything that was ever shown of it is true, and nobody has a reason for an alarm.
    async fn check_ledger(&self, machine: &Machine) -> Result<(), Broken> {
        let org = machine.org;
        let store = machine.disk.store().unwrap();
        let check = LedgerStore::verify_ledger(&*store, Box::new(|_| ())).await.unwrap();
        if let Some(fault) = check.fault {
            return broken("the ledger verifies", format!("{org}: {}", fault.what));
        }
        for (size, root) in self.book.heads.get(&org).into_iter().flatten() {
            if store.ledger_root(*size).await.unwrap() != Some(*root) {
                return broken(
                    "every head is a beginning of the ledger",
                    format!("{org} has told one of {size} entries"),
                );
            }
        }
        // A node that shows its ledger for the first time with a wrong clock is not believed, and an alarm says so. A node that shows nothing,
        // because a certificate or a list has ended, counts as missing until it speaks again.
        let is_of =
            |a: &Alarm, pairs: &BTreeSet<(Org, Org)>| Org::of(&a.partner).is_some_and(|p| pairs.contains(&(org, p)));
        let is_strange =
            |a: &Alarm| is_of(a, &self.strangers) || (is_of(a, &self.book.silent) && !machine.node.ledger.is_open(a));
        let alarms = machine.node.ledger.alarms().await.unwrap();
        let is_honest = |a: &&Alarm| !org.is_hostile() && !Org::of(&a.partner).is_some_and(Org::is_hostile);
        if let Some(alarm) = alarms.iter().filter(is_honest).find(|a| a.kind != AlarmKind::NoAnswer || !is_strange(a)) {
            return broken("nobody has cause for alarm", format!("{org} about {}: {}", alarm.partner, alarm.what));
        }
        if machine.node.ledger.is_behind() {
            return broken("nobody has cause for alarm", format!("{org} is behind"));
        }
        Ok(())
    }
}

fn is_about(made: &Made, country: Country) -> bool {
    made.portions.iter().any(|(_, portion)| match &portion.body {
        Body::Subject(subject) => {
            states_of(subject, subject.period.from.start(), subject.period.until.start()).contains(&country)
        }
        _ => false,
    })
}

/// The latest versions that a node shows.
async fn all_current(store: &dyn Store) -> Vec<AssessmentRecord> {
    let (mut all, mut before) = (vec![], None);
    loop {
        let filter = ListFilter { current_only: true, whole: true, limit: 500, before, ..ListFilter::default() };
        let page = store.list(&filter).await.unwrap();
        before = page.next;
        all.extend(page.whole().unwrap());
        if before.is_none() {
            return all;
        }
    }
}
