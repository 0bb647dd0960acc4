//! Compares a node's own record of a step with the oracle: each decision must be the oracle's, neither more nor less.

use std::collections::BTreeSet;

use watchfire::{
    domain::{
        event::{Deed, Event, PortionDecision},
        ids::{Digest, StatementId, TrustDomain},
    },
    store::Store,
};

use crate::{
    book::{Book, Broken, broken},
    cast::Org,
    judge::{Held, in_force},
    machine::Machine,
};

impl Book {
    /// Continues reading a node's record.
    pub async fn check_record(&mut self, machine: &Machine) -> Result<(), Broken> {
        let Ok(store) = machine.disk.store() else { return Ok(()) };
        let from = self.recorded.entry(machine.org).or_default();
        let events = Store::events(&*store, *from, 10_000).await.unwrap();
        *from += events.len() as u64;
        // What was decided before this step, when the clock showed another time, was compared then.
        let now = |event: &&Event| event.at == machine.now();
        for event in &events {
            self.note(machine.org, event);
        }
        let mut released = BTreeSet::new();
        for event in events.iter().filter(now) {
            match &event.deed {
                Deed::DecidedAlike { manifest, partners, portions } => {
                    for partner in partners {
                        self.check_decided(machine, manifest, partner, portions).await?;
                    }
                }
                Deed::Dropped { manifest, partner, .. } | Deed::Released { manifest, partner, .. } => {
                    released.insert((*manifest, partner.clone()));
                }
                _ => {}
            }
        }
        for (manifest, partner) in released {
            self.check_released(machine, &manifest, &partner).await?;
        }
        Ok(())
    }

    /// The portions that each release has given, while it counts.
    fn note(&mut self, giver: Org, event: &Event) {
        match &event.deed {
            Deed::Released { manifest, partner, release, digests, .. } => {
                let of = (giver, Org::of(partner).unwrap(), *manifest);
                self.given.entry(of).or_default().insert(*release, digests.clone());
            }
            Deed::Voided { partner, release, .. } => {
                let taker = Org::of(partner).unwrap();
                let of_both = self.given.iter_mut().filter(|((g, t, _), _)| *g == giver && *t == taker);
                of_both.for_each(|(_, releases)| _ = releases.remove(release));
            }
            _ => {}
        }
    }

    /// What the oracle permits now. `None` if nothing of it is offered any more.
    async fn allowed(&self, giver: &Machine, manifest: &StatementId, taker: Org) -> Option<BTreeSet<Digest>> {
        let store = giver.disk.store().ok()?;
        let store: &dyn Store = &*store;
        let record = store.by_manifest(manifest, false).await.unwrap()?;
        if record.state.is_recalled() {
            return None;
        }
        let agreements = store.agreements().await.unwrap();
        let held = Held::of(&record, &agreements, giver.now());
        let agreements = in_force(&agreements, taker, giver.now());
        let agreements = agreements.into_iter().map(|(_, a)| a).collect();
        Some(held.may_go((giver.org, taker), agreements, None, &giver.rules, giver.now(), self.without))
    }

    async fn check_decided(
        &self,
        giver: &Machine,
        manifest: &StatementId,
        partner: &TrustDomain,
        portions: &[PortionDecision],
    ) -> Result<(), Broken> {
        let taker = Org::of(partner).unwrap();
        let Some(allowed) = self.allowed(giver, manifest, taker).await else { return Ok(()) };
        let goes = portions.iter().filter(|p| p.release && p.not_before.is_none()).map(|p| p.portion);
        let goes: BTreeSet<_> = goes.collect();
        if goes != allowed {
            let count = |set: &BTreeSet<_>| set.len();
            let (goes, allowed) = (count(&goes), count(&allowed));
            let what = format!(
                "{} decided about {} for {taker}: {goes} portions, not {allowed}",
                giver.org,
                self.name(manifest)
            );
            return broken("each decision is the oracle's", what);
        }
        Ok(())
    }

    async fn check_released(
        &self,
        giver: &Machine,
        manifest: &StatementId,
        partner: &TrustDomain,
    ) -> Result<(), Broken> {
        let taker = Org::of(partner).unwrap();
        let Some(allowed) = self.allowed(giver, manifest, taker).await else { return Ok(()) };
        let given = self.given.get(&(giver.org, taker, *manifest));
        let given: BTreeSet<Digest> = given.into_iter().flat_map(|g| g.values()).flatten().copied().collect();
        if !allowed.is_subset(&given) {
            let (some, all) = (allowed.intersection(&given).count(), allowed.len());
            let what = format!("{} gave {taker} {some} of {all} portions of {}", giver.org, self.name(manifest));
            return broken("nothing that may go is held back", what);
        }
        Ok(())
    }
}
