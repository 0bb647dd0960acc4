//! Loads what is in force anew, after changes by this process and by others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::sync::MutexGuard;

use crate::{
    domain::{fault::Fault, ids::TrustDomain},
    identity::{
        bundle::TrustBundle,
        former::FormerRoot,
        trust::{KnownOrganisation, Trust},
    },
    node::{
        catalogue::{ALONE_AFTER, TURNS, has_moved},
        directory::{Partner, PartnerDirectory, Partners},
        house_rules::house::{HouseInForce, refused},
    },
    policy::HouseRules,
    store::{PartnerRecord, RetiredRoot, StoreError, catalogue::CatalogueChange, damage::Damage},
};

/// How long a process that does nothing may go on with partners, agreements, trust and rules that another process has changed.
const LOOK: Duration = Duration::from_secs(1);

impl PartnerDirectory {
    /// The version of the catalogue that everything in force has at least. A decision reads it before it reads anything else.
    pub fn version(&self) -> u64 {
        self.catalogue.version()
    }

    /// Loads anew what another process has changed. `false` if nothing was changed. The caller is not about to change anything itself.
    ///
    /// # Errors
    /// Faults where the store can't be read. What was in force stays so then, and the store refuses what is decided by it.
    pub async fn catch_up(&self) -> Result<bool, Fault> {
        if self.catalogue.is_current().await? {
            return Ok(false);
        }
        let _changing = self.catalogue.changing().await;
        self.catch_up_in_turn().await
    }

    /// Like [`Self::catch_up`], for the holder of the turn to change something.
    async fn catch_up_in_turn(&self) -> Result<bool, Fault> {
        // A change by this process is followed before its turn ends.
        drop(self.register.changing.lock().await);
        if self.catalogue.is_current().await? {
            return Ok(false);
        }
        self.reload_all().await.map(|()| true)
    }

