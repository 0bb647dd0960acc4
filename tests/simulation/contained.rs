//! The most that hostile members may have caused, counted at the end at each honest node.

use watchfire::{
    domain::{budget::NAMES, event::Deed},
    store::{
        Store,
        recalls::{RecallName, RecallStore},
        unverified::UnverifiedStore,
    },
};

use crate::{
    book::{Broken, broken},
    cast::Org,
    foes::Done,
    machine::Machine,
    world::World,
};

/// Requests of one partner in an hour.
const REQUESTS: u64 = 120;
/// How many entries about lies concerning a ledger one attack may cause.
const ALARMS: u64 = 8;
/// How many recalls of one pair are kept although they can't be verified.
const MAX_UNVERIFIED: usize = 256;

/// What one hostile member has caused in a ledger.
#[derive(Debug, Default)]
struct Caused {
    recalls: u64,
    receipts: u64,
    requests: u64,
    refusals: u64,
    alarms: u64,
}

impl World {
    pub async fn check_foes(&self) -> Result<(), Broken> {
        let Some(foes) = &self.foes else { return Ok(()) };
        let nothing = Done::default();
        for machine in self.machines.values().filter(|m| !m.org.is_hostile()) {
            let store = machine.disk.store().unwrap();
            if let Some(trouble) = Store::failure(&*store) {
                return broken("no store is in trouble", format!("{}: {trouble}", machine.org));
            }
            self.check_caused(machine, foes.done.get(&machine.org).unwrap_or(&nothing)).await?;
            self.check_kept(machine).await?;
            self.check_taken_back(machine).await?;
        }
        Ok(())
    }

    async fn check_caused(&self, machine: &Machine, done: &Done) -> Result<(), Broken> {
        let (store, budgets) = (machine.disk.store().unwrap(), &self.net.budgets);
        let mut caused = Caused::default();
        for event in Store::events(&*store, 0, 1_000_000).await.unwrap() {
            caused.count(&event.deed);
        }
        // It may recall what it has published, each twice: first withdrawn, and then purged.
        let is_hub = machine.org == Org::Ecowas;
        let own = self.book.made.iter().filter(|made| is_hub && made.by == Org::Loud).count() as u64;
        // Between two attacks a budget may refill completely, but not more.
        let most = Caused {
            recalls: 2 * own + done.recalls * u64::from(budgets.recalls_at_once),
            receipts: done.receipts * u64::from(budgets.receipts_at_once),
            requests: done.requests * REQUESTS,
            refusals: done.refusals * 2,
            alarms: done.numbers * ALARMS,
        };
        if caused.is_more_than(&most) {
            let what = format!("{}: {caused:?}, and at most {most:?}", machine.org);
            return broken("what a partner brings into a ledger is within its budgets", what);
        }
        Ok(())
    }

    /// Entries that can't be verified, and recalls.
    async fn check_kept(&self, machine: &Machine) -> Result<(), Broken> {
        let (store, budgets, names) = (machine.disk.store().unwrap(), &self.net.budgets, u64::from(NAMES));
        let (most_entries, most_bytes) = (u64::from(budgets.held_entries), u64::from(budgets.held_bytes));
        let usage = UnverifiedStore::unverified_usage(&*store, None).await.unwrap();
        for one in &usage {
            let of_it = usage.iter().filter(|u| u.partner == one.partner);
            let all = of_it.fold((0, 0), |(entries, bytes), u| (entries + u.entries, bytes + u.bytes));
            let is_within = one.entries <= most_entries / names && one.bytes <= most_bytes / names;
            if !is_within || all.0 > most_entries || all.1 > most_bytes {
                return broken("what is held of a partner is within its budgets", format!("{}: {one:?}", machine.org));
            }
        }
        let unverified = RecallStore::unverified_recall_names(&*store).await.unwrap();
        let of_pair =
            |a: &RecallName| unverified.iter().filter(|b| (&b.from, &b.originator) == (&a.from, &a.originator)).count();
        if let Some(name) = unverified.iter().find(|name| of_pair(name) > MAX_UNVERIFIED) {
            return broken("what is held of a partner is within its budgets", format!("{}: {name:?}", machine.org));
        }
        Ok(())
    }

    /// Nobody recalls what another organisation has written, and what a hostile hub makes up is shown to nobody.
    async fn check_taken_back(&self, machine: &Machine) -> Result<(), Broken> {
        let store = machine.disk.store().unwrap();
        for made in &self.book.made {
            let home = self.machines[&made.by].disk.store().unwrap();
            let of = made.by.domain();
            let here = RecallStore::recall_of(&*store, &of, &made.assessment).await.unwrap();
            if here.is_some() && RecallStore::recall_of(&*home, &of, &made.assessment).await.unwrap().is_none() {
                return broken(
                    "nobody recalls what another organisation published",
                    format!("{} of {}", made.name, machine.org),
                );
            }
            let is_reader = matches!(machine.org, Org::Gh | Org::Bf);
            if made.by.is_hostile()
                && is_reader
                && Store::by_manifest(&*store, &made.manifest, false).await.unwrap().is_some()
            {
                return broken(
                    "what nobody could verify is shown to nobody",
                    format!("{}: {}", machine.org, made.name),
                );
            }
        }
        Ok(())
    }
}

impl Caused {
    fn count(&mut self, deed: &Deed) {
        let is_hostile = |domain| Org::of(domain).is_some_and(Org::is_hostile);
        match deed {
            Deed::Recalled { originator, .. } if is_hostile(originator) => self.recalls += 1,
            Deed::Answered { partner, .. } | Deed::Stored { partner, .. } if is_hostile(partner) => self.receipts += 1,
            Deed::HolderAnswered { holder, .. } if is_hostile(holder) => self.receipts += 1,
            Deed::Requested { partner, outgoing: false, .. } if is_hostile(partner) => self.requests += 1,
            Deed::Refused { partner, .. } if is_hostile(partner) => self.refusals += 1,
            Deed::LedgerAlarm { partner, .. } if Org::of(partner) == Some(Org::Rogue) => self.alarms += 1,
            _ => {}
        }
    }

    fn is_more_than(&self, most: &Self) -> bool {
        self.recalls > most.recalls
            || self.receipts > most.receipts
            || self.requests > most.requests
            || self.refusals > most.refusals
            || self.alarms > most.alarms
    }
}