    /// Catches up whenever another process has changed something. It never returns.
    pub async fn catch_up_for_ever(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.catch_up().await {
                Ok(true) => tracing::info!(
                    "partners, agreements, trust and rules were loaded anew: another process has changed them"
                ),
                Ok(false) => {}
                Err(fault) => tracing::error!(
                    reason = %fault.reason,
                    "what another process has changed of partners, agreements, trust or rules can't be loaded; nothing goes out until then"
                ),
            }
        }
    }

    /// Waits for the turn to change partners, agreements, bundles, lists or rules, and makes sure that what is in force is what the store
    /// has. What is decided until the turn ends names that version.
    ///
    /// # Errors
    /// Faults where the store can't be read.
    pub(in crate::node) async fn begin_change(&self) -> Result<MutexGuard<'_, ()>, Fault> {
        let changing = self.catalogue.changing().await;
        self.catch_up_in_turn().await?;
        self.catalogue.decide();
        Ok(changing)
    }

    /// Makes a decision. It is made again on what the store has by now if it was refused because the catalogue has moved. It must be one
    /// that may be repeated, and one that does not take the turn to change the catalogue.
    ///
    /// # Errors
    /// Those of the decision; `UNAVAILABLE` if there was another change each time.
    pub(in crate::node) async fn decide_again<'a, T>(
        &self,
        decide: impl Fn() -> BoxFuture<'a, Result<T, Fault>> + Send + Sync,
    ) -> Result<T, Fault> {
        let mut in_vain = 0;
        loop {
            let alone = self.alone_after(in_vain).await?;
            match decide().await {
                Err(fault) if has_moved(&fault) => in_vain += 1,
                decided => return decided,
            }
            drop(alone);
            self.catch_up().await?;
        }
    }

    /// Like [`Self::decide_again`], for a decision that takes the turn to change the catalogue. Then only another process, or somebody who
    /// is registered, can come between.
    ///
    /// # Errors
    /// As [`Self::decide_again`].
    pub(in crate::node) async fn decide_in_turn_again<'a, T>(
        &self,
        decide: impl Fn() -> BoxFuture<'a, Result<T, Fault>> + Send + Sync,
    ) -> Result<T, Fault> {
        for _ in 1..TURNS {
            match decide().await {
                Err(fault) if has_moved(&fault) => self.catch_up().await?,
                decided => return decided,
            };
        }
        decide().await
    }

    /// After several decisions in vain, waits for the turn to change the catalogue. As long as the caller holds it, nobody else in this
    /// process changes partners, agreements, bundles, lists or rules.
    ///
    /// # Errors
    /// `UNAVAILABLE` after [`TURNS`] decisions in vain; faults where the store can't be read.
    pub(in crate::node) async fn alone_after(&self, in_vain: usize) -> Result<Option<MutexGuard<'_, ()>>, Fault> {
        match in_vain {
            0..ALONE_AFTER => Ok(None),
            ALONE_AFTER..TURNS => Ok(Some(self.begin_change().await?)),
            _ => Err(StoreError::CatalogueMoved.into()),
        }
    }

    /// Makes a change that the holder of the turn has decided on, and loads these partners anew. The others are not read.
    ///
    /// # Errors
    /// `UNAVAILABLE` if another process has changed something since the turn began; store faults.
    pub(in crate::node) async fn change(&self, change: CatalogueChange, partners: &[TrustDomain]) -> Result<(), Fault> {
        self.change_and(change, || (), partners).await
    }

    /// Like [`Self::change`]. `between` changes what is in memory beside the partners, once the change is committed.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub(in crate::node) async fn change_and(
        &self,
        change: CatalogueChange,
        between: impl FnOnce() + Send,
        partners: &[TrustDomain],
    ) -> Result<(), Fault> {
        let moved = self.catalogue.change(change).await?;
        between();
        self.reload_after(partners).await?;
        self.catalogue.follow(&moved);
        Ok(())
    }

    /// Like [`Self::change`] of a partner of which only values change on which nothing compiled depends. Nothing is loaded anew.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub(in crate::node) async fn change_record(
        &self,
        change: CatalogueChange,
        record: PartnerRecord,
    ) -> Result<(), Fault> {
        let moved = self.catalogue.change(change).await?;
        self.replace_record(record);
        self.catalogue.follow(&moved);
        Ok(())
    }

    /// Loads everything anew. The caller holds the turn to change it.
    async fn reload_all(&self) -> Result<(), Fault> {
        let version = self.store.catalogue().await?;
        self.register.reload().await?;
        let own = self.identity.member.load_full();
        self.lists.reload(&*self.store, &own.bundle).await?;
        let crls = self.lists.of(own.bundle.domain());
        self.identity.member.store(Arc::new(KnownOrganisation { crls, ..(*own).clone() }));
        self.own_bundle.reload(&*self.store, own.bundle.domain()).await?;
        self.loss.reload(&*self.store).await?;
        self.reload_house().await?;
        self.reload_directory().await?;
        // What was decided by rules, lists or words that have changed is looked at again.
        self.sessions.examine_all_again();
        self.sessions.turned();
        self.sessions.arrived();
        self.catalogue.loaded(version);
        Ok(())
    }

    /// Puts the store's newest version of the house rules in force. The partners are compiled by the caller.
    async fn reload_house(&self) -> Result<(), Fault> {
        let before = self.house.load_full();
        let last = match self.store.rules(None).await {
            Err(StoreError::Damaged(Damage::Rules(version))) => {
                if !before.is_closed || before.version != version {
                    let closed = HouseInForce::closed(version, &Ok(None), self.clock.now())?;
                    self.house.store(Arc::new(HouseInForce { digest: before.digest, ..closed }));
                }
                return Ok(());
            }
            last => last?,
        };
        let Some(last) = last.filter(|last| last.version != before.version) else { return Ok(()) };
        let house = HouseInForce::of(&last, HouseRules::compile_accepted)
            .map_err(|faults| refused(&format!("version {} of the house rules", last.version), &faults))?;
        self.house.store(Arc::new(house.with(before.faults.clone())));
        Ok(())
    }

    /// Reads partners and agreements anew, puts them in force, and makes every live stream look again. What lost its permission ends, or
    /// is withheld from the next item on.
    ///
    /// # Errors
    /// Faults where the store can't be read. What was in force stays so then.
    pub async fn reload_directory(&self) -> Result<(), Fault> {
        let house = self.house.load_full();
        let partners = self.compile_all(&house).await?;
        let members = self.members(&partners)?;
        let own = (**self.identity.member.load()).clone();
        let trust = Trust::remembering(own, members, self.trust.signing_usages.clone(), self.lists.seen())?;
        self.put_trust_in_force(trust).await?;
        self.put_in_force(partners);
        Ok(())
    }

    /// Like [`Self::reload_directory`], for these partners alone. The others are not read.
    async fn reload_partners(&self, names: &[TrustDomain]) -> Result<(), Fault> {
        let house = self.house.load_full();
        let records = self.store.partners_named(names).await?;
        let changed = self.compile(records, self.store.agreements_with(names).await?, &house).await?;
        let is_gone = |name: &&TrustDomain| !changed.iter().any(|p| p.record.organisation.domain == **name);
        let gone: Vec<TrustDomain> = names.iter().filter(is_gone).cloned().collect();
        let trust = self.trust.active.trust().with_partners(self.members(&changed)?, &gone, self.lists.seen())?;
        self.put_trust_in_force(trust).await?;
        let mut partners = self.current().partners.clone();
        partners.retain(|name, _| !gone.contains(name));
        partners.extend(changed.into_iter().map(|p| (p.record.organisation.domain.clone(), Arc::new(p))));
        self.replace(partners, names.iter());
        Ok(())
    }

    /// Reloads these partners after a change of them that is committed already. If it fails, the partners that the change is about are
    /// left out until the next reload, so that nothing goes on that was stopped.
    ///
    /// # Errors
    /// Faults where the store can't be read.
    async fn reload_after(&self, changed: &[TrustDomain]) -> Result<(), Fault> {
        if changed.is_empty() {
            return Ok(());
        }
        let Err(fault) = self.reload_partners(changed).await else { return Ok(()) };
        tracing::error!(reason = %fault.reason, "a change could not be put in force; its partner is kept out");
        let mut partners = self.current().partners.clone();
        partners.retain(|domain, _| !changed.contains(domain));
        self.partners.store(Arc::new(Partners { partners }));
        for domain in changed {
            let live = self.sessions.of(domain);
            live.end_stream();
            live.wake();
        }
        Err(fault)
    }

    /// Replaces a partner's record by one that differs only in values on which nothing compiled depends. The caller holds the turn to change it.
    fn replace_record(&self, record: PartnerRecord) {
        let mut partners = self.current().partners.clone();
        if let Some(known) = partners.get_mut(&record.organisation.domain) {
            *known = Arc::new(Partner { record, ..Partner::clone(known) });
            self.partners.store(Arc::new(Partners { partners }));
        }
    }

    /// Puts these partners in force for every decision from now on, on live streams too.
    pub(in crate::node) fn put_in_force(&self, partners: Vec<Partner>) {
        let named = |p: Partner| (p.record.organisation.domain.clone(), Arc::new(p));
        let partners: BTreeMap<_, _> = partners.into_iter().map(named).collect();
        let before = self.current();
        let names: BTreeSet<TrustDomain> = before.partners.keys().chain(partners.keys()).cloned().collect();
        self.replace(partners, names.iter());
    }

    /// Replaces the snapshot, and makes the feeds of these partners look again.
    fn replace<'a>(
        &self,
        partners: BTreeMap<TrustDomain, Arc<Partner>>,
        changed: impl Iterator<Item = &'a TrustDomain>,
    ) {
        let after = Arc::new(Partners { partners });
        self.partners.store(after.clone());
        for domain in changed {
            let live = self.sessions.of(domain);
            if after.active(domain).is_err() {
                live.end_stream();
            }
            live.wake();
        }
        self.sessions.turned();
    }

    /// Puts this trust in force, with the roots that organisations no longer use.
    async fn put_trust_in_force(&self, trust: Trust) -> Result<(), Fault> {
        let retired = self.store.retired_roots().await?;
        self.doubts.reload(&retired);
        let former = |root: RetiredRoot| {
            let RetiredRoot { of, der, retired_at: until, by_words, compromised_since } = root;
            Some(FormerRoot {
                bundle: TrustBundle::new(of, vec![der.into()]).ok()?,
                until,
                by_words,
                compromised_since,
            })
        };
        let trust = trust.with_former(retired.into_iter().filter_map(former).collect())?;
        let changed = trust.changed_since(&self.trust.active.trust());
        (self.trust.set)(trust);
        if !changed.is_empty() {
            self.sessions.trust_changed(changed);
        }
        Ok(())
    }
}
